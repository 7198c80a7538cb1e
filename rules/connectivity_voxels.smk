# Connectivity on voxels: how is each seed connected with every voxel of each participant's brain?
# Reads  4D images, brain masks and confounds of a cohort of images (bids, table with a column bold, simulated-bids)
# Writes results/{study}/connectivity/sub-{subject}/sub-{subject}[_ses-{session}]_seed-{seed}_space-{space}_stat-fisherz_boldmap.nii.gz
#          with .json: float32 Fisher z, NaN (missing, never 0) outside the participant's mask; {subject} is the
#          participant_id without a leading "sub-"; ses- only if the cohort has sessions
#        results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet: mean z per region of the
#          atlas, the same table as for ROI series, so that group, sites, genes and enrichment run on it as they are
#        results/{study}/connectivity/qc.tsv, seeds.tsv (voxels, overlap and tSNR of the seeds)
#
# What the group stage on voxels reads (constants IMAGES: bool, SPACE: str, SEEDS stand in rules/common.smk):
#   voxel/space-{space}_mask.nii.gz (.json)
#       uint8, the voxels that have signal in every scan of every participant of cohort/participants.tsv
#   voxel/seed-{seed}_space-{space}_stat-fisherz_group.npy (.json)
#       float32, shape (n_participants, n_voxels), Fortran order: `np.load(file, mmap_mode="r")[:, a:b]` reads one
#       contiguous piece, so a job over a block of voxels holds only its block.
#       Rows: cohort/participants.tsv, in its order. A row of NaN: the participant has no map of this seed
#       (the seed lies outside the field of view); single missing values do not occur.
#       Columns: the mask's voxels in C order, np.flatnonzero(mask) (nilearn's order).
#   voxel/ses-{session}_seed-{seed}_space-{space}_stat-fisherz_group.npy (.json)
#       the same of every further session (cohort.sessions; the first session is the file without ses-), rows again as
#       in cohort/participants.tsv, NaN where a participant was not scanned; same mask.

CONNECTIVITY = config["connectivity"]
# files of seeds on images, by set
SEED_IMAGES = {
    name: sorted({d.get("image", ATLAS_IMAGE) for d in seeds.values() if d["kind"] != "sphere"})
    for name, seeds in SEED_SETS.items()
}


# tables that a cohort of images and one of series both have
if IMAGES:

    ruleorder: connectivity_parcellate > connectivity_gather
    ruleorder: connectivity_voxel_qc > connectivity_qc

else:

    ruleorder: connectivity_gather > connectivity_parcellate
    ruleorder: connectivity_qc > connectivity_voxel_qc


rule connectivity_seed_set:
    """Cut the seeds of one set out of their images, once for all participants."""
    input:
        images=lambda w: SEED_IMAGES[w.seed_set],
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
    output:
        definitions="results/{study}/connectivity/voxel/parts/seeds-{seed_set}.json",
        sources="results/{study}/connectivity/voxel/parts/seeds-{seed_set}.npz",
    log:
        "results/{study}/logs/connectivity_seed_set_{seed_set}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_seed_set_{seed_set}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/seed_set.py"),
        seeds=lambda w: SEED_SETS[w.seed_set],
        atlas_image=ATLAS_IMAGE,
    script:
        "../scripts/connectivity/seed_set.py"


rule connectivity_voxel:
    """Maps of one set of seeds in one bucket of participants: every image is read once for all of them."""
    input:
        sources="results/{study}/connectivity/voxel/parts/seeds-{seed_set}.npz",
        signal="results/{study}/cohort/images/{bucket}.npz",
        findings=expand(
            "results/{{study}}/cohort/{kind}/{{bucket}}_findings.json",
            kind=["images", "confounds"],
        ),
        files=existing_scans("bold", "confounds"),
        # nothing is computed before the whole cohort is checked; what it holds does not matter here
        checked=ancient("results/{study}/cohort/checked"),
    output:
        "results/{study}/connectivity/voxel/parts/seeds-{seed_set}_{bucket}.json",
    log:
        "results/{study}/logs/connectivity_voxel_{seed_set}_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_voxel_{seed_set}_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(60),
    params:
        code=code("connectivity/voxels.py"),
        members=members_scans,
        sessions=SESSIONS,
        cleaning={k: v for k, v in CLEANING.items() if k != "min_df"},
        min_coverage=CONNECTIVITY["min_seed_coverage"],
        voxel_size=CONNECTIVITY["voxel_size"],
        space=SPACE,
        faulty=COHORT["faulty"],
    script:
        "../scripts/connectivity/voxels.py"


rule connectivity_mask:
    """Voxels that have signal in every scan of every participant who is in."""
    input:
        signal=expand("results/{{study}}/cohort/images/{bucket}.npz", bucket=BUCKETS),
        participants="results/{study}/cohort/participants.tsv",
    output:
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        sidecar="results/{study}/connectivity/voxel/space-{space}_mask.json",
        coverage="results/{study}/connectivity/voxel/space-{space}_coverage.nii.gz",
    log:
        "results/{study}/logs/connectivity_mask_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_mask_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("connectivity/mask.py"),
        voxel_size=CONNECTIVITY["voxel_size"],
    script:
        "../scripts/connectivity/mask.py"


