"""Part of the report: meta-analytic maps beside the others, targets of stimulation, receptors."""

from amygene.io.tables import read_table
from amygene.report.figures.meta import receptors, similarity, targets
from amygene.report.page import map_name
from amygene.report.parts import Files, write_part
from amygene.report.sections import meta
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
pairs, places = files.table(source.similarity), files.table(source.targets)
order = dict.fromkeys([*pairs.content["map"], *pairs.content["other"]])
names = {m: map_name(m) if m.startswith(("map-", "meta-", "contrast-")) else m for m in order}
save(similarity(pairs.content, names), *output.similarity)
centres = {}
for comparison, file in zip(params.comparisons, source.clusters, strict=True):
    table = read_table(file)
    for _, row in table[table["p_fwe"] < 0.05].iterrows():
        centres[f"{comparison}, cluster {row['cluster']}"] = tuple(row[["centre_x", "centre_y", "centre_z"]])
save(targets(places.content, centres), *output.targets)
density = None
if source.get("receptor_maps"):
    maps, clusters = files.table(source.receptor_maps), files.table(source.receptor_clusters)
    called = {m: map_name(m) for m in maps.content["map"].unique()}
    names |= called
    save(receptors(maps.content, clusters.content, called), *output.receptors)
    density = (maps, clusters, files.picture(output.receptors[0]))
shown = meta.joins(
    pairs,
    files.picture(output.similarity[0]),
    places,
    files.picture(output.targets[1]),
    density,
    params.run_maps,
    names,
)
write_part(output.part, "meta", shown, source)
