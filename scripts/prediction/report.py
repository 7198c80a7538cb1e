"""Part of the report: whether one subject can be classified, for one contrast."""

import nibabel

from amygene.io.tables import read_table
from amygene.report.brain import brain_figure
from amygene.report.figures import prediction as figures_prediction
from amygene.report.parts import Files, write_part
from amygene.report.sections import prediction
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
main = (params.models[0], f"{params.features[0]} edges")
performance = files.table(source.performance)
roc, calibration, sites, predictions, weights = (
    files.table(source[name]).content for name in ("roc", "calibration", "sites", "predictions", "weights")
)
save(figures_prediction.areas(performance.content), *output.areas)
save(figures_prediction.curves(roc, performance.content, main), *output.roc)
drawn = figures_prediction.calibration(calibration, predictions, main, params.groups)
save(drawn, *output.calibration)
save(figures_prediction.by_site(sites, main), *output.sites)

regions = read_table(source.regions)
image = nibabel.load(source.image) if source.get("image") else None
brains = {}
for i, seed in enumerate(params.seeds):
    pair = output.pattern[2 * i : 2 * i + 2]
    own = weights[(weights["model"] == params.linear) & (weights["features"] == main[1]) & (weights["seed"] == seed)]
    save(brain_figure(own.set_index("region")["pattern"], regions, image, "pattern"), *pair)
    brains[seed] = files.picture(pair[1])
shown = prediction.part(
    snakemake.wildcards.contrast,
    performance,
    *(files.picture(output[name][0]) for name in ("areas", "roc", "calibration", "sites")),
    brains,
    main,
    params.linear,
)
write_part(output.part, "prediction", shown, source)
