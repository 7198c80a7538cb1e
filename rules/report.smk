# Report: what should a person see?
# Reads  tables of every stage that ran
# Writes results/{study}/report/index.html (one file, nothing from the network), figures/*.svg and *.png,
#        methods.md, provenance.json

WANTED = set(config["stages"])
HAS_COHORT = COHORT["format"] != "none"
SHOWS_GROUP = HAS_COHORT and "group" in WANTED
SHOWS_SITES = HAS_COHORT and "sites" in WANTED
SHOWS_GENES = bool(EXPRESSION.get("source")) and bool(WANTED & {"genes", "enrichment"})
SHOWS_SETS = bool(EXPRESSION.get("source")) and "enrichment" in WANTED
SHOWN_MAPS = (GROUP_MAPS if SHOWS_GROUP else []) + (OWN_MAPS if SHOWS_GENES else [])
GENE_MAPS = MAPS if SHOWS_GENES else []
# packages whose data this study uses: their licences and citations are shown
USED_FILES = [ATLAS_IMAGE] if ATLAS_IMAGE else []
USED_FILES += [EXPRESSION_TABLES[EXPRESSION["source"]]] if SHOWS_GENES else []
USED_FILES += [GMT_FILES[c] for c in COLLECTIONS] if SHOWS_SETS else []
USED_RESOURCES = [package for package in RESOURCES if any(f.startswith(f"resources/{package}/") for f in USED_FILES)]


rule report_cohort_figure:
    """Length, motion and connectivity of every participant."""
    input:
        qc="results/{study}/connectivity/qc.tsv",
        participants="results/{study}/cohort/participants.tsv",
    output:
        svg="results/{study}/report/figures/cohort_quality.svg",
        png="results/{study}/report/figures/cohort_quality.png",
    log:
        "results/{study}/logs/report_cohort_figure.log",
    benchmark:
        "results/{study}/benchmarks/report_cohort_figure.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_cohort_figure.py"),
        contrast=next(iter(CONTRASTS), None),
        seed=list(SEEDS)[-1],
    script:
        "../scripts/report_cohort_figure.py"


rule report_group_figures:
    """Effects with intervals, and the ways to deal with sites."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        harmonisation="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.tsv",
    output:
        multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}",
            effects_svg="_effects.svg",
            effects_png="_effects.png",
            harmonisation_svg="_harmonisation.svg",
            harmonisation_png="_harmonisation.png",
        ),
    log:
        "results/{study}/logs/report_group_figures_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_group_figures_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_group_figures.py"),
    script:
        "../scripts/report_group_figures.py"


rule report_sites_figures:
    """Leaving one site out, and the forest of the largest differences."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        loso="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.tsv",
        forest="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.tsv",
    output:
        multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}",
            loso_svg="_loso.svg",
            loso_png="_loso.png",
            forest_svg="_forest.svg",
            forest_png="_forest.png",
        ),
    log:
        "results/{study}/logs/report_sites_figures_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_sites_figures_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_sites_figures.py"),
    script:
        "../scripts/report_sites_figures.py"


rule report_brain:
    """The map on the brain, still and interactive."""
    input:
        map=lambda w: (
            f"results/{w.study}/genes/{w.map}_atlas-{w.atlas}_map.tsv"
            if w.map in OWN_MAPS
            else f"results/{w.study}/group/{w.map}_atlas-{w.atlas}_stat-t_roi.tsv"
        ),
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        svg="results/{study}/report/figures/{map}_atlas-{atlas}_brain.svg",
        png="results/{study}/report/figures/{map}_atlas-{atlas}_brain.png",
        viewer="results/{study}/report/figures/{map}_atlas-{atlas}_viewer.html",
    log:
        "results/{study}/logs/report_brain_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_brain_{map}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=10,
    params:
        code=code("report_brain.py"),
        value=lambda w: "value" if w.map in OWN_MAPS else "t",
    script:
        "../scripts/report_brain.py"


rule report_genes_figures:
    """Genes that follow the map, the count test, and what null maps keep."""
    input:
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        counts="results/{study}/genes/{map}_atlas-{atlas}_counts.json",
        null_counts="results/{study}/genes/parts/{map}_atlas-{atlas}_counts.npz",
        nulls="results/{study}/genes/{map}_atlas-{atlas}_nulls.tsv",
    output:
        multiext(
            "results/{study}/report/figures/{map}_atlas-{atlas}",
            genes_svg="_genes.svg",
            genes_png="_genes.png",
            nulls_svg="_nulls.svg",
            nulls_png="_nulls.png",
        ),
    log:
        "results/{study}/logs/report_genes_figures_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_genes_figures_{map}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_genes_figures.py"),
    script:
        "../scripts/report_genes_figures.py"


rule report_calibration_figure:
    """False positive rates on this atlas."""
    input:
        "results/{study}/genes/atlas-{atlas}_calibration.tsv",
    output:
        svg="results/{study}/report/figures/atlas-{atlas}_calibration.svg",
        png="results/{study}/report/figures/atlas-{atlas}_calibration.png",
    log:
        "results/{study}/logs/report_calibration_figure_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_calibration_figure_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_calibration_figure.py"),
    script:
        "../scripts/report_calibration_figure.py"


