"""Part of the report: animal signatures against the maps, responders, overlaps."""

from amygene.io.files import read_arrays
from amygene.preclinical.behaviour import read_tests
from amygene.preclinical.meanings import SIGNATURES, TISSUES
from amygene.report.figures import preclinical as figures_preclinical
from amygene.report.parts import Files, write_part
from amygene.report.sections import preclinical
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)


def drawn(figure, pair):
    """Save a figure, or an empty file where there is nothing to draw."""
    if figure is None:
        for path in pair:
            open(path, "w").close()
        return None
    save(figure, *pair)
    return files.picture(pair[0])


maps = {}
for i, (name, table) in enumerate(zip(params.maps, source.bridges, strict=True)):
    shown = files.table(table)
    maps[name] = (shown, drawn(figures_preclinical.bridge(shown.content), output.bridge[2 * i : 2 * i + 2]))
blocks, findings = preclinical.bridges(maps)
read = [(files.table(source[k]), m) for k, m in (("tissues", TISSUES), ("ready", SIGNATURES)) if source.get(k)]
blocks = [*preclinical.overview(read), *blocks]
if source.get("tests"):
    shares, table = files.table(source.responders), files.table(source.behaviour)
    figure = figures_preclinical.behaviour(table.content, read_tests(source.tests)[0], shares.content, params.steps)
    shown = drawn(figure, output.behaviour)
    blocks += preclinical.behaviour(shares, table, shown, params.improvement)
table, ranks = files.table(source.overlaps), files.table(source.ranks)
exclusive = files.table(source.exclusive).content
kinds = [k for k in exclusive["kind"].unique() if exclusive.loc[exclusive["kind"] == k, "n_sets"].max() > 0]
upset = drawn(figures_preclinical.upset(exclusive, kinds[:8]), output.upset)
venn = None
if output.venn:
    venn = drawn(figures_preclinical.venn(exclusive, params.contrasts, params.tissues), output.venn)
figure = figures_preclinical.rank_ranks(ranks.content, read_arrays(source.rank_maps)["log_p"])
blocks += preclinical.overlaps(table, ranks, upset, venn, drawn(figure, output.ranks))
write_part(output.part, "preclinical", (blocks, findings), source)
