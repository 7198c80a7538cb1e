"""Make a cohort with planted truth."""

import pandas as pd

from amygene.cohort import simulated
from amygene.cohort.mat import write_mat
from amygene.expression import read_dk83, set_profile
from amygene.files import replacing
from amygene.genesets import read_gmt
from amygene.problems import InputError
from amygene.tables import read_table, write_table
from job import start

start(snakemake.log[0])
settings, seed = snakemake.params.settings, snakemake.params.seed
regions = read_table(snakemake.input.regions)
expression = read_dk83(snakemake.input.expression)
sets = read_gmt(snakemake.input.sets)
if settings["category"] not in sets:
    raise InputError(f"config key cohort.simulated.category: {settings['category']!r} is no set of GO BP")
absent = [r for r in settings["regions"] if r not in set(regions["region"])]
if absent:
    raise InputError(f"config key cohort.simulated.regions: {absent} are no regions of DK83")
profile = set_profile(expression, sets[settings["category"]], regions)
truth = simulated.planted(regions, settings["regions"], settings["effect"], profile, settings["category_effect"])
sheet = simulated.phenotypes(settings["sites"], seed)
brain = simulated.Brain(regions)
sites = list(settings["sites"])
for index, row in enumerate(sheet.to_dict("records")):
    values = simulated.series(brain, truth, row, sites, index, seed)
    write_mat(f"{snakemake.output.series}/../{row['timeseries']}", values)
with replacing(snakemake.output.sheet) as beside:
    sheet.to_csv(beside, sep="\t", index=False)
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
