"""Part of the report: one test of maps, of a difference of groups or of treatment, and all seeds."""

import numpy as np

from amygene.imaging.images import read_volume
from amygene.io.files import replacing
from amygene.report.figures.group_voxels import Background, VoxelMaps, projections, side_by_side, slices, viewer
from amygene.report.parts import Files, write_part
from amygene.report.sections import group_voxels
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
files = Files(wildcards.study)
background = Background()
tables = [files.table(file) for file in source.tables]
sidecars = [files.json(file).content for file in source.sidecars]
maps, shown = {}, {}
for i, seed in enumerate(params.seeds):
    # images come seed by seed: t, and -log10 of p
    (grid, t), *logs = (read_volume(file) for file in source.images[3 * i : 3 * i + 3])
    p_size, p_tfce = (np.power(10.0, -log) for _, log in logs)
    maps[seed] = VoxelMaps(t, p_size, p_tfce, sidecars[i]["cluster_forming_t"], grid)
    save(slices(maps[seed], background), *output.slices[2 * i : 2 * i + 2])
    save(projections(maps[seed]), *output.projections[2 * i : 2 * i + 2])
    with replacing(output.viewers[i]) as beside:
        beside.write_text(viewer(maps[seed]), encoding="utf-8")
    shown[seed] = {
        "table": tables[i],
        "slices": files.picture(output.slices[2 * i + 1]),
        "projections": files.picture(output.projections[2 * i + 1]),
        "viewer": files.text(output.viewers[i]),
        "loso": files.table(source.loso[i]) if source.loso else None,
    }
seeds = {seed: (maps[seed], table.content) for seed, table in zip(params.seeds, tables, strict=True)}
save(side_by_side(seeds, background), *output.together)
words = group_voxels.contrast_words(wildcards.contrast, params.contrast) if params.words is None else params.words
part = group_voxels.part(words, files.picture(output.together[1]), shown, sidecars[0])
write_part(output.part, params.section, part, [*source.tables, *source.images, *source.loso])
