# Report: what should a person see?
# Reads  parts/*.json (what one job has to show), made by the report rules at the end of every stage's file
# Writes results/{study}/report/index.html (one file, nothing from the network), figures/*.svg and *.png,
#        methods.md, provenance.json

# packages whose data this study uses: their licences and citations are shown
USED_RESOURCES = {
    package: entry
    for package, entry in RESOURCES.items()
    if any(f.startswith(f"resources/{package}/") for f in USED_FILES)
}


rule report_page:
    """One page with everything, the methods section, and where every number comes from."""
    input:
        parts=expand("results/{{study}}/report/parts/{part}.json", part=PARTS),
        templates=multiext("scripts/amygene/report/templates/page", ".html.j2", ".css", ".js"),
    output:
        page="results/{study}/report/index.html",
        methods="results/{study}/report/methods.md",
        provenance="results/{study}/report/provenance.json",
    log:
        "results/{study}/logs/report_page.log",
    benchmark:
        "results/{study}/benchmarks/report_page.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("report/page.py"),
        config=config,
        models=MODELS,
        images=IMAGES,
        resources=USED_RESOURCES,
    script:
        "../scripts/report/page.py"


rule report:
    """Stage report."""
    input:
        f"results/{STUDY}/report/index.html",
