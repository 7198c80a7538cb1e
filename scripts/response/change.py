"""Do the groups change differently? Group x time, main effects, and change within groups."""

from amygene.io.tables import read_matrix, read_table, write_table
from amygene.response.changes import effects, trajectories, within_groups
from amygene.response.columns import CHANGE
from amygene.response.members import TEXT, measure, values_of
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
change = snakemake.wildcards.change
sessions, participants, outcomes = (
    read_table(source[name], dtype=TEXT) for name in ("sessions", "participants", "outcomes")
)
measured = measure(sessions, participants, outcomes, f"response.changes.{change}", **params.model)
z = read_matrix(source.connectivity)
values, regions = values_of(measured.frame["unit"], z), z.columns.tolist()
tables = (
    effects(regions, values, measured, params.seed, params.permutations),
    within_groups(regions, values, measured, params.seed, params.permutations),
    trajectories(regions, values, measured),
)
last, first = measured.levels[-1], measured.levels[0]
notes = (
    f"beta, t and g of effects with one degree of freedom: group x time, change in {last} minus change in {first}, in "
    f"standard deviations of a change; group, {last} minus {first}, of a participant's mean; time, last minus first. "
    "Family of q and p_fwe: the regions of one effect",
    "later minus earlier; g in standard deviations of the change. Family of q, p_fwe: the regions of a group and pair",
    "not adjusted for covariates",
)
for table, note, file, sidecar in zip(tables, notes, output.tables, output.sidecars, strict=True):
    write_table(
        file,
        table,
        sidecar=sidecar,
        sources=[source.connectivity, source.sessions, source.participants, source.outcomes],
        settings={
            "change": change,
            **params.model,
            "seed": snakemake.wildcards.seed,
            "permutations": params.permutations,
        },
        seed=params.seed,
        note=note,
        meanings=CHANGE,
    )
asked = tables[0][tables[0]["model_term"] == tables[0]["model_term"].iloc[0]]
print(f"{len(measured.frame)} scans of {measured.design.n_participants} participants, {', '.join(measured.levels)}")
print(
    f"{asked['model_term'].iloc[0]}: {(asked['q'] < 0.05).sum()} regions at q < .05, "
    f"{(asked['p_fwe'] < 0.05).sum()} family-wise"
)
