"""Fetch one pinned package."""

from amygene.io.resources import fetch_artifact
from job import start

start(snakemake.log[0])
fetch_artifact(snakemake.params.package, snakemake.params.version, snakemake.params.sha256, snakemake.output[0])
