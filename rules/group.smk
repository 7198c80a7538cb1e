# Group: where do the groups differ?
# Reads  connectivity of every seed in every bucket of participants, cohort/contrast-{contrast}_participants.tsv
# Writes results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv (per region: effect,
#        permutation p, q, family-wise p, Hedges g), ..._harmonisation.tsv (four ways to deal with sites, side by side)

# a shard takes whole blocks of permutations, so that their number changes no number in a table

from amygene.group.regions import settings_of
from amygene.stats import permutation

PERMUTATIONS = config["permutations"]["group"]
PER_SHARD = permutation.whole_blocks(JOBS["permutations_per_shard"])
SHARDS = range(0, PERMUTATIONS, PER_SHARD)

# contrast -> its model, as `group.regions.make_comparison` takes it
MODELS = {name: {**settings_of(c), "categorical": COHORT["categorical"]} for name, c in CONTRASTS.items()}


rule group_comparison:
    """Connectivity and design of one contrast and seed as arrays: what every permutation starts from."""
    input:
        # not the table of the connectivity stage: who is in that depends on all contrasts
        parts=expand(
            "results/{{study}}/connectivity/parts/seed-{{seed}}_atlas-{{atlas}}_{part}.npz",
            part=SEED_PARTS,
        ),
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
    output:
        "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
    log:
        "results/{study}/logs/group_comparison_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/group_comparison_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("group/comparison.py"),
        model=lambda w: MODELS[w.contrast],
    script:
        "../scripts/group/comparison.py"


rule group_permute:
    """Count, over one shard of relabelings, how often chance reaches the observed difference."""
    input:
        "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
    output:
        "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_from-{shard}.npz",
    log:
        "results/{study}/logs/group_permute_contrast-{contrast}_seed-{seed}_atlas-{atlas}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/group_permute_contrast-{contrast}_seed-{seed}_atlas-{atlas}_from-{shard}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    params:
        code=code("group/permute.py"),
        seed=config["seed"],
        stop=lambda w: min(int(w.shard) + PER_SHARD, PERMUTATIONS),
    script:
        "../scripts/group/permute.py"


rule group_table:
    """The difference of the groups in every region, with permutation p."""
    input:
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
        shards=lambda w: expand(
            "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_from-{shard}.npz",
            study=w.study,
            contrast=w.contrast,
            seed=family(w),
            atlas=w.atlas,
            shard=SHARDS,
        ),
    output:
        table="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        sidecar="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.json",
    log:
        "results/{study}/logs/group_table_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/group_table_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("group/table.py"),
        model=lambda w: MODELS[w.contrast],
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("variable", "case", "control")},
        seed=config["seed"],
        permutations=PERMUTATIONS,
        family=family,
    script:
        "../scripts/group/table.py"


rule group_harmonisation:
    """The same difference with four ways to deal with sites."""
    input:
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
    output:
        table="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.tsv",
        sidecar="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.json",
    log:
        "results/{study}/logs/group_harmonisation_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/group_harmonisation_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("group/harmonisation.py"),
        model=lambda w: {k: v for k, v in MODELS[w.contrast].items() if k != "site_effects"},
    script:
        "../scripts/group/harmonisation.py"


rule group:
    """Stage group."""
    input:
        expand(
            "results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_{table}.tsv",
            study=STUDY,
            contrast=CONTRASTS,
            seed=SEEDS,
            atlas=ATLAS,
            table=["stat-t_roi", "harmonisation"],
        ),
        # of images: clusters of voxels, and every map by its name: Snakemake does not notice otherwise that a rule's
        # outputs have become more
        lambda w: (
            expand(
                "results/{study}/group/contrast-{contrast}_seed-{seed}_space-{space}_{file}",
                study=STUDY,
                contrast=CONTRASTS,
                seed=SEEDS,
                space=SPACE,
                file=["clusters.tsv", *(f"stat-{stat}_statmap.nii.gz" for stat in STATMAPS)],
            )
            if IMAGES
            else []
        ),


PARTS += [f"{m}_atlas-{ATLAS}_group" for m in GROUP_MAPS] if "group" in config["stages"] else []


rule report_group:
    """The map on the brain, effects with intervals, and the ways to deal with sites."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        harmonisation="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        part="results/{study}/report/parts/contrast-{contrast}_seed-{seed}_atlas-{atlas}_group.json",
        brain=multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_brain", ".svg", ".png"
        ),
        effects=multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_effects", ".svg", ".png"
        ),
        harmonisation=multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_harmonisation",
            ".svg",
            ".png",
        ),
        viewer="results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_viewer.html",
    log:
        "results/{study}/logs/report_group_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_group_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("group/report.py"),
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("case", "control")},
    script:
        "../scripts/group/report.py"
