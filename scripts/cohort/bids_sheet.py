"""The dataset's participants sheet, and who lacks a scan or a row in it."""

from amygene.cohort import bids
from amygene.cohort.sheet import read_sheet
from amygene.io.files import replacing
from job import start

start(snakemake.log[0])
sheet = snakemake.input.sheet
people = bids.participants(read_sheet(sheet), sheet, dict(snakemake.params.sessions), snakemake.params.first)
with replacing(snakemake.output.sheet) as beside:
    people.to_csv(beside, sep="\t", index=False)
