"""Part of the report: one tissue's samples, changed genes, processes, trajectories and network."""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table
from amygene.preclinical.signatures import group_order
from amygene.report.figures import preclinical as figures_preclinical
from amygene.report.parts import Files, write_part
from amygene.report.sections import preclinical
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
tables = {
    name: files.table(source[name])
    for name in ("samples", "contrasts", "over_groups", "trajectories", "processes", "modules", "enrichment")
}
stabilised = read_arrays(source.stabilised)
order = group_order(params.order, params.contrasts, stabilised["group"].tolist())
modules, enrichment = tables["modules"].content, tables["enrichment"].content
# the module with the most changed genes in proportion, of the contrasts in which it is enriched
hit = enrichment[enrichment["direction"] != "neither"]
share = hit[["n_up", "n_down"]].max(axis=1) / hit["n_genes"]
strongest = hit.loc[share.idxmax(), "module"] if len(hit) else (modules["module"].iloc[0] if len(modules) else None)
figures = {
    "quality": figures_preclinical.quality(tables["samples"].content, stabilised["distances"], order),
    "differential": figures_preclinical.differential(tables["contrasts"].content),
    "processes": figures_preclinical.ontology(tables["processes"].content),
    "trajectories": figures_preclinical.trajectories(tables["trajectories"].content, order),
    "modules": figures_preclinical.sunbursts(modules, enrichment, list(params.contrasts)),
    "network": None,
}
if strongest:
    members = read_table(source.members, dtype={"gene": str, "module": str})
    figures["network"] = figures_preclinical.network(read_arrays(source.ties), members, strongest)
shown = {}
for name, figure in figures.items():
    if figure is None:
        for path in output[name]:
            open(path, "w").close()
        continue
    save(figure, *output[name])
    # thousands of lines are smaller as a picture
    shown[name] = files.picture(output[name][1 if name in ("trajectories", "differential") else 0])
part = preclinical.tissue(
    snakemake.wildcards.tissue, shown, tables["samples"], tables["contrasts"], tables["over_groups"],
    tables["trajectories"], tables["processes"], tables["modules"], tables["enrichment"], strongest,
)  # fmt: skip
write_part(output.part, "preclinical", part, source)