rule report_enrichment_figures:
    """The sets with the smallest p, and the network of sets that share genes."""
    input:
        sets="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_sets.tsv",
        clusters="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_clusters.tsv",
        gmt=lambda w: GMT_FILES[w.collection],
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
    output:
        multiext(
            "results/{study}/report/figures/{map}_atlas-{atlas}_collection-{collection}",
            bubbles_svg="_bubbles.svg",
            bubbles_png="_bubbles.png",
            network_svg="_network.svg",
            network_png="_network.png",
        ),
    log:
        "results/{study}/logs/report_enrichment_figures_{map}_atlas-{atlas}_{collection}.log",
    benchmark:
        "results/{study}/benchmarks/report_enrichment_figures_{map}_atlas-{atlas}_{collection}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("report_enrichment_figures.py"),
    script:
        "../scripts/report_enrichment_figures.py"


rule report_page:
    """One page with everything, the methods section, and where every number comes from."""
    input:
        cohort=expand(
            "results/{{study}}/cohort/{table}.tsv",
            table=["participants", "excluded", "summary"] if HAS_COHORT else [],
        ),
        qc="results/{study}/connectivity/qc.tsv" if HAS_COHORT else [],
        quality=("results/{study}/report/figures/cohort_quality.svg" if HAS_COHORT else []),
        roi=expand(
            f"results/{{{{study}}}}/group/{{map}}_atlas-{ATLAS}_stat-t_roi.tsv",
            map=GROUP_MAPS if SHOWS_GROUP else [],
        ),
        group_figures=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_{{figure}}.svg",
            map=GROUP_MAPS if SHOWS_GROUP else [],
            figure=["effects", "harmonisation"],
        ),
        loso=expand(
            f"results/{{{{study}}}}/sites/{{map}}_atlas-{ATLAS}_loso.tsv",
            map=GROUP_MAPS if SHOWS_SITES else [],
        ),
        sites_figures=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_{{figure}}.svg",
            map=GROUP_MAPS if SHOWS_SITES else [],
            figure=["loso", "forest"],
        ),
        brains=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_brain.png",
            map=SHOWN_MAPS,
        ),
        viewers=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_viewer.html",
            map=SHOWN_MAPS,
        ),
        maps=expand(f"results/{{{{study}}}}/genes/{{map}}_atlas-{ATLAS}_map.tsv", map=GENE_MAPS),
        genes=expand(
            f"results/{{{{study}}}}/genes/{{map}}_atlas-{ATLAS}_genes.tsv",
            map=GENE_MAPS,
        ),
        counts=expand(
            f"results/{{{{study}}}}/genes/{{map}}_atlas-{ATLAS}_counts.json",
            map=GENE_MAPS,
        ),
        components=expand(
            f"results/{{{{study}}}}/genes/{{map}}_atlas-{ATLAS}_pls-components.tsv",
            map=GENE_MAPS,
        ),
        genes_figures=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_{{figure}}.svg",
            map=GENE_MAPS,
            figure=["genes", "nulls"],
        ),
        sets=expand(
            f"results/{{{{study}}}}/enrichment/{{map}}_atlas-{ATLAS}_collection-{{collection}}_sets.tsv",
            map=MAPS if SHOWS_SETS else [],
            collection=COLLECTIONS,
        ),
        enrichment_figures=expand(
            f"results/{{{{study}}}}/report/figures/{{map}}_atlas-{ATLAS}_collection-{{collection}}_{{figure}}.svg",
            map=MAPS if SHOWS_SETS else [],
            collection=COLLECTIONS,
            figure=["bubbles", "network"],
        ),
        multiverse=expand(
            f"results/{{{{study}}}}/genes/{{map}}_atlas-{ATLAS}_multiverse.tsv",
            map=GENE_MAPS if len(VARIANTS) > 1 else [],
        ),
        gsea=rules.enrichment.input[1:] if SHOWS_SETS and ENRICHMENT["gsea"] else [],
        coverage=(f"results/{{study}}/expression/atlas-{ATLAS}_coverage.tsv" if SHOWS_GENES else []),
        calibration=f"results/{{study}}/genes/atlas-{ATLAS}_calibration.tsv" if SHOWS_GENES else [],
        calibration_figure=f"results/{{study}}/report/figures/atlas-{ATLAS}_calibration.svg" if SHOWS_GENES else [],
        templates=multiext("scripts/amygene/report/templates/page", ".html.j2", ".css", ".js"),
    output:
        page="results/{study}/report/index.html",
        methods="results/{study}/report/methods.md",
        provenance="results/{study}/report/provenance.json",
    log:
        "results/{study}/logs/report_page.log",
    benchmark:
        "results/{study}/benchmarks/report_page.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("report_page.py"),
        config=config,
        models=MODELS,
        group_maps=[(contrast, seed) for contrast in CONTRASTS for seed in SEEDS],
        maps=MAPS,
        shown_maps=SHOWN_MAPS,
        collections=COLLECTIONS,
        resources=RESOURCES,
        used=USED_RESOURCES,
    script:
        "../scripts/report_page.py"


rule report:
    """Stage report."""
    input:
        f"results/{STUDY}/report/index.html",
