# Cohort: who is in, who is out, and why?
# Reads  a participants sheet and a file of regional series per participant, in any of the formats; images are looked
#        at in cohort_images.smk
# Writes results/{study}/cohort/participants.tsv, excluded.tsv, summary.tsv, files.tsv,
#        contrast-{contrast}_participants.tsv (who takes part in one contrast)
#        (and, for the next stage, series/{bucket}.npz: the checked series of a bucket of participants)
#        of a cohort with sessions also sessions.tsv, excluded_sessions.tsv, outcomes.tsv, and sessions/{bucket}.npz

# the sheet of each format: the user's own, or made from what the format has

from amygene.cohort import rest_meta_mdd

SHEETS = {
    "table": COHORT.get("participants", ""),
    "simulated": "results/{study}/cohort/simulated/participants.tsv",
    "rest-meta-mdd": "results/{study}/cohort/rest-meta-mdd/participants.tsv",
    "abide": "results/{study}/cohort/abide/participants.tsv",
    "bids": "results/{study}/cohort/bids/participants.tsv",
    "simulated-bids": "results/{study}/cohort/simulated-bids/participants.tsv",
}
SHEET = SHEETS.get(COHORT["format"], "")
# columns of a series file: which widths are right, and where the atlas begins
WIDTHS, FIRST_COLUMN = [COHORT["n_columns"]] if "n_columns" in COHORT else [], COHORT["first_column"]
if COHORT["format"] == "rest-meta-mdd":
    WIDTHS, FIRST_COLUMN = list(rest_meta_mdd.WIDTHS), rest_meta_mdd.BLOCKS[ATLAS][0]
# how a sheet is read and who of it is taken; what a contrast asks of its participants
SELECTION = {k: COHORT[k] for k in ("select", "missing", "codes", "categorical", "faulty")}


def existing_series(wildcards):
    """Files of a bucket that are there; the stage tells about those that are not, all at once."""
    if IMAGES or COHORT["format"] not in ("table", "rest-meta-mdd"):
        return []  # made by a rule of its own
    return [f for f in map(ROSTER.files.get, BUCKETS.get(wildcards.bucket, [])) if os.path.isfile(f)]


def existing_sessions(wildcards):
    """Files of all sessions of a bucket that are there."""
    if COHORT["format"] != "table":
        return []
    units = [file for p in BUCKETS.get(wildcards.bucket, []) for file in ROSTER.units.get(p, {}).values()]
    return [f for f in units if os.path.isfile(f)]


if IMAGES:
    # too few degrees of freedom after cleaning is a reason like any other
    SELECTION["select"] = {"df_left": {"min": config["cleaning"]["min_df"]}} | COHORT["select"]
# what the check of a bucket's files found
FINDINGS = [
    f"results/{{study}}/cohort/{kind}/{bucket}_findings.json"
    for kind in (["images", "confounds"] if IMAGES else ["series"])
    for bucket in BUCKETS
]
# sheets of a cohort that was seen more than once, and how they are read
LONGITUDINAL = bool(ROSTER.scanned)
SIMULATED = "results/{study}/cohort/simulated"
SESSION_TABLE = f"{SIMULATED}/sessions.tsv" if COHORT["format"] == "simulated" else COHORT.get("session_table", [])
OUTCOME_TABLE = f"{SIMULATED}/outcomes.tsv" if COHORT["format"] == "simulated" else COHORT.get("outcome_table", "")
if COHORT["format"] == "simulated-bids":
    OUTCOME_TABLE = SHEET  # ratings stand in the participants sheet
TIMEPOINTS = settings.timepoints_of(COHORT)
OUTCOMES = config["response"]["outcomes"]
SHEETS_READ = {
    "timepoints": TIMEPOINTS,
    "instruments": sorted({rule.get("instrument", name) for name, rule in OUTCOMES.items()}),
    "numeric": settings.numbers_of_sessions(config),
    "images": IMAGES,
    **{k: COHORT[k] for k in ("missing", "codes")},
}
TAKING_PART = {
    name: {k: c[k] for k in ("variable", "case", "control", "covariates", "exchange_within")}
    for name, c in CONTRASTS.items()
}


rule simulate:
    """Make a cohort with planted truth, in the files that a real one comes in."""
    input:
        regions="results/{study}/atlas/atlas-DK83_dseg.tsv",
        expression="resources/imaging-transcriptomics/gene_expression_data.csv",
        sets="resources/blitzgsea/GO_Biological_Process_2023.gmt",
    output:
        sheet="results/{study}/cohort/simulated/participants.tsv",
        truth="results/{study}/cohort/simulated/truth.tsv",
        sidecar="results/{study}/cohort/simulated/truth.json",
        series=directory("results/{study}/cohort/simulated/ROISignals"),
        sessions=(SESSION_TABLE if LONGITUDINAL and COHORT["format"] == "simulated" else []),
        outcomes=(OUTCOME_TABLE if LONGITUDINAL and COHORT["format"] == "simulated" else []),
    log:
        "results/{study}/logs/simulate.log",
    benchmark:
        "results/{study}/benchmarks/simulate.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("cohort/simulate.py"),
        settings=COHORT["simulated"],
        seed=config["seed"],
    script:
        "../scripts/cohort/simulate.py"


