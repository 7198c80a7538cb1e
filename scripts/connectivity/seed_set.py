"""Cut the seeds of one set out of their images."""

import csv

from amygene.imaging.seed_maps import read_source, write_sources
from amygene.imaging.seeds import check_seeds
from amygene.io.problems import InputError, raise_if_any
from amygene.io.tables import write_json
from job import start

start(snakemake.log[0])
params = snakemake.params
with open(snakemake.input.regions, newline="", encoding="utf-8") as stream:
    numbers = {row["region"]: int(row["index"]) for row in csv.DictReader(stream, delimiter="\t")}
by_region = {name: d["regions"] for name, d in params.seeds.items() if d["kind"] == "regions"}
problems = check_seeds(by_region, numbers, params.atlas_image)
sources = {}
for name, definition in params.seeds.items():
    if name in by_region:
        if not set(by_region[name]) <= set(numbers):
            continue
        definition = definition | {"image": params.atlas_image, "numbers": [numbers[r] for r in by_region[name]]}
    try:
        sources[name] = read_source(definition)
    except InputError as error:
        problems += [f"config key seeds: {name}: {p}" for p in error.problems]
raise_if_any(problems)
write_sources(snakemake.output.sources, sources)
write_json(snakemake.output.definitions, params.seeds)
