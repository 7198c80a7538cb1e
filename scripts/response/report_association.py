"""Part of the report: connectivity against the outcome, of one seed at every follow-up."""

import numpy as np

from amygene.cohort.outcomes import wide
from amygene.io.tables import read_matrix, read_table
from amygene.report import page
from amygene.report.figures import response as figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from amygene.response.associations import pairs
from amygene.response.members import TEXT
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
files, settings = Files(wildcards.study), params.settings
correlations = files.table(source.correlations)
z = read_matrix(source.connectivity)
tables = [read_table(source[name], dtype=TEXT) for name in ("sessions", "participants", "outcomes")]
outcome, measure = settings["outcome"], settings["measure"]
connectivity = "Fisher z at baseline" if settings["connectivity"] == "baseline" else "change of Fisher z"
what = response.measured(params.label or outcome, measure)
scatters = {}
for time in dict.fromkeys(correlations.content["timepoint"].astype(str)):
    found = pairs(z, *tables, time, params.order, settings)
    table = correlations.content
    plain = table[
        (table["timepoint"].astype(str) == time) & (table["kind"] == "pearson") & (table["adjusted_for"] == "nothing")
    ].set_index("region")
    chosen = figures_response.strongest(plain.reset_index(), figures_response.N_SCATTERS, by="r")
    status = wide(tables[2], outcome, "responder", time).reindex(found.frame["participant_id"]).to_numpy()
    figure = figures_response.scatter(
        {region: found.columns[:, z.columns.get_loc(region)] for region in chosen},
        found.outcome,
        status if np.isfinite(status).all() else None,
        (connectivity, f"{what} at {time}"),
        {r: f"r = {plain.loc[r, 'r']:.2f}, family-wise p {page.p_words(plain.loc[r, 'p_fwe'])}" for r in chosen},
    )
    name = f"{output.figures}/timepoint-{time}"
    save(figure, f"{name}.svg", f"{name}.png")
    scatters[time] = files.picture(f"{name}.svg")
shown = response.association_part(
    wildcards.association,
    wildcards.seed,
    correlations,
    scatters,
    (connectivity, what),
)
write_part(output.part, "response", shown, source)
