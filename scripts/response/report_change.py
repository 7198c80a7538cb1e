"""Part of the report: trajectories of the groups and effects, of one model and seed."""

from amygene.report import page
from amygene.report.figures import response as figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
effects, within = files.table(source.effects), files.table(source.within)
means = files.table(source.means).content
term = effects.content["model_term"].iloc[0]
asked = effects.content[effects.content["model_term"] == term]
regions = figures_response.strongest(asked, figures_response.N_PANELS)
p = asked.set_index("region")["p_fwe"]
marks = {region: f"{term}: family-wise p {page.p_words(p[region])}" for region in regions}
drawn = figures_response.trajectories(means, regions, marks)
save(drawn, *output.trajectories)
levels = list(dict.fromkeys(means["group"]))
what = f"change in {levels[-1]} minus change in {levels[0]}" if len(levels) == 2 else "later minus earlier"
save(figures_response.forest(asked, f"Hedges g (95 % CI): {what}"), *output.forest)
shown = response.change_part(
    wildcards.change,
    wildcards.seed,
    effects,
    within,
    files.picture(output.trajectories[0]),
    files.picture(output.forest[0]),
)
write_part(output.part, "response", shown, source)
