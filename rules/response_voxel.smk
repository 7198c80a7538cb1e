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
    threads: 1
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
    threads: 1
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
