"""Find out what cleaning will leave of one bucket of participants."""

from amygene.cohort.images import check_confounds
from amygene.imaging.scans import Scan
from amygene.imaging.series_pack import write_findings
from job import start

start(snakemake.log[0])
members = {p: [Scan(**scan) for scan in scans] for p, scans in snakemake.params.members.items()}
findings = check_confounds(members, snakemake.params.sessions, snakemake.params.cleaning)
write_findings(snakemake.output[0], findings)
print(f"{sum('problem' not in f for f in findings)} of {len(members)} participants can be cleaned")
