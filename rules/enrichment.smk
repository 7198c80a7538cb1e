# Enrichment: which processes, cells and ages follow the map?
# Reads  null maps, expression, genes, collections of gene sets
# Writes results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_sets.tsv (per set: score, p under
#        null maps, p against co-expression-matched random sets, hypergeometric replicate), ..._clusters.tsv
#        (which significant sets say the same), ..._gsea.tsv (replicate, if wanted), ..._fisher.tsv (replicate);
#        collection-{collection}_psi.parquet, ..._classes.tsv, ..._sets.gmt (of collections that are made here from
#        expression in classes: cell types, or BrainSpan's regions and stages)

ENRICHMENT = config["enrichment"]
# collection -> its GMT file
GMT_FILES = {
    "GOBP": "resources/blitzgsea/GO_Biological_Process_2023.gmt",
    "KEGG": "resources/blitzgsea/KEGG_2021_Human.gmt",
    "LAKE": "resources/imaging-transcriptomics/geneset_LAKE.gmt",
    "CELLS": "resources/imaging-transcriptomics/geneset_Pooled.gmt",
}
OWN_COLLECTIONS = {c["name"]: c for c in ENRICHMENT["collections"] if isinstance(c, dict)}
# made here from expression in classes; the values that the authors of the index use
SPECIFIC = {
    name: {"thresholds": [0.05, 0.01, 0.001, 0.0001], "min_expression": 0.3, "draws": 50, **c}
    for name, c in OWN_COLLECTIONS.items()
    if "gmt" not in c
}
GMT_FILES |= {
    name: c.get("gmt", f"results/{STUDY}/enrichment/collection-{name}_sets.gmt") for name, c in OWN_COLLECTIONS.items()
}
COLLECTIONS = [c["name"] if isinstance(c, dict) else c for c in ENRICHMENT["collections"]]


rule enrichment_specificity:
    """How specific every gene is to each class of an expression table: specificity index and p."""
    input:
        expression=lambda w: SPECIFIC[w.collection].get("specificity", SPECIFIC[w.collection].get("brainspan")),
        regions=lambda w: shipped("config/brainspan_regions.tsv") if "brainspan" in SPECIFIC[w.collection] else [],
        stages=lambda w: shipped("config/brainspan_stages.tsv") if "brainspan" in SPECIFIC[w.collection] else [],
    output:
        gmt="results/{study}/enrichment/collection-{collection}_sets.gmt",
        gmt_sidecar="results/{study}/enrichment/collection-{collection}_sets.json",
        p="results/{study}/enrichment/collection-{collection}_psi.parquet",
        p_sidecar="results/{study}/enrichment/collection-{collection}_psi.json",
        classes="results/{study}/enrichment/collection-{collection}_classes.tsv",
        classes_sidecar="results/{study}/enrichment/collection-{collection}_classes.json",
    log:
        "results/{study}/logs/enrichment_specificity_{collection}.log",
    benchmark:
        "results/{study}/benchmarks/enrichment_specificity_{collection}.tsv"
    wildcard_constraints:
        collection="|".join(SPECIFIC) or "none",
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(60),
    params:
        code=code("enrichment/specificity.py"),
        brainspan=lambda w: "brainspan" in SPECIFIC[w.collection],
        thresholds=lambda w: SPECIFIC[w.collection]["thresholds"],
        min_expression=lambda w: SPECIFIC[w.collection]["min_expression"],
        draws=lambda w: SPECIFIC[w.collection]["draws"],
        seed=config["seed"],
    script:
        "../scripts/enrichment/specificity.py"


rule enrichment_fisher:
    """The listed genes among those specific to a class, at several thresholds: a replicate."""
    input:
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        p="results/{study}/enrichment/collection-{collection}_psi.parquet",
    output:
        table="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_fisher.tsv",
        sidecar="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_fisher.json",
    log:
        "results/{study}/logs/enrichment_fisher_{map}_atlas-{atlas}_{collection}.log",
    benchmark:
        "results/{study}/benchmarks/enrichment_fisher_{map}_atlas-{atlas}_{collection}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("enrichment/fisher.py"),
        thresholds=lambda w: SPECIFIC[w.collection]["thresholds"],
    script:
        "../scripts/enrichment/fisher.py"


rule enrichment_pools:
    """Pools of genes that are expressed together in the map's regions, to draw random sets from."""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
    output:
        "results/{study}/enrichment/parts/{map}_atlas-{atlas}_pools.npz",
    log:
        "results/{study}/logs/enrichment_pools_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/enrichment_pools_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(30),
    params:
        code=code("enrichment/pools.py"),
        correlation=GENES["correlation"],
        seed=config["seed"],
    script:
        "../scripts/enrichment/pools.py"


