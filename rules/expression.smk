# Expression: which genes are expressed where?
# Reads  the embedded matrix, a table of one's own, or the AHBA microarray data through abagen
# Writes results/{study}/expression/atlas-{atlas}_expression.parquet (regions x genes), ..._coverage.tsv

EXPRESSION = config["expression"]
# the matrix of each source, with the column that names its regions
EXPRESSION_TABLES = {
    "DK83": "resources/imaging-transcriptomics/gene_expression_data.csv",
    "table": EXPRESSION.get("table"),
    "abagen": "results/{study}/expression/abagen/atlas-{atlas}_main.parquet",
}


rule expression_table:
    """Bring the expression matrix into the atlas's order; say which regions it lacks."""
    input:
        matrix=EXPRESSION_TABLES.get(EXPRESSION.get("source"), []) or [],
        samples=(
            "results/{study}/expression/abagen/atlas-{atlas}_main_samples.tsv"
            if EXPRESSION.get("source") == "abagen"
            else []
        ),
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
    output:
        expression="results/{study}/expression/atlas-{atlas}_expression.parquet",
        expression_sidecar="results/{study}/expression/atlas-{atlas}_expression.json",
        # the same matrix as jobs read it: fifteen thousand columns of parquet take longer than their use
        arrays="results/{study}/expression/parts/atlas-{atlas}_expression.npz",
        coverage="results/{study}/expression/atlas-{atlas}_coverage.tsv",
        coverage_sidecar="results/{study}/expression/atlas-{atlas}_coverage.json",
    log:
        "results/{study}/logs/expression_table_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/expression_table_atlas-{atlas}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code("expression_table.py"),
        source=EXPRESSION.get("source"),
    script:
        "../scripts/expression_table.py"


rule expression:
    """Stage expression."""
    input:
        f"results/{STUDY}/expression/atlas-{ATLAS}_expression.parquet" if EXPRESSION.get("source") else [],
