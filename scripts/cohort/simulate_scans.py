"""Simulate the scans of one bucket of participants."""

from amygene.cohort import simulated_scans
from amygene.cohort.simulated_scans import Anatomy, Person
from amygene.imaging.images import write_image, write_scan
from amygene.io.files import read_arrays
from amygene.io.tables import write_json, write_text_table
from job import start

start(snakemake.log[0])
settings, seed = snakemake.params.settings, snakemake.params.seed
root = snakemake.output[0].rsplit("/", 1)[0]
anatomy = Anatomy.from_arrays(read_arrays(snakemake.input.anatomy))
for person in [Person(**member) for member in snakemake.params.members]:
    for number, session in enumerate(simulated_scans.sessions_of(person, settings)):
        scan = simulated_scans.simulate(anatomy, person, number, settings, list(settings["sites"]), seed)
        files = simulated_scans.files_of(person.participant, session, root)
        write_scan(files.bold, scan.values, anatomy.grid, scan.repetition_time, simulated_scans.STEP)
        write_image(files.mask, scan.mask.astype("uint8"), anatomy.grid)
        write_json(files.bold.replace(".nii.gz", ".json"), {"RepetitionTime": scan.repetition_time, "TaskName": "rest"})
        write_text_table(files.confounds, scan.confounds)
        write_json(files.confounds.replace(".tsv", ".json"), scan.metadata)