rule rest_meta_mdd_sheet:
    """The participants sheet of a copy of the REST-meta-MDD release."""
    input:
        workbook=ROSTER.workbook or [],
        motion=COHORT.get("motion", []),
    output:
        sheet="results/{study}/cohort/rest-meta-mdd/participants.tsv",
    log:
        "results/{study}/logs/rest_meta_mdd_sheet.log",
    benchmark:
        "results/{study}/benchmarks/rest_meta_mdd_sheet.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("cohort/rest_meta_mdd.py"),
        # the workbook is compared with the files: one that is added or taken away matters
        files=ROSTER.files if COHORT["format"] == "rest-meta-mdd" else {},
    script:
        "../scripts/cohort/rest_meta_mdd.py"


rule abide_sheet:
    """Download ABIDE's phenotypes and make the participants sheet."""
    output:
        sheet="results/{study}/cohort/abide/participants.tsv",
    log:
        "results/{study}/logs/abide_sheet.log",
    benchmark:
        "results/{study}/benchmarks/abide_sheet.tsv"
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("cohort/abide_sheet.py"),
        root=COHORT.get("root"),
        pipeline=COHORT["pipeline"],
        global_signal_regression=COHORT["global_signal_regression"],
        url=COHORT.get("url"),
    script:
        "../scripts/cohort/abide_sheet.py"


rule abide_series:
    """Download the series of one bucket of ABIDE's participants."""
    input:
        sheet="results/{study}/cohort/abide/participants.tsv",
    output:
        touch("results/{study}/cohort/abide/{bucket}.downloaded"),
    log:
        "results/{study}/logs/abide_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/abide_{bucket}.tsv"
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(120),
    params:
        code=code("cohort/abide_series.py"),
        root=COHORT.get("root"),
        pipeline=COHORT["pipeline"],
        global_signal_regression=COHORT["global_signal_regression"],
        url=COHORT.get("url"),
    script:
        "../scripts/cohort/abide_series.py"


rule cohort_series:
    """Read and check the series of one bucket of participants. What is wrong is written down, not raised."""
    input:
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
        files=existing_series,
        simulated=("results/{study}/cohort/simulated/ROISignals" if COHORT["format"] == "simulated" else []),
        downloaded=("results/{study}/cohort/abide/{bucket}.downloaded" if COHORT["format"] == "abide" else []),
        sheet=SHEET if COHORT["format"] == "abide" else [],
    output:
        series="results/{study}/cohort/series/{bucket}.npz",
        findings="results/{study}/cohort/series/{bucket}_findings.json",
    log:
        "results/{study}/logs/cohort_series_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/cohort_series_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(800),
        runtime=per_attempt(15),
    params:
        code=code("cohort/series.py"),
        members=lambda w: {p: ROSTER.files[p] for p in BUCKETS.get(w.bucket) or []},
        widths=WIDTHS,
        first_column=FIRST_COLUMN,
    script:
        "../scripts/cohort/series.py"


rule cohort_seeds:
    """Look the seeds' regions up in the atlas. What is not there is written down, not raised."""
    input:
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
    output:
        "results/{study}/cohort/seeds.json",
    log:
        "results/{study}/logs/cohort_seeds.log",
    benchmark:
        "results/{study}/benchmarks/cohort_seeds.tsv"
    resources:
        mem_mb=per_attempt(600),
        runtime=per_attempt(5),
    params:
        code=code("cohort/seeds.py"),
        seeds=SEEDS,
    script:
        "../scripts/cohort/seeds.py"


rule cohort_longitudinal:
    """Check the sheets of sessions and outcomes. What is wrong is written down, not raised."""
    input:
        sheet=SHEET,
        sessions=SESSION_TABLE,
        outcomes=OUTCOME_TABLE if OUTCOMES else [],
        schema=shipped("config/schemas/participants.schema.yaml"),
    output:
        "results/{study}/cohort/longitudinal.json",
    log:
        "results/{study}/logs/cohort_longitudinal.log",
    benchmark:
        "results/{study}/benchmarks/cohort_longitudinal.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("cohort/longitudinal.py"),
        reading=SHEETS_READ,
    script:
        "../scripts/cohort/longitudinal.py"


rule cohort_assemble:
    """Check everything, select participants, describe the groups; or tell all problems at once."""
    input:
        sheet=SHEET,
        findings=FINDINGS,
        schema=shipped("config/schemas/participants.schema.yaml"),
        # told in the same message; a seed that is added later changes nothing in the cohort
        seeds=ancient(f"results/{{study}}/cohort/{'seed_coverage' if IMAGES else 'seeds'}.json"),
        longitudinal=(ancient("results/{study}/cohort/longitudinal.json") if LONGITUDINAL else []),
    output:
        participants="results/{study}/cohort/participants.tsv",
        participants_sidecar="results/{study}/cohort/participants.json",
        excluded="results/{study}/cohort/excluded.tsv",
        excluded_sidecar="results/{study}/cohort/excluded.json",
        summary="results/{study}/cohort/summary.tsv",
        summary_sidecar="results/{study}/cohort/summary.json",
        files="results/{study}/cohort/files.tsv",
        files_sidecar="results/{study}/cohort/files.json",
    log:
        "results/{study}/logs/cohort.log",
    benchmark:
        "results/{study}/benchmarks/cohort.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("cohort/assemble.py"),
        selection=SELECTION,
        contrasts=TAKING_PART,
        one_grid=IMAGES and config["connectivity"]["voxel_size"] is None,
    script:
        "../scripts/cohort/assemble.py"


