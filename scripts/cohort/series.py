"""Read and check the series of one bucket of participants."""

from pathlib import Path

from amygene.imaging.series import Layout
from amygene.imaging.series_pack import check_members, read_labels, write_findings, write_pack
from job import start

start(snakemake.log[0])
members = dict(snakemake.params.members)
if snakemake.input.get("sheet"):
    # a downloaded cohort: who belongs to the bucket is known only now
    from amygene.cohort.buckets import holds
    from amygene.cohort.sheet import read_sheet

    sheet = read_sheet(snakemake.input.sheet)
    listed = zip(sheet["participant_id"], sheet["timeseries"], sheet["excluded"], strict=True)
    members = {p: file for p, file, excluded in listed if not excluded and holds(snakemake.wildcards.bucket, p)}
labels = read_labels(snakemake.input.regions)
layout = Layout(labels, tuple(snakemake.params.widths), snakemake.params.first_column)
series, findings = check_members(members, layout)
write_pack(snakemake.output.series, series, labels)
write_findings(snakemake.output.findings, findings)
print(f"{len(series)} of {len(members)} participants of bucket {Path(snakemake.output.series).stem} can be read")
