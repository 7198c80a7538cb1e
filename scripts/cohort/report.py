"""Part of the report: who takes part, and what the data are like."""

from amygene.report.figures.cohort import quality
from amygene.report.parts import Files, write_part
from amygene.report.sections import cohort
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
participants, qc = files.table(source.participants), files.table(source.qc)
# of participants with several scans the first, at which the groups are compared
first = qc.content.drop_duplicates("participant_id").reset_index(drop=True)
case = None
if params.contrast is not None:
    role = participants.content.set_index("participant_id")[f"contrast-{params.contrast}"]
    case = (role == "case").loc[first["participant_id"]].reset_index(drop=True)
save(quality(first, case, params.seed), *output.figure)
shown = cohort.part(
    participants,
    files.table(source.excluded),
    files.table(source.summary),
    qc,
    files.picture(output.figure[0]),
    params.contrasts,
    params.seed,
)
write_part(output.part, "cohort", shown, source)
