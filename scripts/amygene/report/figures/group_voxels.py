"""Maps of voxels: slices, glass brain, surface, and all seeds side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from nibabel.nifti1 import Nifti1Image
from nilearn import datasets, plotting

from amygene.imaging.grid import Grid, nearest
from amygene.report.brain import colour_bar, draw_surfaces, image_viewer, reach_of
from amygene.report.style import DIVERGING

#: heights of the axial slices, MNI mm
HEIGHTS = (-42, -28, -16, -4, 8, 20, 34, 48, 62)
#: family-wise level of what is shown as significant
LEVEL = 0.05


@dataclass(frozen=True)
class VoxelMaps:
    """Maps of one contrast and seed, arrays of the grid's shape.

    Attributes
    ----------
    t
        NaN outside the voxels that were analysed.
    p_size, p_tfce
        Family-wise p by the size of the voxel's cluster (1 outside clusters) and by its score.
    threshold : float
        Cluster-forming t.
    grid
        Of the arrays.
    """

    t: np.ndarray
    p_size: np.ndarray
    p_tfce: np.ndarray
    threshold: float
    grid: Grid

    @property
    def reach(self) -> float:
        """Symmetric limit of the colours: clusters must not all have the last one."""
        return max(reach_of(self.t), min(float(np.nanmax(np.abs(self.t))), 1.6 * self.threshold))

    def where(self, kept: np.ndarray) -> np.ndarray:
        """t of some voxels, NaN elsewhere."""
        return np.where(kept, self.t, np.nan)


class Background:
    """The MNI brain that slices are drawn on, 2 mm."""

    def __init__(self) -> None:
        image = datasets.load_mni152_template(resolution=2)
        self.data, self.affine = np.asanyarray(image.dataobj), image.affine

    def plane(self, axis: int, at: float) -> np.ndarray:
        """Positions (mm) of a slice that cuts the axis at a place, shape (rows, columns, 3), the top row first."""
        others = [a for a in range(3) if a != axis]
        # columns along the first, rows along the second of the other axes, from small to large coordinates
        ranges = [np.sort(self.affine[a, 3] + self.affine[a, a] * np.arange(self.data.shape[a])) for a in others]
        xyz = np.full((len(ranges[1]), len(ranges[0]), 3), at)
        xyz[..., others[0]] = ranges[0]
        xyz[..., others[1]] = ranges[1][::-1, None]
        return xyz

    def look(self, image: np.ndarray, affine: np.ndarray, xyz: np.ndarray, outside: float) -> np.ndarray:
        """Values of an image at positions of a slice."""
        places = xyz.reshape(-1, 3)
        shifted = nearest(np.nan_to_num(image, nan=-1e9), affine, places).reshape(xyz.shape[:-1])
        inside = nearest(np.ones(image.shape), affine, places).reshape(xyz.shape[:-1]) > 0
        return np.where(inside & (shifted > -1e8), shifted, outside)


def _strip(axes: Axes, background: Background, planes: list[np.ndarray], layers: list[tuple], reach: float) -> None:
    """Slices side by side; every layer is an array, its affine and how opaque it is."""
    rows = max(len(p) for p in planes)
    planes = [_middle(p, rows) for p in planes]
    grey = np.hstack([background.look(background.data, background.affine, p, np.nan) for p in planes])
    brain = np.where(grey > 0.08 * np.nanmax(background.data), grey, np.nan)
    axes.imshow(brain, cmap="gray", vmin=0, vmax=1.15 * np.nanmax(background.data), interpolation="bilinear")
    for image, affine, opacity in layers:
        values = np.hstack([background.look(image, affine, p, np.nan) for p in planes])
        axes.imshow(values, cmap=DIVERGING, vmin=-reach, vmax=reach, alpha=opacity, interpolation="nearest")
    axes.set_axis_off()


def _middle(plane: np.ndarray, rows: int) -> np.ndarray:
    """A slice with as much margin above as below; the margin lies outside every image."""
    above = (rows - len(plane)) // 2
    return np.pad(plane, ((above, rows - len(plane) - above), (0, 0), (0, 0)), constant_values=1e4)


def slices(maps: VoxelMaps, background: Background) -> Figure:
    """Axial slices: t of every voxel, clusters beyond the threshold, and what is significant by its score."""
    reach = maps.reach
    affine = maps.grid.affine
    clusters = np.abs(maps.t) > maps.threshold
    rows = [
        ("t of every voxel", [(maps.t, affine, 0.85)]),
        (
            f"clusters beyond |t| = {maps.threshold:.2f}\n(pale: p of size > .05)",
            [(maps.where(clusters), affine, 0.35), (maps.where(clusters & (maps.p_size < LEVEL)), affine, 1.0)],
        ),
        ("threshold-free,\np < .05", [(maps.where(maps.p_tfce < LEVEL), affine, 1.0)]),
    ]
    planes = [background.plane(2, z) for z in HEIGHTS]
    figure, axes = plt.subplots(len(rows), 1, figsize=(9.6, 3.3))
    for row, (title, layers) in zip(axes, rows, strict=True):
        _strip(row, background, planes, layers, reach)
        row.text(-0.005, 0.5, title, transform=row.transAxes, ha="right", va="center", fontsize=7.5)
    width = background.data.shape[0]
    for i, z in enumerate(HEIGHTS):
        axes[0].text((i + 0.5) * width, -3, f"z = {z}", ha="center", va="bottom", fontsize=7.5)
    scale = plt.cm.ScalarMappable(Normalize(-reach, reach), DIVERGING)
    figure.colorbar(scale, ax=axes, label="t", fraction=0.018, pad=0.01, shrink=0.6)
    return figure


def projections(maps: VoxelMaps) -> Figure:
    """Glass brain of the clusters beyond the threshold, and t on the cortical surface."""
    reach = maps.reach
    figure = plt.figure(figsize=(9.4, 4.8), layout="none")
    draw_surfaces(figure, _textures(maps), reach)
    glass = figure.add_axes((0.0, 0.0, 0.9, 0.5))
    beyond = np.nan_to_num(maps.where(np.abs(maps.t) > maps.threshold))
    plotting.plot_glass_brain(
        Nifti1Image(beyond, maps.grid.affine),
        display_mode="lyrz",
        threshold=1e-6,
        cmap=DIVERGING,
        vmin=-reach,
        vmax=reach,
        plot_abs=False,
        colorbar=False,
        axes=glass,
        figure=figure,
    )
    colour_bar(figure, reach, "t")
    return figure


def _textures(maps: VoxelMaps) -> dict[str, np.ndarray]:
    """t of every vertex of the cortical surface: the mean of its nearest voxels along the grey matter."""
    meshes = datasets.load_fsaverage("fsaverage5")
    textures = {}
    for side in ("left", "right"):
        inner, outer = (meshes[m].parts[side].coordinates for m in ("white_matter", "pial"))
        depths = np.stack([inner + share * (outer - inner) for share in (0.1, 0.35, 0.6, 0.85)])
        places = depths.reshape(-1, 3)
        values = nearest(np.nan_to_num(maps.t), maps.grid.affine, places).reshape(depths.shape[:2])
        known = values != 0
        with np.errstate(invalid="ignore", divide="ignore"):
            textures[side] = values.sum(axis=0) / known.sum(axis=0)
    return textures


def side_by_side(seeds: Mapping[str, tuple[VoxelMaps, pd.DataFrame]], background: Background) -> Figure:
    """Every seed's strongest cluster, in three planes through its peak.

    Parameters
    ----------
    seeds
        Seed -> its maps and its table of clusters.
    background
        To draw on.
    """
    columns = min(len(seeds), 2)
    rows = -(-len(seeds) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.7 * columns, 1.6 * rows + 0.3), squeeze=False)
    reach = max(maps.reach for maps, _ in seeds.values())
    for place in axes.flat:
        place.set_axis_off()
    for place, (seed, (maps, table)) in zip(axes.flat, seeds.items(), strict=False):
        best = strongest(table)
        xyz = np.zeros(3) if best is None else best[["x", "y", "z"]].to_numpy(dtype=float)
        planes = [background.plane(axis, xyz[axis]) for axis in range(3)]
        clusters = np.abs(maps.t) > maps.threshold
        layers = [
            (maps.where(clusters), maps.grid.affine, 0.35),
            (maps.where(clusters & (maps.p_size < LEVEL)), maps.grid.affine, 1.0),
        ]
        _strip(place, background, planes, layers, reach)
        place.set_title(_caption(seed, best), fontsize=8, fontweight="normal")
    scale = plt.cm.ScalarMappable(Normalize(-reach, reach), DIVERGING)
    figure.colorbar(scale, ax=axes, label="t", fraction=0.02, pad=0.01, shrink=0.7)
    return figure


def strongest(table: pd.DataFrame) -> pd.Series | None:
    """Row of the cluster with the smallest p of its size; of equal ones the highest peak. None without clusters."""
    first = table[(table["formed_by"] == "height") & (table["peak"] == 1)]
    if first.empty:
        return None
    order = np.lexsort((-first["t"].abs().to_numpy(), first["p_size"].to_numpy()))
    return first.iloc[order[0]]


def _caption(seed: str, best: pd.Series | None) -> str:
    if best is None:
        return f"{seed}: no cluster"
    where = best["aal_peak"] if isinstance(best["aal_peak"], str) else "outside AAL"
    p = f"{best['p_size']:.3f}".lstrip("0") if best["p_size"] < 1 else "1"
    return f"{seed}: {where}, t = {best['t']:.1f}, {int(best['n_voxels'])} voxels, p = {p}"


def viewer(maps: VoxelMaps) -> str:
    """Interactive slices of t as one HTML page that asks nothing of the network."""
    return image_viewer(Nifti1Image(np.nan_to_num(maps.t).astype(np.float32), maps.grid.affine), maps.reach)
