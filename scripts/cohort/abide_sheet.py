"""Download ABIDE's phenotypes and make the participants sheet."""

from amygene.cohort import abide
from amygene.io.files import replacing
from job import start

start(snakemake.log[0])
params = snakemake.params
phenotypes = abide.download_phenotypes(params.root, params.pipeline, params.url)
sheet = abide.participants(phenotypes, params.root, params.pipeline, params.global_signal_regression)
with replacing(snakemake.output.sheet) as beside:
    sheet.to_csv(beside, sep="\t", index=False)
