def receptor_images(wildcards):
    """Images of receptors that are there; the job tells about those that are not."""
    if "neuromaps" in RECEPTORS:
        return [f"resources/neuromaps/{receptor}" for receptor in RECEPTORS["neuromaps"]]
    if "folder" in RECEPTORS:
        return sorted(str(p) for p in Path(RECEPTORS["folder"]).glob("*.nii*"))
    return []


rule meta_ale_map:
    """Convergence of one comparison by region of the study's atlas."""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        ale="results/{study}/meta/parts/comparison-{comparison}_subgroup-all_ale.npz",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
    output:
        table="results/{study}/meta/meta-ale_comparison-{comparison}_atlas-{atlas}_map.tsv",
        sidecar="results/{study}/meta/meta-ale_comparison-{comparison}_atlas-{atlas}_map.json",
    log:
        "results/{study}/logs/meta_ale_map_comparison-{comparison}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_ale_map_comparison-{comparison}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/ale_map.py"),
    script:
        "../scripts/meta/ale_map.py"


rule meta_network_map:
    """Convergent connectivity of one comparison by region of the study's atlas."""
    input:
        table="results/{study}/meta/comparison-{comparison}_network.tsv",
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
        connectome_regions=CONNECTOME_REGIONS,
        connectome_image=CONNECTOME_IMAGE or [],
    output:
        table="results/{study}/meta/meta-network_comparison-{comparison}_atlas-{atlas}_map.tsv",
        sidecar="results/{study}/meta/meta-network_comparison-{comparison}_atlas-{atlas}_map.json",
    log:
        "results/{study}/logs/meta_network_map_comparison-{comparison}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_network_map_comparison-{comparison}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/network_map.py"),
    script:
        "../scripts/meta/network_map.py"


rule meta_run_map:
    """A group map or a map of the user's own, to be held against the meta-analytic ones."""
    input:
        unpack(map_source),
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
    output:
        table="results/{study}/meta/parts/{map}_atlas-{atlas}_map.tsv",
        sidecar="results/{study}/meta/parts/{map}_atlas-{atlas}_map.json",
    log:
        "results/{study}/logs/meta_run_map_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_run_map_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/run_map.py"),
        columns=map_columns,
    script:
        "../scripts/meta/run_map.py"


rule meta_targets:
    """Targets of stimulation: how far from the clusters, and connected with what?"""
    input:
        grid="results/{study}/meta/parts/grid.npz",
        ale=[f"results/{{study}}/meta/parts/comparison-{c}_subgroup-all_ale.npz" for c in COMPARISONS],
        clusters=[f"results/{{study}}/meta/comparison-{c}_subgroup-all_clusters.tsv" for c in COMPARISONS],
        connectome="results/{study}/meta/parts/connectome.npz" if CONNECTOME else [],
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
        connectome_regions=CONNECTOME_REGIONS if CONNECTOME else [],
        connectome_image=(CONNECTOME_IMAGE or []) if CONNECTOME else [],
    output:
        table="results/{study}/meta/atlas-{atlas}_targets.tsv",
        sidecar="results/{study}/meta/atlas-{atlas}_targets.json",
        circuits="results/{study}/meta/atlas-{atlas}_circuits.tsv",
        circuits_sidecar="results/{study}/meta/atlas-{atlas}_circuits.json",
    log:
        "results/{study}/logs/meta_targets_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_targets_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/targets.py"),
        targets=TARGETS,
        comparisons=list(COMPARISONS),
    script:
        "../scripts/meta/targets.py"


rule meta_similarity:
    """Correlation of every two maps of the run, under null maps."""
    input:
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        run=expand("results/{{study}}/meta/parts/{map}_atlas-{{atlas}}_map.tsv", map=RUN_MAPS),
        meta=expand("results/{{study}}/meta/{map}_atlas-{{atlas}}_map.tsv", map=META_MAPS),
        circuits="results/{study}/meta/atlas-{atlas}_circuits.tsv",
    output:
        table="results/{study}/meta/atlas-{atlas}_similarity.tsv",
        sidecar="results/{study}/meta/atlas-{atlas}_similarity.json",
    log:
        "results/{study}/logs/meta_similarity_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_similarity_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("meta/similarity.py"),
        run_maps=RUN_MAPS,
        meta_maps=META_MAPS,
        method=META["nulls"],
        seed=config["seed"],
        null_maps=NULL_MAPS,
    script:
        "../scripts/meta/similarity.py"


