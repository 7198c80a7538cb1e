# Expression: which genes are expressed where?
# Reads  the embedded matrix, a table of one's own, or the AHBA microarray data through abagen
# Writes results/{study}/expression/atlas-{atlas}_expression.parquet (regions x genes), ..._coverage.tsv;
#        results/{study}/expression/abagen/ (the matrix of every variant of the processing, samples per region)
#        resources/envs/abagen/ (abagen's own environment), resources/ahba/ (the donors, if they are downloaded)

import json

from amygene.expression import ahba, multiverse

EXPRESSION = config["expression"]
# the matrix of each source, with the column that names its regions
EXPRESSION_TABLES = {
    "DK83": "resources/imaging-transcriptomics/gene_expression_data.csv",
    "table": EXPRESSION.get("table"),
    "abagen": "results/{study}/expression/abagen/atlas-{atlas}_main.parquet",
}
DONORS_FOLDER = EXPRESSION.get("donors_folder", "resources/ahba/microarray")
# settings of the main matrix and, in a multiverse, of its variants
VARIANTS = multiverse.variants(EXPRESSION)


def donor_files(wildcards):
    """Files of a variant's donors; of one's own folder those that are there, the job tells about the others."""
    folders = [ahba.donor_folder(donor) for donor in VARIANTS[wildcards.variant]["donors"]]
    files = [f"{DONORS_FOLDER}/{folder}/{file}" for folder in folders for file in ahba.FILES]
    return [f for f in files if os.path.isfile(f)] if "donors_folder" in EXPRESSION else files


rule expression_environment:
    """An environment for abagen, which cannot share the main one."""
    input:
        requirements="envs/abagen/requirements.txt",
    output:
        ready="resources/envs/abagen/ready",
    log:
        "resources/logs/expression_environment.log",
    benchmark:
        "resources/benchmarks/expression_environment.tsv"
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(20),
    params:
        code=code("expression/environment.py"),
    script:
        "../scripts/expression/environment.py"


rule expression_download:
    """Download one donor's microarray data from the Allen Institute."""
    input:
        # another environment does not give other data
        environment=ancient("resources/envs/abagen/ready"),
    output:
        expand(
            "resources/ahba/microarray/normalized_microarray_donor{{donor}}/{file}",
            file=ahba.FILES,
        ),
    log:
        "resources/logs/expression_download_{donor}.log",
    benchmark:
        "resources/benchmarks/expression_download_{donor}.tsv"
    wildcard_constraints:
        donor="|".join(map(str, ahba.DONORS)),
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(120),
    shell:
        "resources/envs/abagen/bin/python -s scripts/expression/download.py"
        " --donor {wildcards.donor} --folder resources/ahba/microarray --log {log:q}"


rule expression_abagen:
    """Regions x genes from the donors' samples, with one set of choices."""
    input:
        environment="resources/envs/abagen/ready",
        image=ATLAS_IMAGE or [],
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        donors=donor_files,
    output:
        expression="results/{study}/expression/abagen/atlas-{atlas}_{variant}.parquet",
        expression_sidecar="results/{study}/expression/abagen/atlas-{atlas}_{variant}.json",
        samples="results/{study}/expression/abagen/atlas-{atlas}_{variant}_samples.tsv",
        samples_sidecar="results/{study}/expression/abagen/atlas-{atlas}_{variant}_samples.json",
    log:
        "results/{study}/logs/expression_abagen_atlas-{atlas}_{variant}.log",
    benchmark:
        "results/{study}/benchmarks/expression_abagen_atlas-{atlas}_{variant}.tsv"
    wildcard_constraints:
        variant="|".join(VARIANTS),
    resources:
        mem_mb=per_attempt(6000),
        runtime=per_attempt(60),
    params:
        code=code("expression/abagen.py", own=True),
        settings=lambda w: json.dumps(VARIANTS[w.variant]),
        donors_folder=DONORS_FOLDER,
    shell:
        "resources/envs/abagen/bin/python -s scripts/expression/abagen.py"
        " --settings {params.settings:q} --image {input.image:q} --regions {input.regions:q}"
        " --donors-folder {params.donors_folder:q} --expression {output.expression:q}"
        " --samples {output.samples:q} --log {log:q}"


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
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("expression/table.py"),
        source=EXPRESSION.get("source"),
    script:
        "../scripts/expression/table.py"


rule expression:
    """Stage expression."""
    input:
        f"results/{STUDY}/expression/atlas-{ATLAS}_expression.parquet" if EXPRESSION.get("source") else [],