rule cohort_checked:
    """Mark that the cohort is checked. What computes on it waits for this file and ignores when it is renewed."""
    input:
        # gone when the check fails, and then everything behind it would be made again
        "results/{study}/cohort/participants.tsv",
    output:
        touch("results/{study}/cohort/checked"),
    log:
        "results/{study}/logs/cohort_checked.log",
    benchmark:
        "results/{study}/benchmarks/cohort_checked.tsv"
    localrule: True
    resources:
        mem_mb=per_attempt(100),
        runtime=per_attempt(1),


rule cohort_contrast:
    """Who takes part in one contrast, as case or as control. Other contrasts change nothing here."""
    input:
        sheet=SHEET,
        findings=FINDINGS,
        schema=shipped("config/schemas/participants.schema.yaml"),
        checked=ancient("results/{study}/cohort/checked"),
    output:
        table="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        sidecar="results/{study}/cohort/contrast-{contrast}_participants.json",
    log:
        "results/{study}/logs/cohort_contrast-{contrast}.log",
    benchmark:
        "results/{study}/benchmarks/cohort_contrast-{contrast}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("cohort/contrast.py"),
        selection=SELECTION,
        contrast=lambda w: TAKING_PART[w.contrast],
    script:
        "../scripts/cohort/contrast.py"


use rule cohort_series as cohort_session_series with:
    input:
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
        files=existing_sessions,
        simulated=("results/{study}/cohort/simulated/ROISignals" if COHORT["format"] == "simulated" else []),
    output:
        series="results/{study}/cohort/sessions/{bucket}.npz",
        findings="results/{study}/cohort/sessions/{bucket}_findings.json",
    log:
        "results/{study}/logs/cohort_session_series_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/cohort_session_series_{bucket}.tsv"
    params:
        code=code("cohort/series.py"),
        members=lambda w: {u: f for p in BUCKETS.get(w.bucket) or [] for u, f in ROSTER.units.get(p, {}).items()},
        widths=WIDTHS,
        first_column=FIRST_COLUMN,


rule cohort_sessions:
    """Sessions that are used and outcomes, of the participants who are in; or tell all problems at once."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        sheet=SHEET,
        sessions=SESSION_TABLE,
        outcomes=OUTCOME_TABLE if OUTCOMES else [],
        findings=(
            FINDINGS if IMAGES else expand("results/{{study}}/cohort/sessions/{bucket}_findings.json", bucket=BUCKETS)
        ),
        schema=shipped("config/schemas/participants.schema.yaml"),
    output:
        sessions="results/{study}/cohort/sessions.tsv",
        sessions_sidecar="results/{study}/cohort/sessions.json",
        excluded="results/{study}/cohort/excluded_sessions.tsv",
        excluded_sidecar="results/{study}/cohort/excluded_sessions.json",
        outcomes="results/{study}/cohort/outcomes.tsv",
        outcomes_sidecar="results/{study}/cohort/outcomes.json",
    log:
        "results/{study}/logs/cohort_sessions.log",
    benchmark:
        "results/{study}/benchmarks/cohort_sessions.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("cohort/sessions.py"),
        reading=SHEETS_READ,
        # of images: sessions of every participant, in the order of the timepoints
        scans={p: [s for s in SESSIONS if any(s == one.session for one in own)] for p, own in ROSTER.scans.items()},
        # how the report calls them changes nothing
        outcomes={name: {k: v for k, v in rule.items() if k != "label"} for name, rule in OUTCOMES.items()},
        select=SELECTION["select"],
        faulty=COHORT["faulty"],
    script:
        "../scripts/cohort/sessions.py"


rule cohort:
    """Stage cohort."""
    input:
        f"results/{STUDY}/cohort/participants.tsv" if COHORT["format"] != "none" else [],
        expand("results/{study}/cohort/contrast-{contrast}_participants.tsv", study=STUDY, contrast=CONTRASTS),
        f"results/{STUDY}/cohort/sessions.tsv" if LONGITUDINAL else [],


PARTS += ["cohort"] if COHORT["format"] != "none" else []


rule report_cohort:
    """Who takes part, and length, motion and connectivity of every participant."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        excluded="results/{study}/cohort/excluded.tsv",
        summary="results/{study}/cohort/summary.tsv",
        qc="results/{study}/connectivity/qc.tsv",
    output:
        part="results/{study}/report/parts/cohort.json",
        figure=multiext("results/{study}/report/figures/cohort_quality", ".svg", ".png"),
    log:
        "results/{study}/logs/report_cohort.log",
    benchmark:
        "results/{study}/benchmarks/report_cohort.tsv"
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
