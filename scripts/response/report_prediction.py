"""Part of the report: response predicted from connectivity at baseline, and the published way on noise."""

from amygene.report.figures import prediction as figures_prediction
from amygene.report.figures import response as figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
files, settings = Files(wildcards.study), params.settings
performance = files.table(source.performance)
roc, replicate, noise = (files.table(source[name]).content for name in ("roc", "replicate", "noise"))
save(figures_prediction.areas(performance.content), *output.areas)
drawn = figures_prediction.curves(roc, performance.content, tuple(params.main))
save(drawn, *output.roc)
save(figures_response.noise(noise["auc"].to_numpy(), replicate["auc"].iloc[0]), *output.noise)
clinical = ", ".join([f"{settings['outcome']} at baseline", *settings["clinical"]])
shown = response.prediction_part(
    wildcards.contrast,
    performance,
    files.picture(output.areas[0]),
    files.picture(output.roc[0]),
    replicate,
    files.picture(output.noise[0]),
    f"{settings['outcome']} {settings['measure']} at {settings['timepoint']} or not, from connectivity of all seeds at "
    "baseline. "
    f"Clinical baseline: {clinical}.",
)
write_part(output.part, "response", shown, source)
