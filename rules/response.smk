# Response: what changes with treatment, and what predicts it?
# Maps of voxels are tested in response_voxels.smk.
# Reads  connectivity of every session, cohort/sessions.tsv, cohort/participants.tsv, cohort/outcomes.tsv
# Writes results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_effects.tsv (group x time and main effects),
#        ..._within.tsv (change within each group), ..._means.tsv, change-{change}_sessions.tsv (who is in the model),
#        change-{change}_groups.tsv (the groups compared),
#        association-{association}_seed-{seed}_atlas-{atlas}_correlations.tsv,
#        normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.tsv,
#        prediction-{contrast}_atlas-{atlas}_{performance,predictions,roc,...}.tsv, ..._replicate.tsv
# One job takes all relabelings of an analysis and seed: they need seconds, and starting a job as long.

RESPONSE = config["response"] if "response" in config["stages"] else dict.fromkeys(config["response"], {})
RESPONSE_DRAWS = config["permutations"]["response"]
CHANGES, ASSOCIATIONS, NORMALISATION, RESPONDERS = (
    RESPONSE[kind] for kind in ("changes", "associations", "normalisation", "predictions")
)
# sessions at which anybody was scanned, in the order of the timepoints
SCANNED = list(ROSTER.scanned)
# settings of a model of change, as its method takes them; days are of trends in maps
CHANGE_MODELS = {
    name: {"timepoints": SCANNED, "categorical": COHORT["categorical"]} | {k: v for k, v in one.items() if k != "days"}
    for name, one in CHANGES.items()
}
# what the prediction of response shares with that of groups; connectivity is not cleaned of the clinical columns,
# which are the model to beat
RESPONSE_FITS = FITS | {"remove_covariates": False}


wildcard_constraints:
    change="|".join(map(re.escape, CHANGES)) or "none",
    association="|".join(map(re.escape, ASSOCIATIONS)) or "none",
    normalisation="|".join(map(re.escape, NORMALISATION)) or "none",


use rule connectivity_seed as connectivity_session_seed with:
    input:
        series="results/{study}/cohort/sessions/{bucket}.npz",
        checked=ancient("results/{study}/cohort/checked"),
    output:
        "results/{study}/connectivity/parts/sessions_seed-{seed}_atlas-{atlas}_{bucket}.npz",
    log:
        "results/{study}/logs/connectivity_session_seed-{seed}_atlas-{atlas}_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_session_seed-{seed}_atlas-{atlas}_{bucket}.tsv"


if IMAGES:

    ruleorder: connectivity_session_parcellate > connectivity_session_gather

else:

    ruleorder: connectivity_session_gather > connectivity_session_parcellate


use rule connectivity_parcellate as connectivity_session_parcellate with:
    input:
        parts=lambda w: expand(
            "results/{study}/connectivity/voxel/parts/seeds-{seed_set}_{bucket}.json",
            study=w.study,
            seed_set=set_of(w.seed),
            bucket=BUCKETS,
        ),
        sources=lambda w: f"results/{w.study}/connectivity/voxel/parts/seeds-{set_of(w.seed)}.npz",
        mask=f"results/{{study}}/connectivity/voxel/space-{SPACE}_mask.nii.gz",
        participants="results/{study}/cohort/sessions.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        atlas=ATLAS_IMAGE or [],
    output:
        table="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sidecar="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.json",
        part="results/{study}/connectivity/parts/sessions_seed-{seed}_atlas-{atlas}_images.npz",
    log:
        "results/{study}/logs/connectivity_session_parcellate_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_session_parcellate_seed-{seed}_atlas-{atlas}.tsv"
    params:
        code=code("connectivity/parcellate.py"),
        # every row of the sessions' table
        session=None,
        regions=lambda w: SEEDS[w.seed],
        definition=lambda w: SEED_DEFINITIONS[w.seed],
        cleaning=CLEANING,


