"""Part of the report: foci of one comparison, where they converge, and who makes the clusters."""

import json

import nibabel

from amygene.io.tables import read_table
from amygene.meta.foci import from_text
from amygene.meta.selection import select
from amygene.report.figures.meta import contributions, convergence
from amygene.report.parts import Files, write_part
from amygene.report.sections import meta
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files, name = Files(snakemake.wildcards.study), snakemake.wildcards.comparison
clusters, experiments = files.table(source.clusters), files.table(source.contributions)
significant = clusters.content.loc[clusters.content["p_fwe"] < 0.05, "cluster"].tolist()
foci = select(from_text(read_table(source.foci, dtype=str)), params.rules)
with open(source.sidecar, encoding="utf-8") as stream:
    note = json.load(stream)["note"]
figure = convergence(
    foci[["x", "y", "z"]].to_numpy(), nibabel.load(source.z), nibabel.load(source.labels), significant, name
)
save(figure, *output.convergence)
leave_out = files.table(source.leave_out) if source.get("leave_out") else None
shares = None
if significant:
    rest = leave_out.content if leave_out else None
    made = contributions(experiments.content, read_table(source.categories), rest)
    save(made, *output.shares)
    shares = files.picture(output.shares[0])
else:
    for path in output.shares:
        open(path, "w").close()
blocks, findings = meta.comparison(
    name, clusters, experiments, files.picture(output.convergence[1]), shares, leave_out if significant else None, note
)
if source.get("coactivation"):
    with open(source.coactivation_sidecar, encoding="utf-8") as stream:
        about = json.load(stream)["note"]
    more = meta.coactivation(files.table(source.coactivation), files.table(source.decoding), about)
    blocks, findings = [*blocks, *more[0]], [*findings, *more[1]]
write_part(output.part, "meta", (blocks, findings), source)
