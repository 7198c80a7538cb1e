# Genes: which genes follow the map?
# Reads  group maps and maps of one's own, expression, the atlas
# Writes results/{study}/genes/{map}_atlas-{atlas}_genes.tsv (per gene: r, parametric p, p under null maps),
#        ..._counts.json (the count test), ..._map.tsv (the map, and the regions it is used in),
#        ..._nulls.tsv (do the null maps keep what they should?), ..._pls.tsv, ..._pls-components.tsv,
#        ..._multiverse.tsv (r under other choices in processing expression, if wanted)

import math

GENES = config["genes"]
NULL_MAPS = config["permutations"]["null_maps"]
# the number of genes is not known before expression is made: 20,000 at most is assumed to deal them to chunks,
# chunk k takes every n-th block of genes
GENE_CHUNKS = range(math.ceil(20_000 / JOBS["genes_per_chunk"]))


def relabeled_groups(wildcards):
    """For the map of a contrast the maps that its groups give when they are relabeled, and its regions."""
    if wildcards.map in OWN_MAPS or wildcards.map in META_MAPS:
        return {}
    stem = f"results/{wildcards.study}/group/shards/{wildcards.map}_atlas-{wildcards.atlas}"
    return {"comparison": f"{stem}_comparison.npz", "shards": [f"{stem}_from-{shard}.npz" for shard in SHARDS]}


rule genes_map:
    """The values of a map by region of the atlas, and where expression is known too."""
    input:
        unpack(map_source),
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        coverage="results/{study}/expression/atlas-{atlas}_coverage.tsv",
    output:
        table="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        sidecar="results/{study}/genes/{map}_atlas-{atlas}_map.json",
    log:
        "results/{study}/logs/genes_map_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_map_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("genes/map.py"),
        columns=map_columns,
        null=GENES["nulls"],
    script:
        "../scripts/genes/map.py"


rule genes_nulls:
    """Null maps, and whether they keep the map's autocorrelation and its structures' means."""
    input:
        unpack(relabeled_groups),
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
    output:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        table="results/{study}/genes/{map}_atlas-{atlas}_nulls.tsv",
        sidecar="results/{study}/genes/{map}_atlas-{atlas}_nulls.json",
    log:
        "results/{study}/logs/genes_nulls_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_nulls_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(60),
    params:
        code=code("genes/nulls.py"),
        method=GENES["nulls"],
        seed=config["seed"],
        null_maps=NULL_MAPS,
    script:
        "../scripts/genes/nulls.py"


rule genes_chunk:
    """Correlate the map and its null maps with one chunk of the genes."""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
    output:
        "results/{study}/genes/parts/{map}_atlas-{atlas}_chunk-{chunk}.npz",
    log:
        "results/{study}/logs/genes_chunk_{map}_atlas-{atlas}_chunk-{chunk}.log",
    benchmark:
        "results/{study}/benchmarks/genes_chunk_{map}_atlas-{atlas}_chunk-{chunk}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("genes/association.py"),
        correlation=GENES["correlation"],
        n_chunks=len(GENE_CHUNKS),
    script:
        "../scripts/genes/association.py"


rule genes_counts:
    """How many genes does the false discovery rate let through, for the map and for every null map?"""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
    output:
        "results/{study}/genes/parts/{map}_atlas-{atlas}_counts.npz",
    log:
        "results/{study}/logs/genes_counts_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_counts_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(60),
    params:
        code=code("genes/counts.py"),
        correlation=GENES["correlation"],
    script:
        "../scripts/genes/counts.py"


rule genes_pls:
    """The combination of genes that follows the map: partial least squares."""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
    output:
        genes="results/{study}/genes/{map}_atlas-{atlas}_pls.tsv",
        genes_sidecar="results/{study}/genes/{map}_atlas-{atlas}_pls.json",
        components="results/{study}/genes/{map}_atlas-{atlas}_pls-components.tsv",
        components_sidecar="results/{study}/genes/{map}_atlas-{atlas}_pls-components.json",
    log:
        "results/{study}/logs/genes_pls_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_pls_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("genes/pls.py"),
        components=GENES["pls_components"],
        bootstraps=GENES["bootstraps"],
        seed=config["seed"],
    script:
        "../scripts/genes/pls.py"


rule genes_table:
    """All genes in one table, and the count test."""
    input:
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
        chunks=expand(
            "results/{{study}}/genes/parts/{{map}}_atlas-{{atlas}}_chunk-{chunk}.npz",
            chunk=GENE_CHUNKS,
        ),
        counts="results/{study}/genes/parts/{map}_atlas-{atlas}_counts.npz",
    output:
        table="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        sidecar="results/{study}/genes/{map}_atlas-{atlas}_genes.json",
        counts="results/{study}/genes/{map}_atlas-{atlas}_counts.json",
    log:
        "results/{study}/logs/genes_table_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_table_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("genes/table.py"),
        correlation=GENES["correlation"],
        null=GENES["nulls"],
        seed=config["seed"],
        null_maps=NULL_MAPS,
    script:
        "../scripts/genes/table.py"


