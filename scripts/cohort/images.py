"""Read the images of one bucket of participants to their end."""

from amygene.cohort.images import DefaultMask, check_images, write_signal
from amygene.imaging.scans import Scan
from amygene.imaging.series_pack import write_findings
from job import start

start(snakemake.log[0])
members = {p: [Scan(**scan) for scan in scans] for p, scans in snakemake.params.members.items()}
signal, findings = check_images(members, snakemake.params.sessions, DefaultMask(snakemake.input.default_mask))
write_signal(snakemake.output.signal, signal)
write_findings(snakemake.output.findings, findings)
print(f"{len(signal)} of {len(members)} participants can be read")
