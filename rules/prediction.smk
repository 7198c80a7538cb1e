# Prediction: can one subject be classified?
# Reads  connectivity of every seed in every bucket of participants, cohort/contrast-{contrast}_participants.tsv; the
#        tables of connectivity and participants of a second study, if there is one
# Writes results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_performance.tsv (a row per design and classifier),
#        ..._predictions.tsv (a row per participant and repeat), ..._roc.tsv, ..._calibration.tsv, ..._sites.tsv,
#        ..._weights.tsv (what linear models learnt of each edge), ..._folds.tsv

from amygene.prediction import designs

PREDICTION = config["prediction"]
SECOND = PREDICTION.get("external", {})
DESIGNS = PREDICTION["designs"] + (["external"] if SECOND else [])
RELABELINGS = config["permutations"]["prediction"]
PER_LABEL_SHARD = designs.whole_blocks(JOBS["relabelings_per_shard"])
# what fits depend on, as `nested.Settings` takes it, and what splits depend on, as `designs.splits_of` does
FITS = {k: PREDICTION[k] for k in ("models", "features", "n_selected", "harmonise", "remove_covariates", "grid")}
SPLITS = {k: PREDICTION[k] for k in ("folds", "repeats", "harmonise")}
# design -> the parts that its folds are dealt to
FOLDS = PREDICTION["folds"] * PREDICTION["repeats"]
FOLD_PARTS = {
    "cross-validation": [f"from-{first}" for first in range(0, FOLDS, JOBS["folds_per_job"])],
    "leave-site-out": list(SITE_BUCKETS),
    "replicate": ["b"],
    "external": ["b"],
}
# the replicate has one model
TESTED_DESIGNS = [
    d for d in DESIGNS if (d != "replicate" or "rbf-svm" in PREDICTION["tested"]) and PREDICTION["tested"]
]


def second_study(wildcards):
    """Files of the study that the prediction is tested on: its participants, and its connectivity of every seed."""
    external = config["prediction"].get("external")
    if external is None:
        return []
    connectivity = "results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet"
    return [
        f"results/{external['study']}/cohort/participants.tsv",
        *expand(connectivity, study=external["study"], seed=SEEDS, atlas=wildcards.atlas),
    ]


wildcard_constraints:
    design="|".join(FOLD_PARTS),
    part="from-[0-9]+|b[01]*",


rule prediction_sample:
    """Edges, covariates, sites and groups of one contrast as arrays: what every fold starts from."""
    input:
        # seed by seed; not the table of the connectivity stage: who is in that depends on all contrasts
        parts=expand(
            "results/{{study}}/connectivity/parts/seed-{seed}_atlas-{{atlas}}_{part}.npz",
            seed=SEEDS,
            part=SEED_PARTS,
        ),
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        # those that are there; the job tells about the others
        second=lambda w: [f for f in second_study(w) if os.path.isfile(f)],
    output:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_sample.npz",
    log:
        "results/{study}/logs/prediction_sample_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/prediction_sample_contrast-{contrast}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("prediction/sample.py"),
        model=lambda w: {k: MODELS[w.contrast][k] for k in ("covariates", "categorical", "exchange_within")},
        seeds=SEEDS,
        folds=PREDICTION["folds"],
        second=second_study,
        second_study=SECOND.get("study", ""),
        second_contrast=lambda w: SECOND.get("contrast", w.contrast),
    script:
        "../scripts/prediction/sample.py"


rule prediction_fit:
    """Tune, train and test every classifier on the folds of one part of a design."""
    input:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_design-{design}_{part}.npz",
    log:
        "results/{study}/logs/prediction_fit_contrast-{contrast}_atlas-{atlas}_design-{design}_{part}.log",
    benchmark:
        "results/{study}/benchmarks/prediction_fit_contrast-{contrast}_atlas-{atlas}_design-{design}_{part}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        code=code("prediction/fit.py"),
        seed=config["seed"],
        settings=FITS,
        splits=SPLITS,
        folds_per_job=JOBS["folds_per_job"],
    script:
        "../scripts/prediction/fit.py"


