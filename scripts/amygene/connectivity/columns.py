"""Columns of the tables of the stage connectivity."""

COLUMNS = {
    "mm3": "volume, weighted",
    "mean_coverage": "share of scans in which its voxels have signal, on average",
    "min_coverage": "smallest share of the seed with signal in one scan",
    "n_maps": "participants with a map",
    "tsnr_median": "median over scans of its temporal signal-to-noise ratio",
    "tsnr_min": "smallest",
    "other_seed": "name of the other seed",
    "dice": "twice the shared voxels over the sum of both",
    "n_common": "voxels of both",
    "share_of_seed": "shared voxels over those of the seed",
    "share_of_other": "shared voxels over those of the other",
}
