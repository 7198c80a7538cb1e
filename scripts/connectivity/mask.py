"""Voxels that have signal in every scan of every participant who is in."""

import numpy as np

from amygene.cohort.images import read_signal
from amygene.connectivity.maps import common_mask
from amygene.imaging.grid import standard_grid
from amygene.imaging.images import write_image
from amygene.io.problems import InputError
from amygene.io.tables import read_table, write_sidecar
from job import start

start(snakemake.log[0])
source, output, voxel_size = snakemake.input, snakemake.output, snakemake.params.voxel_size
participants = read_table(source.participants, dtype={"participant_id": str})["participant_id"].tolist()
signal = {key: found for f in source.signal for key, found in read_signal(f).items()}
grid, count, n_scans = common_mask(signal, participants, standard_grid(voxel_size) if voxel_size else None)
mask = count == n_scans
if not mask.any():
    raise InputError(
        "no voxel has signal in all participants; look at connectivity/voxel/*_coverage.nii.gz, and leave out those "
        "whose field of view is small (cohort.select: n_constant)"
    )
write_image(output.coverage, (count / n_scans).astype(np.float32), grid)
write_image(output.mask, mask.astype(np.uint8), grid)
write_sidecar(
    output.sidecar,
    output.mask,
    sources=[source.participants],
    settings={"voxel_size": voxel_size},
    note=f"{int(mask.sum())} voxels with signal in all {n_scans} scans of {len(participants)} participants; "
    f"{int((count > 0).sum())} in at least one",
)
print(f"{int(mask.sum())} of {int((count > 0).sum())} voxels have signal in all {n_scans} scans")