rule genes_multiverse:
    """The map's gene correlations under other choices in processing expression."""
    input:
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        matrices=expand(
            "results/{{study}}/expression/abagen/atlas-{{atlas}}_{variant}.parquet",
            variant=VARIANTS,
        ),
    output:
        table="results/{study}/genes/{map}_atlas-{atlas}_multiverse.tsv",
        sidecar="results/{study}/genes/{map}_atlas-{atlas}_multiverse.json",
    log:
        "results/{study}/logs/genes_multiverse_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_multiverse_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("genes/multiverse.py"),
        correlation=GENES["correlation"],
        variants=VARIANTS,
    script:
        "../scripts/genes/multiverse.py"


rule genes_calibration:
    """Do the tests hold their level here? Unrelated maps against this expression on this atlas."""
    input:
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
    output:
        table="results/{study}/genes/atlas-{atlas}_calibration.tsv",
        sidecar="results/{study}/genes/atlas-{atlas}_calibration.json",
    log:
        "results/{study}/logs/genes_calibration_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/genes_calibration_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(60),
    params:
        code=code("genes/calibration.py"),
        nulls=GENES["nulls"],
        maps=GENES["calibration_maps"],
        seed=config["seed"],
    script:
        "../scripts/genes/calibration.py"


rule genes:
    """Stage genes."""
    input:
        f"results/{STUDY}/genes/atlas-{ATLAS}_calibration.tsv" if MAPS else [],
        expand(
            "results/{study}/genes/{map}_atlas-{atlas}_{table}.tsv",
            study=STUDY,
            map=MAPS,
            atlas=ATLAS,
            table=["genes", "pls", *(["multiverse"] if len(VARIANTS) > 1 else [])],
        ),


if EXPRESSION.get("source") and {"genes", "enrichment"} & set(config["stages"]):
    for shown_map in MAPS:
        PARTS += [f"{shown_map}_atlas-{ATLAS}_map"] if shown_map in OWN_MAPS else []
        PARTS += [f"{shown_map}_atlas-{ATLAS}_genes"]
    PARTS += [f"atlas-{ATLAS}_calibration"]
    USED_FILES += [EXPRESSION_TABLES[EXPRESSION["source"]]]


rule report_map:
    """A map of the user's own on the brain."""
    input:
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/{map}_atlas-{atlas}_map.json",
        figure=multiext("results/{study}/report/figures/{map}_atlas-{atlas}_map", ".svg", ".png"),
        viewer="results/{study}/report/figures/{map}_atlas-{atlas}_map.html",
    log:
        "results/{study}/logs/report_map_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_map_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("genes/report_map.py"),
    script:
        "../scripts/genes/report_map.py"


rule report_genes:
    """Genes that follow the map, the count test, and what null maps keep."""
    input:
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        counts="results/{study}/genes/{map}_atlas-{atlas}_counts.json",
        null_counts="results/{study}/genes/parts/{map}_atlas-{atlas}_counts.npz",
        nulls="results/{study}/genes/{map}_atlas-{atlas}_nulls.tsv",
        components="results/{study}/genes/{map}_atlas-{atlas}_pls-components.tsv",
        multiverse="results/{study}/genes/{map}_atlas-{atlas}_multiverse.tsv" if len(VARIANTS) > 1 else [],
    output:
        part="results/{study}/report/parts/{map}_atlas-{atlas}_genes.json",
        genes=multiext("results/{study}/report/figures/{map}_atlas-{atlas}_genes", ".svg", ".png"),
        nulls=multiext("results/{study}/report/figures/{map}_atlas-{atlas}_nulls", ".svg", ".png"),
    log:
        "results/{study}/logs/report_genes_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_genes_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("genes/report.py"),
    script:
        "../scripts/genes/report.py"


rule report_calibration:
    """Do the tests of genes hold their level on this atlas? Which regions lack expression?"""
    input:
        calibration="results/{study}/genes/atlas-{atlas}_calibration.tsv",
        coverage="results/{study}/expression/atlas-{atlas}_coverage.tsv",
    output:
        part="results/{study}/report/parts/atlas-{atlas}_calibration.json",
        figure=multiext("results/{study}/report/figures/atlas-{atlas}_calibration", ".svg", ".png"),
    log:
        "results/{study}/logs/report_calibration_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_calibration_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("genes/report_calibration.py"),
    script:
        "../scripts/genes/report_calibration.py"
