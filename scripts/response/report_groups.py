"""Part of the report: who is in a model of change, and its groups at baseline."""

from amygene.report.figures import response as figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from amygene.response.levels import level_names
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
participants, excluded, excluded_sessions, listed = (
    files.table(source[name]).content for name in ("participants", "excluded", "excluded_sessions", "sessions")
)
groups = files.table(source.groups)
levels = level_names(snakemake.params.groups)
steps, boxes = response.steps(participants, excluded, excluded_sessions, listed, levels)
save(figures_response.flow(steps, boxes), *output.figure)
shown = response.groups_part(wildcards.change, files.picture(output.figure[0]), groups, listed)
write_part(output.part, "response", shown, source)
