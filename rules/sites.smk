# Sites: does the difference hold at a site that was left out?
# Reads  the comparison of every contrast and seed
# Writes results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.tsv (per left-out site: the
#        replicate with its null band, and the held-out site against the rest with a permutation p),
#        ..._forest.tsv (per region: every site, pooled, heterogeneity)

# sites in buckets by hash of the name, as participants are
SITE_BUCKETS = (
    buckets.deal(ROSTER.sites, JOBS["sites_per_job"])
    if ROSTER.known
    else {b: None for b in buckets.prefixes(ROSTER.expected_sites, JOBS["sites_per_job"])}
)


rule sites_leave_out:
    """Leave the sites of one bucket out, one at a time."""
    input:
        "results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
    output:
        "results/{study}/sites/parts/contrast-{contrast}_seed-{seed}_atlas-{atlas}_{bucket}.json",
    log:
        "results/{study}/logs/sites_leave_out_contrast-{contrast}_seed-{seed}_atlas-{atlas}_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/sites_leave_out_contrast-{contrast}_seed-{seed}_atlas-{atlas}_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=lambda w: code("sites/leave_out.py", chosen=[SITES_AS[w.contrast]]),
        seed=config["seed"],
        permutations=config["permutations"]["sites"],
        min_per_group=config["sites"]["min_per_group"],
    script:
        "../scripts/sites/leave_out.py"


rule sites_table:
    """All left-out sites in one table, and the forest of every region."""
    input:
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_atlas-{atlas}_comparison.npz",
        participants="results/{study}/cohort/contrast-{contrast}_participants.tsv",
        parts=expand(
            "results/{{study}}/sites/parts/contrast-{{contrast}}_seed-{{seed}}_atlas-{{atlas}}_{bucket}.json",
            bucket=SITE_BUCKETS,
        ),
    output:
        loso="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.tsv",
        loso_sidecar="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.json",
        forest="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.tsv",
        forest_sidecar="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.json",
    log:
        "results/{study}/logs/sites_table_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/sites_table_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("sites/table.py"),
        model=lambda w: MODELS[w.contrast],
        seed=config["seed"],
        permutations=config["permutations"]["sites"],
        min_per_group=config["sites"]["min_per_group"],
    script:
        "../scripts/sites/table.py"


rule sites_voxel:
    """Leave every site out, on maps."""
    input:
        maps="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_maps.npy",
        comparison="results/{study}/group/shards/contrast-{contrast}_seed-{seed}_space-{space}_comparison.npz",
        connectivity="results/{study}/connectivity/voxel/seed-{seed}_space-{space}_stat-fisherz_group.npy",
    output:
        table="results/{study}/sites/contrast-{contrast}_seed-{seed}_space-{space}_loso.tsv",
        sidecar="results/{study}/sites/contrast-{contrast}_seed-{seed}_space-{space}_loso.json",
    log:
        "results/{study}/logs/sites_voxel_contrast-{contrast}_seed-{seed}_space-{space}.log",
    benchmark:
        "results/{study}/benchmarks/sites_voxel_contrast-{contrast}_seed-{seed}_space-{space}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(240),
    params:
        code=code("sites/voxels.py"),
        model=lambda w: MODELS[w.contrast],
        seed=config["seed"],
        permutations=config["permutations"]["voxel_sites"],
        min_per_group=config["sites"]["min_per_group"],
    script:
        "../scripts/sites/voxels.py"


rule sites:
    """Stage sites."""
    input:
        expand(
            "results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_{table}.tsv",
            study=STUDY,
            contrast=CONTRASTS,
            seed=SEEDS,
            atlas=ATLAS,
            table=["loso", "forest"],
        ),
        # of images: the same on maps of voxels
        expand(
            "results/{study}/sites/contrast-{contrast}_seed-{seed}_space-{space}_loso.tsv",
            study=STUDY,
            contrast=CONTRASTS,
            seed=SEEDS,
            space=SPACE,
        )
        if IMAGES
        else [],


PARTS += [f"{m}_atlas-{ATLAS}_sites" for m in GROUP_MAPS] if "sites" in config["stages"] else []


rule report_sites:
    """Leaving one site out, and the forest of the largest differences."""
    input:
        roi="results/{study}/group/contrast-{contrast}_seed-{seed}_atlas-{atlas}_stat-t_roi.tsv",
        loso="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso.tsv",
        forest="results/{study}/sites/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest.tsv",
    output:
        part="results/{study}/report/parts/contrast-{contrast}_seed-{seed}_atlas-{atlas}_sites.json",
        loso=multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_loso", ".svg", ".png"
        ),
        forest=multiext(
            "results/{study}/report/figures/contrast-{contrast}_seed-{seed}_atlas-{atlas}_forest", ".svg", ".png"
        ),
    log:
        "results/{study}/logs/report_sites_contrast-{contrast}_seed-{seed}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_sites_contrast-{contrast}_seed-{seed}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("sites/report.py"),
    script:
        "../scripts/sites/report.py"
