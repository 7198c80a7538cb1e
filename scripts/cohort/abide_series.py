"""Download the series of one bucket of ABIDE's participants."""

from amygene.cohort import abide
from amygene.cohort.buckets import holds
from amygene.cohort.sheet import read_sheet
from job import start

start(snakemake.log[0])
params = snakemake.params
sheet = read_sheet(snakemake.input.sheet)
listed = zip(sheet["participant_id"], sheet["excluded"], strict=True)
members = [p for p, excluded in listed if not excluded and holds(snakemake.wildcards.bucket, p)]
absent = abide.download_series(members, params.root, params.pipeline, params.global_signal_regression, params.url)
print(
    f"{len(members) - len(absent)} files are there; the server does not have those of: {', '.join(absent) or 'nobody'}"
)