rule meta_receptor_download:
    """Download the maps of one receptor through neuromaps."""
    input:
        [],
    output:
        directory("resources/neuromaps/{receptor}"),
    log:
        "resources/logs/meta_receptor_download_{receptor}.log",
    benchmark:
        "resources/benchmarks/meta_receptor_download_{receptor}.tsv"
    wildcard_constraints:
        receptor="|".join(map(re.escape, RECEPTORS.get("neuromaps", []))) or "none",
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/receptor_download.py"),
    script:
        "../scripts/meta/receptor_download.py"


rule meta_receptors:
    """Density of every receptor by region: tracers averaged by sample size."""
    input:
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
        images=receptor_images,
        list=RECEPTORS.get("table", []),
    output:
        table="results/{study}/meta/atlas-{atlas}_receptors.tsv",
        sidecar="results/{study}/meta/atlas-{atlas}_receptors.json",
    log:
        "results/{study}/logs/meta_receptors_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_receptors_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(30),
    params:
        code=code("meta/receptors.py"),
        folder=RECEPTORS.get("folder"),
        neuromaps=RECEPTORS.get("neuromaps"),
    script:
        "../scripts/meta/receptors.py"


rule meta_receptor_tests:
    """Do maps follow receptors, and are receptors dense in clusters?"""
    input:
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        image=ATLAS_IMAGE or [],
        grid="results/{study}/meta/parts/grid.npz",
        receptors="results/{study}/meta/atlas-{atlas}_receptors.tsv",
        run=expand("results/{{study}}/meta/parts/{map}_atlas-{{atlas}}_map.tsv", map=RUN_MAPS),
        meta=expand("results/{{study}}/meta/{map}_atlas-{{atlas}}_map.tsv", map=META_MAPS),
        ale=[f"results/{{study}}/meta/parts/comparison-{c}_subgroup-all_ale.npz" for c in COMPARISONS],
        clusters=[f"results/{{study}}/meta/comparison-{c}_subgroup-all_clusters.tsv" for c in COMPARISONS],
    output:
        maps="results/{study}/meta/atlas-{atlas}_receptor-maps.tsv",
        maps_sidecar="results/{study}/meta/atlas-{atlas}_receptor-maps.json",
        clusters="results/{study}/meta/atlas-{atlas}_receptor-clusters.tsv",
        clusters_sidecar="results/{study}/meta/atlas-{atlas}_receptor-clusters.json",
    log:
        "results/{study}/logs/meta_receptor_tests_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/meta_receptor_tests_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("meta/receptor_tests.py"),
        run_maps=RUN_MAPS,
        meta_maps=META_MAPS,
        comparisons=list(COMPARISONS),
        method=META["nulls"],
        seed=config["seed"],
        null_maps=NULL_MAPS,
    script:
        "../scripts/meta/receptor_tests.py"


PARTS += [f"meta_atlas-{ATLAS}_joins"] if HAS_META else []


rule report_meta_joins:
    """Meta-analytic maps beside the others, targets of stimulation, receptors."""
    input:
        similarity="results/{study}/meta/atlas-{atlas}_similarity.tsv",
        targets="results/{study}/meta/atlas-{atlas}_targets.tsv",
        clusters=[f"results/{{study}}/meta/comparison-{c}_subgroup-all_clusters.tsv" for c in COMPARISONS],
        receptor_maps="results/{study}/meta/atlas-{atlas}_receptor-maps.tsv" if RECEPTORS else [],
        receptor_clusters="results/{study}/meta/atlas-{atlas}_receptor-clusters.tsv" if RECEPTORS else [],
    output:
        part="results/{study}/report/parts/meta_atlas-{atlas}_joins.json",
        similarity=multiext("results/{study}/report/figures/meta_atlas-{atlas}_similarity", ".svg", ".png"),
        targets=multiext("results/{study}/report/figures/meta_atlas-{atlas}_targets", ".svg", ".png"),
        receptors=(
            multiext("results/{study}/report/figures/meta_atlas-{atlas}_receptors", ".svg", ".png")
            if RECEPTORS
            else []
        ),
    log:
        "results/{study}/logs/report_meta_atlas-{atlas}_joins.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_atlas-{atlas}_joins.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        code=code("meta/report_joins.py"),
        comparisons=list(COMPARISONS),
        run_maps=RUN_MAPS,
    script:
        "../scripts/meta/report_joins.py"
