"""Figures of a cohort of images: what cleaning does, where the seeds lie, what their maps look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from nibabel.nifti1 import Nifti1Image
from nilearn import plotting

from amygene.report.brain import reach_of
from amygene.report.style import CASE, CONTROL, DIVERGING, GREEN, GREY, MARK, SKY

#: tissues and structures from top to bottom of a carpet
LAYERS = {"cortex": CONTROL, "subcortex": GREEN, "cerebellum": MARK, "other": GREY}
#: colours of seeds, in turn
_SEEDS = (CASE, CONTROL, GREEN, MARK, SKY, "#E69F00", "#000000", "#F0E442")


@dataclass(frozen=True)
class Carpet:
    """One scan before and after cleaning.

    Attributes
    ----------
    title
        Whose.
    displacement : array of shape (n_volumes,), or None
    kept : array of bool, shape (n_volumes,)
    before, after : arrays of shape (n_voxels, n_volumes)
        Voxels with unit variance; missing where a volume is left out.
    layer : array of str, shape (n_voxels,)
        One of `LAYERS`, in their order.
    """

    title: str
    displacement: np.ndarray | None
    kept: np.ndarray
    before: np.ndarray
    after: np.ndarray
    layer: np.ndarray


def carpets(scans: Sequence[Carpet], threshold: float | None) -> Figure:
    """Scans side by side: displacement, every voxel over time before cleaning, and after.

    Parameters
    ----------
    threshold
        Displacement above which volumes were scrubbed, mm.
    """
    figure, axes = plt.subplots(
        3, len(scans), figsize=(3.4 * len(scans), 5.6), height_ratios=(1, 3, 3), sharex="col", squeeze=False
    )
    top = max((s.displacement.max() for s in scans if s.displacement is not None), default=1.0)
    grey = plt.get_cmap("gray").with_extremes(bad="#FDEBD8")
    for column, scan in zip(axes.T, scans, strict=True):
        column[0].set_title(scan.title)
        if scan.displacement is not None:
            column[0].plot(scan.displacement, color="black", lw=0.7)
        if threshold is not None:
            column[0].axhline(threshold, color=CASE, lw=0.8, ls="--")
        column[0].set(ylim=(0, min(top, 2.5) * 1.05), xlim=(0, len(scan.kept)))
        for panel, values in ((column[1], scan.before), (column[2], scan.after)):
            drawn = panel.imshow(values, aspect="auto", cmap=grey, vmin=-2, vmax=2, interpolation="nearest")
            drawn.set_rasterized(True)
            panel.set_yticks([])
            _layers(panel, scan.layer)
        column[2].set_xlabel("volume")
    for row, label in enumerate(("FD (mm)", "before", "after")):
        axes[row, 0].set_ylabel(label, labelpad=14 if row else 4)
    handles = [plt.Line2D([], [], color=colour, lw=4, label=name) for name, colour in LAYERS.items()]
    present = {name for scan in scans for name in np.unique(scan.layer)}
    figure.legend(
        handles=[h for h in handles if h.get_label() in present], loc="outside lower center", ncols=4, frameon=False
    )
    return figure


def _layers(panel: plt.Axes, layer: np.ndarray) -> None:
    """A strip left of a carpet that says where its voxels lie."""
    codes = np.array([list(LAYERS).index(name) for name in layer])[:, None]
    strip = panel.inset_axes((-0.035, 0, 0.025, 1))
    strip.imshow(codes, aspect="auto", cmap=ListedColormap(list(LAYERS.values())), vmin=0, vmax=3)
    strip.set_axis_off()


def seed_places(seeds: Mapping[str, Nifti1Image], coverage: Nifti1Image) -> Figure:
    """Outlines of the seeds through their middle, and the share of scans with signal in the whole brain.

    Parameters
    ----------
    seeds
        Name -> weights.
    coverage
        Share of scans in which a voxel has signal.
    """
    figure = plt.figure(figsize=(9.4, 5.6), layout="none")
    middle, low, high = _middle(seeds)
    above = plotting.plot_anat(
        axes=figure.add_axes((0, 0.5, 0.83, 0.5)),
        figure=figure,
        display_mode="ortho",
        cut_coords=middle,
        annotate=True,
        draw_cross=False,
        black_bg=False,
        colorbar=False,
    )
    handles = []
    for j, (name, image) in enumerate(seeds.items()):
        colour = _SEEDS[j % len(_SEEDS)]
        largest = float(np.max(image.dataobj))
        if largest > 0:
            above.add_contours(image, levels=[0.5 * largest], colors=[colour], linewidths=1.2, filled=False)
        handles.append(plt.Line2D([], [], color=colour, label=name))
    # the part of the brain that they lie in
    for cut, (across, up) in (("x", (1, 2)), ("y", (0, 2)), ("z", (0, 1))):
        panel = above.axes[cut].ax
        panel.set(xlim=(low[across], high[across]), ylim=(low[up], high[up]))
    figure.legend(handles=handles, loc="upper right", frameon=False, fontsize=8, bbox_to_anchor=(0.99, 0.97))
    below = plotting.plot_stat_map(
        coverage,
        axes=figure.add_axes((0, 0.0, 0.88, 0.42)),
        figure=figure,
        display_mode="z",
        cut_coords=[-50, -30, -18, -4, 20, 50],
        threshold=1e-6,
        vmin=0,
        vmax=1,
        cmap="viridis",
        colorbar=True,
        symmetric_cbar=False,
        black_bg=False,
        annotate=True,
        resampling_interpolation="nearest",
        transparency=0.8,
    )
    below.title("share of scans with signal", size=9, color="black", bgcolor="white", x=0.0, y=1.06)
    return figure


def _middle(seeds: Mapping[str, Nifti1Image]) -> tuple[tuple[float, float, float], np.ndarray, np.ndarray]:
    """Where to cut, and the corners of a cube with all seeds (MNI mm).

    The cut goes through the centre of all, but on one side where they lie on both, so that the sagittal slice meets
    some.
    """
    places = []
    for image in seeds.values():
        ijk = np.argwhere(np.asanyarray(image.dataobj) > 0)
        if len(ijk):
            places.append(ijk @ image.affine[:3, :3].T + image.affine[:3, 3])
    if not places:
        return (0.0, 0.0, 0.0), np.array([-75.0, -110, -75]), np.array([75.0, 75, 85])
    centres = np.array([xyz.mean(axis=0) for xyz in places])
    left = centres[centres[:, 0] <= 0, 0]
    x = left.mean() if len(left) else centres[:, 0].mean()
    everything = np.vstack(places)
    low, high = everything.min(axis=0), everything.max(axis=0)
    half = (high - low).max() / 2 + 14
    cut = (float(x), float(centres[:, 1].mean()), float(centres[:, 2].mean()))
    return cut, (low + high) / 2 - half, (low + high) / 2 + half


def mean_maps(maps: Mapping[str, Nifti1Image]) -> Figure:
    """Mean Fisher z of every seed, a row of slices each."""
    reach = max(reach_of(np.asanyarray(image.dataobj)[np.asanyarray(image.dataobj) != 0]) for image in maps.values())
    height = 1.25
    figure = plt.figure(figsize=(9.4, height * len(maps) + 0.2), layout="none")
    for j, (name, image) in enumerate(maps.items()):
        low = 1 - (j + 1) / len(maps)
        shown = plotting.plot_stat_map(
            image,
            axes=figure.add_axes((0.07, low, 0.85, 0.98 / len(maps))),
            figure=figure,
            display_mode="z",
            cut_coords=[-40, -22, -8, 6, 22, 40, 56],
            threshold=1e-6,
            vmax=reach,
            cmap=DIVERGING,
            colorbar=False,
            black_bg=False,
            annotate=j == 0,
            draw_cross=False,
        )
        del shown
        figure.text(0.005, low + 0.5 / len(maps), name, va="center", fontsize=9, weight="bold")
    bar = figure.add_axes((0.94, 0.25, 0.012, 0.5))
    scale = plt.cm.ScalarMappable(plt.Normalize(-reach, reach), DIVERGING)
    figure.colorbar(scale, cax=bar, label="mean Fisher z")
    return figure


def cleaning_quality(qc: pd.DataFrame, seeds: Sequence[str], min_df: float) -> Figure:
    """Motion against what cleaning leaves, and the seeds' signal-to-noise ratios.

    Parameters
    ----------
    qc
        ``connectivity/qc.tsv``.
    min_df
        Degrees of freedom below which participants are out.
    """
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.0), width_ratios=(1, 1, 1.3))
    has_motion = qc["mean_fd"].notna().any()
    x = qc["mean_fd"] if has_motion else pd.Series(np.arange(len(qc)), index=qc.index)
    label = "mean framewise displacement (mm)" if has_motion else "participant"
    axes[0].scatter(x, 100 * qc["scrubbed"], s=8, color=CONTROL, alpha=0.6, lw=0)
    axes[0].set(title="Scrubbed", xlabel=label, ylabel="% of volumes", ylim=(0, None))
    axes[1].scatter(x, qc["df_left"], s=8, color=CONTROL, alpha=0.6, lw=0)
    axes[1].axhline(min_df, color=CASE, lw=0.8, ls="--")
    axes[1].set(title="Degrees of freedom left", xlabel=label, ylim=(0, None))
    values = [qc[f"tsnr_{seed}"].dropna() for seed in seeds]
    spread = np.random.default_rng(0)
    for j, own in enumerate(values):
        axes[2].scatter(j + spread.uniform(-0.2, 0.2, len(own)), own, s=5, color=GREY, alpha=0.6, lw=0)
        if len(own):
            axes[2].plot([j - 0.3, j + 0.3], [own.median()] * 2, color="black", lw=1.5)
    axes[2].set_xticks(range(len(seeds)), seeds, rotation=45 if len(seeds) > 4 else 0)
    axes[2].set(title="Temporal signal-to-noise ratio", ylim=(0, None))
    return figure
