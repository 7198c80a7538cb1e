"""Part of the report: what the maps of images rest on."""

import nibabel
import numpy as np

from amygene.connectivity.carpet import carpet, chosen
from amygene.imaging.images import read_volume
from amygene.imaging.scans import Scan
from amygene.io.tables import read_table
from amygene.report.figures.connectivity import Carpet, carpets, cleaning_quality, mean_maps, seed_places
from amygene.report.parts import Files, write_part
from amygene.report.sections import connectivity
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
qc = files.table(source.qc)
regions, atlas = read_table(source.regions), nibabel.load(source.atlas)
grid, mask = read_volume(source.mask)
shown = []
for participant, how in chosen(qc.content):
    scan = next(Scan(**s) for s in params.scans[participant] if s["session"] == params.session)
    shown.append(Carpet(f"{participant} ({how})", *carpet(scan, mask > 0, grid, regions, atlas, params.cleaning)))
save(
    carpets(shown, params.cleaning["scrub"]["fd"] if params.cleaning["scrub"] else None),
    *output.carpets,
)
first = qc.content.drop_duplicates("participant_id")
save(cleaning_quality(first, params.seeds, params.min_df), *output.quality)
seeds = {name: nibabel.load(file) for name, file in zip(params.seeds, source.seed_images, strict=True)}
save(seed_places(seeds, nibabel.load(source.coverage)), *output.places)
means = {}
for name, file in zip(params.seeds, source.packs, strict=True):
    z = np.load(file, mmap_mode="r", allow_pickle=False)
    known = np.isfinite(z[:, 0])
    volume = np.zeros(grid.shape, dtype=np.float32)
    volume[mask > 0] = z[known].mean(axis=0, dtype=np.float64)
    means[name] = nibabel.Nifti1Image(volume, grid.affine)
save(mean_maps(means), *output.maps)
part = connectivity.part(
    qc,
    files.table(source.seeds),
    files.table(source.overlap),
    files.picture(output.carpets[1]),
    files.picture(output.quality[0]),
    files.picture(output.places[1]),
    files.picture(output.maps[1]),
)
write_part(output.part, "connectivity", part, [source.qc, source.seeds, source.overlap, source.mask, *source.packs])
