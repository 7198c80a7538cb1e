"""A map on the brain: cortical surface, all regions in a glass brain, and an interactive viewer."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from nibabel.nifti1 import Nifti1Image
from nilearn import datasets, plotting
from scipy.spatial import cKDTree

from amygene.imaging.atlas import region_numbers
from amygene.report.style import DIVERGING

#: a vertex takes the nearest region's value if that is not further away, mm
_REACH = 8.0


def reach_of(values: np.ndarray) -> float:
    """Symmetric limit of the colours: the 98th percentile of the absolute values, at least 1e-6."""
    return max(float(np.nanpercentile(np.abs(values), 98)), 1e-6)


def brain_figure(values: pd.Series, regions: pd.DataFrame, image: Nifti1Image | None, label: str) -> Figure:
    """Cortical regions on the surface (if the atlas has an image), all regions as spheres in a glass brain.

    Parameters
    ----------
    values
        Indexed by region; missing regions are grey or left out.
    regions
        The atlas's table, with coordinates.
    image
        Region numbers in MNI space.
    label
        Of the colour bar.
    """
    reach = reach_of(values.to_numpy(dtype=float))
    figure = plt.figure(figsize=(9.4, 4.8), layout="none")
    if image is not None:
        _surfaces(figure, values, regions, image, reach)
    known = regions[regions["region"].isin(values.dropna().index) & regions["x"].notna()]
    glass = figure.add_axes((0.0, 0.0, 0.9, 0.5 if image is not None else 0.95))
    plotting.plot_markers(
        values[known["region"]].to_numpy(dtype=float),
        known[["x", "y", "z"]].to_numpy(),
        node_size=26,
        node_cmap=DIVERGING,
        node_vmin=-reach,
        node_vmax=reach,
        colorbar=False,
        axes=glass,
        figure=figure,
        annotate=True,
    )
    colour_bar(figure, reach, label)
    return figure


def colour_bar(figure: Figure, reach: float, label: str) -> None:
    """Colours of a figure of brains, at its right."""
    bar = figure.add_axes((0.925, 0.2, 0.013, 0.6))
    figure.colorbar(plt.cm.ScalarMappable(Normalize(-reach, reach), DIVERGING), cax=bar, label=label)


def _surfaces(figure: Figure, values: pd.Series, regions: pd.DataFrame, image: Nifti1Image, reach: float) -> None:
    numbers = region_numbers(image)
    cortex = regions.loc[regions["structure"].eq("cortex") | regions["structure"].isna(), "index"]
    coarse = numbers[::2, ::2, ::2]
    voxels = np.argwhere(np.isin(coarse, cortex)) * 2
    labels = numbers[tuple(voxels.T)]
    tree = cKDTree(voxels @ image.affine[:3, :3].T + image.affine[:3, 3])
    by_number = np.full(numbers.max() + 1, np.nan)
    by_number[regions["index"]] = values.reindex(regions["region"]).to_numpy(dtype=float)
    pial = datasets.load_fsaverage("fsaverage5")["pial"]
    textures = {}
    for side in ("left", "right"):
        distance, nearest = tree.query(pial.parts[side].coordinates, distance_upper_bound=_REACH)
        found = by_number[labels[np.minimum(nearest, len(labels) - 1)]]
        textures[side] = np.where(np.isfinite(distance), found, np.nan)
    draw_surfaces(figure, textures, reach)


def draw_surfaces(figure: Figure, textures: Mapping[str, np.ndarray], reach: float) -> None:
    """Both hemispheres from outside and inside, in the upper half of a figure.

    Parameters
    ----------
    textures
        "left" and "right": values of the vertices of fsaverage5, NaN where there is none.
    reach
        Symmetric limit of the colours.
    """
    inflated = datasets.load_fsaverage("fsaverage5")["inflated"]
    depth = datasets.load_fsaverage_data("fsaverage5", data_type="sulcal").data.parts
    views = (("left", "lateral"), ("left", "medial"), ("right", "medial"), ("right", "lateral"))
    for i, (side, view) in enumerate(views):
        axes = figure.add_axes((0.225 * i - 0.02, 0.42, 0.27, 0.62), projection="3d")
        mesh = inflated.parts[side]
        plotting.plot_surf_stat_map(
            (mesh.coordinates, mesh.faces),
            textures[side],
            hemi=side,
            view=view,
            bg_map=depth[side],
            # folds show through the colours, so that a brain without an effect is no white spot
            bg_on_data=True,
            cmap=DIVERGING,
            vmin=-reach,
            vmax=reach,
            threshold=None,
            colorbar=False,
            axes=axes,
            figure=figure,
        )
        axes.set_box_aspect(None, zoom=1.05)  # type: ignore[call-arg] # of 3D axes
        # the next axes overlap: their background would cut this brain
        axes.patch.set_visible(False)
        for drawn in axes.collections:
            drawn.set_clip_on(False)
            drawn.set_rasterized(True)  # twenty thousand triangles as vectors would be megabytes
        figure.text(0.225 * i + 0.115, 0.91, f"{side} {view}", ha="center", fontsize=8)


def viewer(values: pd.Series, regions: pd.DataFrame, image: Nifti1Image) -> str:
    """Interactive slices of the map as one HTML page that asks nothing of the network."""
    numbers = region_numbers(image)[::2, ::2, ::2]
    by_number = np.zeros(numbers.max() + 1)
    by_number[regions["index"]] = values.reindex(regions["region"]).fillna(0).to_numpy(dtype=float)
    painted = Nifti1Image(by_number[numbers].astype(np.float32), image.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    return image_viewer(painted, reach_of(values.to_numpy(dtype=float)))


def image_viewer(image: Nifti1Image, reach: float) -> str:
    """Interactive slices of an image as one HTML page that asks nothing of the network; voxels of 0 are clear.

    It opens where the absolute value is largest.

    Parameters
    ----------
    image
        In MNI space.
    reach
        Symmetric limit of the colours.
    """
    values = np.abs(np.asanyarray(image.dataobj))
    largest = np.unravel_index(values.argmax(), values.shape)
    view = plotting.view_img(
        image,
        cut_coords=image.affine[:3, :3] @ largest + image.affine[:3, 3],
        cmap=DIVERGING,
        vmax=reach,
        symmetric_cmap=True,
        threshold=1e-12,
        black_bg=False,
        opacity=0.75,
        resampling_interpolation="nearest",
        width_view=820,
    )
    return view.get_standalone()
