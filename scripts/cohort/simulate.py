"""Make a cohort with planted truth."""

import pandas as pd

from amygene.cohort import simulated, simulated_treatment
from amygene.cohort.mat import write_mat
from amygene.enrichment.sets import read_gmt
from amygene.expression.alignment import read_dk83, set_profile
from amygene.io.files import replacing
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
settings, seed = snakemake.params.settings, snakemake.params.seed
regions = read_table(snakemake.input.regions)
expression = read_dk83(snakemake.input.expression)
sets = read_gmt(snakemake.input.sets)
simulated.check_settings(settings, set(regions["region"]), sets)
profile = set_profile(expression, sets[settings["category"]], regions)
truth = simulated.planted(regions, settings["regions"], settings["effect"], profile, settings["category_effect"])
sheet = simulated.phenotypes(settings["sites"], seed)
brain = simulated.Brain(regions)
attended = simulated_treatment.attendance(settings)
for participant, session, values in simulated_treatment.all_series(brain, truth, sheet, settings, attended, seed):
    write_mat(f"{snakemake.output.series}/../{simulated.file_name(participant, session)}", values)
written = {"sheet": sheet}
if attended:
    written["sessions"], written["outcomes"] = simulated_treatment.sheets(
        sheet, settings["outcome_correlation"], attended, seed
    )
for name, table in written.items():
    with replacing(snakemake.output[name]) as beside:
        table.to_csv(beside, sep="\t", index=False)
write_table(
    snakemake.output.truth,
    pd.DataFrame(
        {
            "region": regions["region"],
            "planted": truth.difference,
            "lowered": regions["region"].isin(settings["regions"]),
        }
    ),
    sidecar=snakemake.output.sidecar,
    settings=settings,
    seed=seed,
    note=f"case minus control in Fisher z of the connection with {truth.seed}",
)