rule connectivity_pack:
    """All maps of one seed in one array, for the group stage."""
    input:
        parts=lambda w: expand(
            "results/{study}/connectivity/voxel/parts/seeds-{seed_set}_{bucket}.json",
            study=w.study,
            seed_set=set_of(w.seed),
            bucket=BUCKETS,
        ),
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        participants="results/{study}/cohort/participants.tsv",
    output:
        array="results/{study}/connectivity/voxel/{later}seed-{seed}_space-{space}_stat-fisherz_group.npy",
        sidecar="results/{study}/connectivity/voxel/{later}seed-{seed}_space-{space}_stat-fisherz_group.json",
    log:
        "results/{study}/logs/connectivity_pack_{later}seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_pack_{later}seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    params:
        code=code("connectivity/pack.py"),
        session=lambda w: w.later[4:-1] or SESSIONS[0],
        definition=lambda w: SEED_DEFINITIONS[w.seed],
        cleaning=CLEANING,
    script:
        "../scripts/connectivity/pack.py"


rule connectivity_parcellate:
    """Maps of one seed averaged over regions: the same table as for series, for every later stage."""
    input:
        parts=lambda w: expand(
            "results/{study}/connectivity/voxel/parts/seeds-{seed_set}_{bucket}.json",
            study=w.study,
            seed_set=set_of(w.seed),
            bucket=BUCKETS,
        ),
        sources=lambda w: f"results/{w.study}/connectivity/voxel/parts/seeds-{set_of(w.seed)}.npz",
        mask=f"results/{{study}}/connectivity/voxel/space-{SPACE}_mask.nii.gz",
        participants="results/{study}/cohort/participants.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        atlas=ATLAS_IMAGE or [],
    output:
        table="results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet",
        sidecar="results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.json",
        part="results/{study}/connectivity/parts/seed-{seed}_atlas-{atlas}_images.npz",
    log:
        "results/{study}/logs/connectivity_parcellate_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_parcellate_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    params:
        code=code("connectivity/parcellate.py"),
        session=SESSIONS[0],
        regions=lambda w: SEEDS[w.seed],
        definition=lambda w: SEED_DEFINITIONS[w.seed],
        cleaning=CLEANING,
    script:
        "../scripts/connectivity/parcellate.py"


rule connectivity_voxel_qc:
    """What each participant's maps rest on."""
    input:
        participants="results/{study}/cohort/participants.tsv",
        confounds=expand("results/{{study}}/cohort/confounds/{bucket}_findings.json", bucket=BUCKETS),
        parts=expand(
            "results/{{study}}/connectivity/voxel/parts/seeds-{seed_set}_{bucket}.json",
            seed_set=SEED_SETS,
            bucket=BUCKETS,
        ),
        connectivity=expand(
            f"results/{{{{study}}}}/connectivity/seed-{{seed}}_atlas-{ATLAS}_stat-fisherz_group.parquet",
            seed=SEEDS,
        ),
    output:
        table="results/{study}/connectivity/qc.tsv",
        sidecar="results/{study}/connectivity/qc.json",
    log:
        "results/{study}/logs/connectivity_voxel_qc.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_voxel_qc.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/voxels_qc.py"),
        seeds=list(SEEDS),
        sets={seed: set_of(seed) for seed in SEEDS},
        sessions=SESSIONS,
        cleaning=CLEANING,
    script:
        "../scripts/connectivity/voxels_qc.py"


rule connectivity_seed_report:
    """What the seeds are on the grid of the maps, and how they overlap."""
    input:
        sources=expand("results/{{study}}/connectivity/voxel/parts/seeds-{seed_set}.npz", seed_set=SEED_SETS),
        mask=f"results/{{study}}/connectivity/voxel/space-{SPACE}_mask.nii.gz",
        coverage=f"results/{{study}}/connectivity/voxel/space-{SPACE}_coverage.nii.gz",
        qc="results/{study}/connectivity/qc.tsv",
    output:
        table="results/{study}/connectivity/seeds.tsv",
        sidecar="results/{study}/connectivity/seeds.json",
        overlap="results/{study}/connectivity/seeds_overlap.tsv",
        overlap_sidecar="results/{study}/connectivity/seeds_overlap.json",
        images=expand(
            f"results/{{{{study}}}}/connectivity/voxel/seed-{{seed}}_space-{SPACE}_probseg.nii.gz",
            seed=SEEDS,
        ),
    log:
        "results/{study}/logs/connectivity_seed_report.log",
    benchmark:
        "results/{study}/benchmarks/connectivity_seed_report.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("connectivity/seed_report.py"),
        seeds=list(SEEDS),
        definitions=SEED_DEFINITIONS,
    script:
        "../scripts/connectivity/seed_report.py"


PARTS += ["connectivity"] if IMAGES and "connectivity" in config["stages"] else []
USED_FILES += [file for files in SEED_IMAGES.values() for file in files]


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
        carpets=multiext("results/{study}/report/figures/connectivity_carpets", ".svg", ".png"),
        quality=multiext("results/{study}/report/figures/connectivity_quality", ".svg", ".png"),
        places=multiext("results/{study}/report/figures/connectivity_seeds", ".svg", ".png"),
        maps=multiext("results/{study}/report/figures/connectivity_maps", ".svg", ".png"),
    log:
        "results/{study}/logs/report_connectivity.log",
    benchmark:
        "results/{study}/benchmarks/report_connectivity.tsv"
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
