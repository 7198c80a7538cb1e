"""Make the participants sheet of a copy of the REST-meta-MDD release."""

from pathlib import Path

from amygene.cohort import rest_meta_mdd
from amygene.io.files import replacing
from job import start

start(snakemake.log[0])
files = {p: str(Path(f).resolve()) for p, f in snakemake.params.files.items()}
motion = rest_meta_mdd.read_motion(snakemake.input.motion) if snakemake.input.get("motion") else None
if motion is None:
    print("no table of head motion is given (cohort.motion): the sheet has no column mean_fd")
sheet = rest_meta_mdd.participants(files, rest_meta_mdd.read_phenotypes(snakemake.input.workbook), motion)
with replacing(snakemake.output.sheet) as beside:
    sheet.to_csv(beside, sep="\t", index=False)
