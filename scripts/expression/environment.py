"""Make the environment of the jobs that run abagen."""

from pathlib import Path

from amygene.io.environments import make_environment
from amygene.io.files import sha256
from job import start

start(snakemake.log[0])
requirements, ready = snakemake.input.requirements, Path(snakemake.output.ready)
make_environment(requirements, ready.parent)
ready.write_text(f"{sha256(requirements)}  {requirements}\n")