rule prediction_permute:
    """The same with permuted groups, one shard of relabelings of a design."""
    input:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/prediction/shards/contrast-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.npz",
    log:
        "results/{study}/logs/prediction_permute_contrast-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/prediction_permute_contrast-{contrast}_atlas-{atlas}_design-{design}_from-{shard}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(240),
    params:
        code=code("prediction/permute.py"),
        seed=config["seed"],
        settings=FITS,
        splits=SPLITS,
        tested=PREDICTION["tested"],
        stop=lambda w: min(int(w.shard) + PER_LABEL_SHARD, RELABELINGS),
    script:
        "../scripts/prediction/permute.py"


rule prediction_guard:
    """Does anything that is fitted depend on the participants who are tested? On the data, for every design."""
    input:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_sample.npz",
    output:
        "results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_guard.json",
    log:
        "results/{study}/logs/prediction_guard_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/prediction_guard_contrast-{contrast}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(30),
    params:
        code=code("prediction/guard.py"),
        seed=config["seed"],
        settings=FITS,
        splits=SPLITS,
        designs=DESIGNS,
    script:
        "../scripts/prediction/guard.py"


rule prediction_table:
    """How well every classifier does in every design, with p, and what each participant got."""
    input:
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        sample="results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_sample.npz",
        guard="results/{study}/prediction/parts/contrast-{contrast}_atlas-{atlas}_guard.json",
        parts=[
            f"results/{{study}}/prediction/parts/contrast-{{contrast}}_atlas-{{atlas}}_design-{design}_{part}.npz"
            for design in DESIGNS
            for part in FOLD_PARTS[design]
        ],
        shards=expand(
            "results/{{study}}/prediction/shards/contrast-{{contrast}}_atlas-{{atlas}}_design-{design}_from-{shard}.npz",
            design=TESTED_DESIGNS,
            shard=range(0, RELABELINGS, PER_LABEL_SHARD),
        ),
    output:
        tables=multiext(
            "results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_",
            "performance.tsv",
            "predictions.tsv",
            "roc.tsv",
            "calibration.tsv",
            "sites.tsv",
            "weights.tsv",
            "folds.tsv",
        ),
        sidecars=multiext(
            "results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_",
            "performance.json",
            "predictions.json",
            "roc.json",
            "calibration.json",
            "sites.json",
            "weights.json",
            "folds.json",
        ),
    log:
        "results/{study}/logs/prediction_table_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/prediction_table_contrast-{contrast}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(20),
    params:
        code=code("prediction/table.py"),
        seed=config["seed"],
        settings={**FITS, **SPLITS, "designs": DESIGNS, "tested": PREDICTION["tested"], "permutations": RELABELINGS},
        model=lambda w: {k: MODELS[w.contrast][k] for k in ("covariates", "exchange_within")},
        second=SECOND,
    script:
        "../scripts/prediction/table.py"


rule prediction:
    """Stage prediction."""
    input:
        expand(
            "results/{study}/prediction/contrast-{contrast}_atlas-{atlas}_{table}.tsv",
            study=STUDY,
            contrast=CONTRASTS,
            atlas=ATLAS,
            table=["performance", "predictions", "roc", "calibration", "sites", "weights", "folds"],
        ),


PARTS += [f"contrast-{c}_atlas-{ATLAS}_prediction" for c in CONTRASTS] if "prediction" in config["stages"] else []


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
        areas=multiext("results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_areas", ".svg", ".png"),
        roc=multiext("results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_roc", ".svg", ".png"),
        calibration=multiext(
            "results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_probabilities", ".svg", ".png"
        ),
        sites=multiext("results/{study}/report/figures/contrast-{contrast}_atlas-{atlas}_site-areas", ".svg", ".png"),
        pattern=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_atlas-{{atlas}}_pattern.{kind}",
            seed=SEEDS if PATTERN and "cross-validation" in DESIGNS else [],
            kind=["svg", "png"],
        ),
    log:
        "results/{study}/logs/report_prediction_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_prediction_contrast-{contrast}_atlas-{atlas}.tsv"
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