use rule connectivity_gather as connectivity_session_gather with:
    input:
        parts=expand(
            "results/{{study}}/connectivity/parts/sessions_seed-{{seed}}_atlas-{{atlas}}_{bucket}.npz",
            bucket=BUCKETS,
        ),
        participants="results/{study}/cohort/sessions.tsv",
    output:
        table="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sidecar="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.json",
    log:
        "results/{study}/logs/connectivity_session_gather_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_session_gather_seed-{seed}_atlas-{atlas}.tsv"
    params:
        code=code("connectivity/gather.py"),
        regions=lambda w: SEEDS[w.seed],
        rows="unit",


rule response_change:
    """Do the groups change differently? Group x time, main effects, and change within groups, of one seed."""
    input:
        connectivity="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        tables=multiext(
            "results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_",
            "effects.tsv",
            "within.tsv",
            "means.tsv",
        ),
        sidecars=multiext(
            "results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_",
            "effects.json",
            "within.json",
            "means.json",
        ),
    log:
        "results/{study}/logs/response_change-{change}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_change-{change}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("response/change.py"),
        model=lambda w: CHANGE_MODELS[w.change],
        seed=config["seed"],
        permutations=RESPONSE_DRAWS,
    script:
        "../scripts/response/change.py"


rule response_groups:
    """Who is in a model of change, with which sessions, and how its groups compare at baseline."""
    input:
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        sessions="results/{study}/response/change-{change}_sessions.tsv",
        sessions_sidecar="results/{study}/response/change-{change}_sessions.json",
        groups="results/{study}/response/change-{change}_groups.tsv",
        groups_sidecar="results/{study}/response/change-{change}_groups.json",
    log:
        "results/{study}/logs/response_groups_change-{change}.log",
    benchmark:
        "results/{study}/benchmarks/response_groups_change-{change}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/groups.py"),
        model=lambda w: CHANGE_MODELS[w.change],
    script:
        "../scripts/response/groups.py"


rule response_association:
    """Does connectivity go with the outcome? Correlations of one seed's edges at every follow-up."""
    input:
        connectivity="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        table="results/{study}/response/association-{association}_seed-{seed}_atlas-{atlas}_correlations.tsv",
        sidecar="results/{study}/response/association-{association}_seed-{seed}_atlas-{atlas}_correlations.json",
    log:
        "results/{study}/logs/response_association-{association}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_association-{association}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("response/association.py"),
        timepoints=lambda w: ASSOCIATIONS[w.association].get("timepoints"),
        order=TIMEPOINTS,
        settings=lambda w: {k: v for k, v in ASSOCIATIONS[w.association].items() if k != "timepoints"},
        categorical=COHORT["categorical"],
        seed=config["seed"],
        permutations=RESPONSE_DRAWS,
    script:
        "../scripts/response/association.py"


rule response_normalisation:
    """Are patients like controls after treatment? One seed, every timepoint, with a test of equivalence."""
    input:
        connectivity="results/{study}/connectivity/sessions_seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
    output:
        table="results/{study}/response/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.tsv",
        sidecar="results/{study}/response/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.json",
    log:
        "results/{study}/logs/response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("response/normalisation.py"),
        timepoints=lambda w: NORMALISATION[w.normalisation].get("timepoints", SCANNED),
        settings=lambda w: {k: v for k, v in NORMALISATION[w.normalisation].items() if k != "timepoints"},
        categorical=COHORT["categorical"],
        seed=config["seed"],
        permutations=RESPONSE_DRAWS,
    script:
        "../scripts/response/normalisation.py"