rule enrichment_sets:
    """Score every set of a collection against null maps and against random sets."""
    input:
        maps="results/{study}/genes/parts/{map}_atlas-{atlas}_nulls.npz",
        expression="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
        pools="results/{study}/enrichment/parts/{map}_atlas-{atlas}_pools.npz",
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        gmt=lambda w: GMT_FILES[w.collection],
    output:
        table="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_sets.tsv",
        sidecar="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_sets.json",
        clusters="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_clusters.tsv",
        clusters_sidecar="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_clusters.json",
    log:
        "results/{study}/logs/enrichment_sets_{map}_atlas-{atlas}_{collection}.log",
    benchmark:
        "results/{study}/benchmarks/enrichment_sets_{map}_atlas-{atlas}_{collection}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(60),
    params:
        code=code("enrichment/sets.py"),
        correlation=GENES["correlation"],
        score=ENRICHMENT["score"],
        min_size=ENRICHMENT["min_size"],
        max_size=ENRICHMENT["max_size"],
        random_sets=ENRICHMENT["random_sets"],
        seed=config["seed"],
    script:
        "../scripts/enrichment/sets.py"


rule enrichment_gsea:
    """Gene set enrichment analysis of the ranked genes: a replicate, its null is random genes."""
    input:
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
        gmt=lambda w: GMT_FILES[w.collection],
    output:
        table="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_gsea.tsv",
        sidecar="results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_gsea.json",
    log:
        "results/{study}/logs/enrichment_gsea_{map}_atlas-{atlas}_{collection}.log",
    benchmark:
        "results/{study}/benchmarks/enrichment_gsea_{map}_atlas-{atlas}_{collection}.tsv"
    resources:
        mem_mb=per_attempt(2500),
        runtime=per_attempt(60),
    params:
        code=code("enrichment/gsea.py"),
        min_size=ENRICHMENT["min_size"],
        max_size=ENRICHMENT["max_size"],
        permutations=ENRICHMENT["random_sets"],
        seed=config["seed"],
    script:
        "../scripts/enrichment/gsea.py"


rule enrichment:
    """Stage enrichment."""
    input:
        expand(
            "results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_sets.tsv",
            study=STUDY,
            map=MAPS,
            atlas=ATLAS,
            collection=COLLECTIONS,
        ),
        expand(
            "results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_gsea.tsv",
            study=STUDY,
            map=MAPS,
            atlas=ATLAS,
            collection=[c for c in COLLECTIONS if c in ENRICHMENT["gsea"]],
        ),
        expand(
            "results/{study}/enrichment/{map}_atlas-{atlas}_collection-{collection}_fisher.tsv",
            study=STUDY,
            map=MAPS,
            atlas=ATLAS,
            collection=SPECIFIC,
        ),


if EXPRESSION.get("source") and "enrichment" in config["stages"]:
    PARTS += [f"{m}_atlas-{ATLAS}_enrichment" for m in MAPS]
    USED_FILES += [GMT_FILES[c] for c in COLLECTIONS]


rule report_enrichment:
    """The sets with the smallest p, and the network of sets that share genes, of every collection."""
    input:
        sets=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_sets.tsv",
            collection=COLLECTIONS,
        ),
        clusters=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_clusters.tsv",
            collection=COLLECTIONS,
        ),
        gmt=[GMT_FILES[c] for c in COLLECTIONS],
        gsea=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_gsea.tsv",
            collection=ENRICHMENT["gsea"],
        ),
        # of collections made from expression in classes
        tables=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_sets.tsv",
            collection=SPECIFIC,
        ),
        fisher=expand(
            "results/{{study}}/enrichment/{{map}}_atlas-{{atlas}}_collection-{collection}_fisher.tsv",
            collection=SPECIFIC,
        ),
        classes=expand(
            "results/{{study}}/enrichment/collection-{collection}_classes.tsv",
            collection=SPECIFIC,
        ),
        genes="results/{study}/genes/{map}_atlas-{atlas}_genes.tsv",
    output:
        part="results/{study}/report/parts/{map}_atlas-{atlas}_enrichment.json",
        bubbles=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_bubbles.{kind}",
            collection=COLLECTIONS,
            kind=["svg", "png"],
        ),
        network=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_network.{kind}",
            collection=COLLECTIONS,
            kind=["svg", "png"],
        ),
        classes=expand(
            "results/{{study}}/report/figures/{{map}}_atlas-{{atlas}}_collection-{collection}_classes.{kind}",
            collection=SPECIFIC,
            kind=["svg", "png"],
        ),
    log:
        "results/{study}/logs/report_enrichment_{map}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/report_enrichment_{map}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("enrichment/report.py"),
        collections=COLLECTIONS,
        gsea=ENRICHMENT["gsea"],
        specific=list(SPECIFIC),
    script:
        "../scripts/enrichment/report.py"
