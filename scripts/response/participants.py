"""Who is predicted: responders as cases, the others as controls, with the clinical columns."""

from amygene.io.tables import read_table, write_table
from amygene.response.members import TEXT
from amygene.response.predicted import predicted
from job import start

start(snakemake.log[0])
source, output, settings, name = (
    snakemake.input,
    snakemake.output,
    snakemake.params.settings,
    snakemake.wildcards.contrast,
)
table = predicted(read_table(source.participants, dtype=TEXT), read_table(source.outcomes, dtype=TEXT), name, settings)
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    sources=[source.participants, source.outcomes],
    settings=settings,
    meanings=dict.fromkeys(table, "as in the participants sheet")
    | {
        "baseline": f"{settings['outcome']} at baseline",
        f"contrast-{name}": f"case: {settings['measure']} at {settings['timepoint']}; control: not",
    },
)
print(table[f"contrast-{name}"].value_counts().to_dict())