rule response_participants:
    """Who is predicted: responders as cases, the others as controls, with the clinical columns."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        table="results/{study}/response/prediction-{contrast}_participants.tsv",
        sidecar="results/{study}/response/prediction-{contrast}_participants.json",
    log:
        "results/{study}/logs/response_participants_prediction-{contrast}.log",
    benchmark:
        "results/{study}/benchmarks/response_participants_prediction-{contrast}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/participants.py"),
        settings=lambda w: RESPONDERS[w.contrast],
    script:
        "../scripts/response/participants.py"


# fitted, permuted, guarded and written as in the stage prediction
use rule prediction_sample as response_sample with:
    input:
        parts=expand(
            "results/{{study}}/connectivity/parts/seed-{seed}_atlas-{{atlas}}_{part}.npz",
            seed=SEEDS,
            part=SEED_PARTS,
        ),
        participants="results/{study}/response/prediction-{contrast}_participants.tsv",
    output:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
    log:
        "results/{study}/logs/response_sample_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_sample_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    params:
        code=code("prediction/sample.py"),
        model=lambda w: {
            "covariates": ["baseline", *RESPONDERS[w.contrast]["clinical"]],
            "categorical": COHORT["categorical"],
            "exchange_within": RESPONDERS[w.contrast]["exchange_within"],
        },
        seeds=SEEDS,
        folds=PREDICTION["folds"],
        second=[],
        second_study="",
        second_contrast="",


use rule prediction_fit as response_fit with:
    input:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_design-{design}_{part}.npz",
    log:
        "results/{study}/logs/response_fit_prediction-{contrast}_atlas-{atlas}_design-{design}_{part}.log",
    benchmark:
        "results/{study}/benchmarks/response_fit_prediction-{contrast}_atlas-{atlas}_design-{design}_{part}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    params:
        code=code("prediction/fit.py"),
        seed=config["seed"],
        settings=RESPONSE_FITS,
        splits=SPLITS,
        folds_per_job=JOBS["folds_per_job"],


use rule prediction_permute as response_permute with:
    input:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/response/shards/prediction-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.npz",
    log:
        "results/{study}/logs/response_permute_prediction-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/response_permute_prediction-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    params:
        code=code("prediction/permute.py"),
        seed=config["seed"],
        settings=RESPONSE_FITS,
        splits=SPLITS,
        tested=PREDICTION["tested"],
        stop=lambda w: min(int(w.shard) + PER_LABEL_SHARD, RELABELINGS),


use rule prediction_guard as response_guard with:
    input:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_guard.json",
    log:
        "results/{study}/logs/response_guard_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_guard_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    params:
        code=code("prediction/guard.py"),
        seed=config["seed"],
        settings=RESPONSE_FITS,
        splits=SPLITS,
        designs=["cross-validation"],


use rule prediction_table as response_table with:
    input:
        participants="results/{study}/response/prediction-{contrast}_participants.tsv",
        sample="results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
        guard="results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_guard.json",
        parts=expand(
            "results/{{study}}/response/parts/prediction-{{contrast}}_atlas-{{atlas}}_design-cross-validation_{part}.npz",
            part=FOLD_PARTS["cross-validation"],
        ),
        shards=expand(
            "results/{{study}}/response/shards/"
            "prediction-{{contrast}}_atlas-{{atlas}}_design-cross-validation_from-{shard}.npz",
            shard=range(0, RELABELINGS, PER_LABEL_SHARD) if PREDICTION["tested"] else [],
        ),
    output:
        tables=multiext(
            "results/{study}/response/prediction-{contrast}_atlas-{atlas}_",
            "performance.tsv",
            "predictions.tsv",
            "roc.tsv",
            "calibration.tsv",
            "sites.tsv",
            "weights.tsv",
            "folds.tsv",
        ),
        sidecars=multiext(
            "results/{study}/response/prediction-{contrast}_atlas-{atlas}_",
            "performance.json",
            "predictions.json",
            "roc.json",
            "calibration.json",
            "sites.json",
            "weights.json",
            "folds.json",
        ),
    log:
        "results/{study}/logs/response_table_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_table_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    params:
        code=code("prediction/table.py"),
        seed=config["seed"],
        settings={
            **RESPONSE_FITS,
            **SPLITS,
            "designs": ["cross-validation"],
            "tested": PREDICTION["tested"],
            "permutations": RELABELINGS,
        },
        model=lambda w: RESPONDERS[w.contrast],
        second={},


rule response_replicate:
    """The published way (ROC of the edges that separate the groups, same patients), and what it gives on noise."""
    input:
        "results/{study}/response/parts/prediction-{contrast}_atlas-{atlas}_sample.npz",
    output:
        table="results/{study}/response/prediction-{contrast}_atlas-{atlas}_replicate.tsv",
        sidecar="results/{study}/response/prediction-{contrast}_atlas-{atlas}_replicate.json",
        noise="results/{study}/response/prediction-{contrast}_atlas-{atlas}_noise.tsv",
        noise_sidecar="results/{study}/response/prediction-{contrast}_atlas-{atlas}_noise.json",
    log:
        "results/{study}/logs/response_replicate_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/response_replicate_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(15),
    params:
        code=code("response/replicate.py"),
        seed=config["seed"],
        draws=1000,
    script:
        "../scripts/response/replicate.py"


rule response:
    """Stage response."""
    input:
        expand(
            "results/{study}/response/change-{change}_seed-{seed}_atlas-{atlas}_effects.tsv",
            study=STUDY,
            change=CHANGES,
            seed=SEEDS,
            atlas=ATLAS,
        ),
        expand("results/{study}/response/change-{change}_groups.tsv", study=STUDY, change=CHANGES),
        expand(
            "results/{study}/response/association-{association}_seed-{seed}_atlas-{atlas}_correlations.tsv",
            study=STUDY,
            association=ASSOCIATIONS,
            seed=SEEDS,
            atlas=ATLAS,
        ),
        expand(
            "results/{study}/response/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls.tsv",
            study=STUDY,
            normalisation=NORMALISATION,
            seed=SEEDS,
            atlas=ATLAS,
        ),
        expand(
            "results/{study}/response/prediction-{contrast}_atlas-{atlas}_{table}.tsv",
            study=STUDY,
            contrast=RESPONDERS,
            atlas=ATLAS,
            table=["performance", "replicate"],
        ),
        expand(
            "results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.tsv",
            study=STUDY,
            normalisation=NORMALISATION if IMAGES else [],
            seed=SEEDS,
            space=SPACE,
        ),
        # of images: clusters of voxels and every map by its name, as in the stage group
        lambda w: [
            f"results/{STUDY}/response/{analysis}_seed-{seed}_space-{SPACE}_{file}"
            for analysis, stats in RESPONSE_MAPS.items()
            for seed in SEEDS
            for file in ["clusters.tsv", *(f"stat-{stat}_statmap.nii.gz" for stat in stats)]
        ],


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
        figure=multiext("results/{study}/report/figures/change-{change}_flow", ".svg", ".png"),
    log:
        "results/{study}/logs/report_response_groups_change-{change}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_groups_change-{change}.tsv"
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
        trajectories=multiext(
            "results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_trajectories", ".svg", ".png"
        ),
        forest=multiext(
            "results/{study}/report/figures/change-{change}_seed-{seed}_atlas-{atlas}_forest", ".svg", ".png"
        ),
    log:
        "results/{study}/logs/report_response_change-{change}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_change-{change}_seed-{seed}_atlas-{atlas}.tsv"
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
        figure=multiext(
            "results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_atlas-{atlas}_controls",
            ".svg",
            ".png",
        ),
    log:
        "results/{study}/logs/report_response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_normalisation-{normalisation}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_normalisation.py"),
        margin=lambda w: NORMALISATION[w.normalisation]["margin"],
        clusters=False,
    script:
        "../scripts/response/report_normalisation.py"


rule report_response_prediction:
    """Areas and curves of the prediction of response, and the published way on noise."""
    input:
        performance="results/{study}/response/prediction-{contrast}_atlas-{atlas}_performance.tsv",
        roc="results/{study}/response/prediction-{contrast}_atlas-{atlas}_roc.tsv",
        replicate="results/{study}/response/prediction-{contrast}_atlas-{atlas}_replicate.tsv",
        noise="results/{study}/response/prediction-{contrast}_atlas-{atlas}_noise.tsv",
    output:
        part="results/{study}/report/parts/prediction-{contrast}_atlas-{atlas}_response.json",
        areas=multiext("results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_areas", ".svg", ".png"),
        roc=multiext("results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_roc", ".svg", ".png"),
        noise=multiext("results/{study}/report/figures/prediction-{contrast}_atlas-{atlas}_noise", ".svg", ".png"),
    log:
        "results/{study}/logs/report_response_prediction-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_prediction-{contrast}_atlas-{atlas}.tsv"
    wildcard_constraints:
        contrast="|".join(map(re.escape, RESPONDERS)) or "none",
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("response/report_prediction.py"),
        main=[PREDICTION["models"][0], f"{PREDICTION['features'][0]} edges"],
        settings=lambda w: RESPONDERS[w.contrast],
    script:
        "../scripts/response/report_prediction.py"
