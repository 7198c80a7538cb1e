# Connectivity: how is each seed connected in each subject?
# Reads  the checked series of every bucket of participants (of images: see connectivity_voxels.smk)
# Writes results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet (subjects x regions),
#        qc.tsv


rule connectivity_seed:
    """Fisher z of one seed with every region, in one bucket of participants."""
    input:
        series="results/{study}/cohort/series/{bucket}.npz",
        # nothing is computed before the whole cohort is checked; what it holds does not matter here
        checked=ancient("results/{study}/cohort/checked"),
    output:
        "results/{study}/connectivity/parts/seed-{seed}_atlas-{atlas}_{bucket}.npz",
    log:
        "results/{study}/logs/connectivity_seed-{seed}_atlas-{atlas}_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_seed-{seed}_atlas-{atlas}_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(800),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/seed.py"),
        regions=lambda w: SEEDS[w.seed],
    script:
        "../scripts/connectivity/seed.py"


rule connectivity_gather:
    """One table of a seed's connectivity in all participants who are in."""
    input:
        parts=expand(
            "results/{{study}}/connectivity/parts/seed-{{seed}}_atlas-{{atlas}}_{bucket}.npz",
            bucket=BUCKETS,
        ),
        participants="results/{study}/cohort/participants.tsv",
    output:
        table="results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sidecar="results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.json",
    log:
        "results/{study}/logs/connectivity_gather_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_gather_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/gather.py"),
        regions=lambda w: SEEDS[w.seed],
    script:
        "../scripts/connectivity/gather.py"


rule connectivity_qc:
    """What each participant's connectivity rests on."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        connectivity=expand(
            f"results/{{{{study}}}}/connectivity/seed-{{seed}}_atlas-{ATLAS}_stat-fisherz_group.parquet",
            seed=SEEDS,
        ),
    output:
        table="results/{study}/connectivity/qc.tsv",
        sidecar="results/{study}/connectivity/qc.json",
    log:
        "results/{study}/logs/connectivity_qc.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_qc.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/qc.py"),
        seeds=list(SEEDS),
    script:
        "../scripts/connectivity/qc.py"


rule connectivity:
    """Stage connectivity."""
    input:
        expand(
            "results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
            study=STUDY,
            seed=SEEDS,
            atlas=ATLAS,
        )
        if FORMAT.has_participants
        else [],
        f"results/{STUDY}/connectivity/qc.tsv" if FORMAT.has_participants else [],
        # of images: arrays of voxels for the group stage
        expand(
            "results/{study}/connectivity/voxel/{later}seed-{seed}_space-{space}_stat-fisherz_group.npy",
            study=STUDY,
            later=["", *(f"ses-{session}_" for session in SESSIONS[1:])],
            seed=SEEDS,
            space=SPACE,
        )
        if IMAGES
        else [],
        f"results/{STUDY}/connectivity/seeds.tsv" if IMAGES else [],
