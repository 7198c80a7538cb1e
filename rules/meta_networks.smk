rule meta_controls:
    """Sums of all region pairs' connectivity over the controls of one bucket."""
    input:
        series="results/{study}/cohort/series/{bucket}.npz",
        participants=f"results/{{study}}/cohort/contrast-{CONNECTOME.get('controls')}_participants.tsv",
    output:
        "results/{study}/meta/parts/controls_{bucket}.npz",
    log:
        "results/{study}/logs/meta_controls_{bucket}.log",
    benchmark:
        "results/{study}/benchmarks/meta_controls_{bucket}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/controls.py"),
        contrast=CONNECTOME.get("controls"),
    script:
        "../scripts/meta/controls.py"


rule meta_connectome:
    """The normative connectome, brought to its atlas."""
    input:
        regions=CONNECTOME_REGIONS,
        matrix=CONNECTOME.get("matrix", []),
        labels=CONNECTOME.get("labels", []),
        controls=(
            expand("results/{{study}}/meta/parts/controls_{bucket}.npz", bucket=BUCKETS)
            if "controls" in CONNECTOME
            else []
        ),
    output:
        arrays="results/{study}/meta/parts/connectome.npz",
        table="results/{study}/meta/connectome.tsv",
        sidecar="results/{study}/meta/connectome.json",
    log:
        "results/{study}/logs/meta_connectome.log",
    benchmark:
        "results/{study}/benchmarks/meta_connectome.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/connectome.py"),
        contrast=CONNECTOME.get("controls"),
    script:
        "../scripts/meta/connectome.py"


rule meta_networks:
    """Voxels that the connectome's regions share with the canonical networks."""
    input:
        regions=CONNECTOME_REGIONS,
        image=META["networks"]["image"] if "networks" in META else [],
        atlas_image=CONNECTOME_IMAGE or [],
        shares=shipped("config/networks.tsv"),
    output:
        table="results/{study}/meta/networks.tsv",
        sidecar="results/{study}/meta/networks.json",
    log:
        "results/{study}/logs/meta_networks.log",
    benchmark:
        "results/{study}/benchmarks/meta_networks.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/networks.py"),
        names=META["networks"]["names"] if "networks" in META else None,
        atlas=CONNECTOME_ATLAS,
    script:
        "../scripts/meta/networks.py"


rule meta_network:
    """Convergent connectivity of one comparison, against random foci."""
    input:
        foci="results/{study}/meta/foci.tsv",
        # another analysis changes nothing here
        checked=ancient("results/{study}/meta/parts/checked"),
        connectome="results/{study}/meta/parts/connectome.npz",
        regions=CONNECTOME_REGIONS,
        image=CONNECTOME_IMAGE or [],
        networks="results/{study}/meta/networks.tsv",
    output:
        table="results/{study}/meta/comparison-{comparison}_network.tsv",
        sidecar="results/{study}/meta/comparison-{comparison}_network.json",
        canonical="results/{study}/meta/comparison-{comparison}_canonical.tsv",
        canonical_sidecar="results/{study}/meta/comparison-{comparison}_canonical.json",
        unmapped="results/{study}/meta/comparison-{comparison}_unmapped.tsv",
        unmapped_sidecar="results/{study}/meta/comparison-{comparison}_unmapped.json",
        draws="results/{study}/meta/parts/comparison-{comparison}_network.npz",
    log:
        "results/{study}/logs/meta_network_comparison-{comparison}.log",
    benchmark:
        "results/{study}/benchmarks/meta_network_comparison-{comparison}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/network.py"),
        rules=lambda w: COMPARISONS[w.comparison],
        seed=config["seed"],
        draws=config["permutations"]["meta_network"],
    script:
        "../scripts/meta/network.py"


rule meta_difference:
    """Is one comparison's connectivity different from another's?"""
    input:
        parts=lambda w: [f"results/{w.study}/meta/parts/comparison-{c}_network.npz" for c in DIFFERENCES[w.difference]],
        connectome="results/{study}/meta/parts/connectome.npz",
        networks="results/{study}/meta/networks.tsv",
    output:
        table="results/{study}/meta/difference-{difference}_network.tsv",
        sidecar="results/{study}/meta/difference-{difference}_network.json",
        canonical="results/{study}/meta/difference-{difference}_canonical.tsv",
        canonical_sidecar="results/{study}/meta/difference-{difference}_canonical.json",
    log:
        "results/{study}/logs/meta_difference_{difference}.log",
    benchmark:
        "results/{study}/benchmarks/meta_difference_{difference}.tsv"
    wildcard_constraints:
        difference="|".join(map(re.escape, DIFFERENCES)) or "none",
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(15),
    params:
        code=code("meta/difference.py"),
        seed=config["seed"],
        draws=config["permutations"]["meta_network"],
    script:
        "../scripts/meta/difference.py"


PARTS += ["meta_networks"] if HAS_META and CONNECTOME else []


rule report_meta_networks:
    """Convergent connectivity of the comparisons and of their differences."""
    input:
        tables=[f"results/{{study}}/meta/comparison-{c}_network.tsv" for c in COMPARISONS]
        + [f"results/{{study}}/meta/difference-{d}_network.tsv" for d in DIFFERENCES],
        canonical=[f"results/{{study}}/meta/comparison-{c}_canonical.tsv" for c in COMPARISONS]
        + [f"results/{{study}}/meta/difference-{d}_canonical.tsv" for d in DIFFERENCES],
        sidecars=[f"results/{{study}}/meta/comparison-{c}_network.json" for c in COMPARISONS],
        unmapped=[f"results/{{study}}/meta/comparison-{c}_unmapped.tsv" for c in COMPARISONS],
        connectome="results/{study}/meta/connectome.json",
        regions=CONNECTOME_REGIONS,
        image=CONNECTOME_IMAGE or [],
    output:
        part="results/{study}/report/parts/meta_networks.json",
        brains=expand(
            "results/{{study}}/report/figures/meta_comparison-{comparison}_network.{kind}",
            comparison=COMPARISONS,
            kind=["svg", "png"],
        ),
        canonical=multiext("results/{study}/report/figures/meta_canonical", ".svg", ".png"),
    log:
        "results/{study}/logs/report_meta_networks.log",
    benchmark:
        "results/{study}/benchmarks/report_meta_networks.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(15),
    params:
        code=code("meta/report_networks.py"),
        names=[*COMPARISONS, *DIFFERENCES],
        comparisons=list(COMPARISONS),
    script:
        "../scripts/meta/report_networks.py"
