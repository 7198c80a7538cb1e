"""Receptors and transporters: do effects converge where a receptor is dense?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.stats.map_test import against_null_maps, unit
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import TIE, p_value

#: ``5HTT_dasb_hc30_savli.nii.gz``: target, tracer, healthy controls, source, as Hansen 2022 names its files
_NAME = re.compile(r"^(?P<target>[^_]+)_(?P<tracer>[^_]+)_hc(?P<n>\d+)_(?P<source>.+?)\.nii(\.gz)?$")
#: targets that neuromaps has in MNI152: (source, tracer, resolution, participants) of its annotations
NEUROMAPS = {
    "5HT1a": [("savli2012", "way100635", "3mm", 35), ("beliveau2017", "cumi101", "1mm", 8)],
    "5HT1b": [("beliveau2017", "az10419369", "1mm", 36), ("savli2012", "p943", "3mm", 23)],
    "5HT2a": [("beliveau2017", "cimbi36", "1mm", 29), ("savli2012", "altanserin", "3mm", 19)],
    "5HT4": [("beliveau2017", "sb207145", "1mm", 59)],
    "5HT6": [("radnakrishnan2018", "gsk215083", "1mm", 30)],
    "5HTT": [("beliveau2017", "dasb", "1mm", 100), ("savli2012", "dasb", "3mm", 18), ("fazio2016", "madam", "3mm", 10)],
    "CB1": [("normandin2015", "omar", "1mm", 77), ("laurikainen2018", "fmpepd2", "1mm", 22)],
    "D1": [("kaller2017", "sch23390", "3mm", 13)],
    "D2": [("sandiego2015", "flb457", "1mm", 55), ("smith2017", "flb457", "1mm", 37)],
    "DAT": [("dukart2018", "fpcit", "3mm", 174)],
    "GABAa": [("norgaard2021", "flumazenil", "1mm", 16), ("dukart2018", "flumazenil", "3mm", 6)],
    "KOR": [("vijay2018", "ly2795050", "2mm", 28)],
    "M1": [("naganawa2020", "lsn3172176", "1mm", 24)],
    "MOR": [("kantonen2020", "carfentanil", "3mm", 204), ("turtonen2020", "carfentanil", "1mm", 39)],
    "mGluR5": [
        ("smart2019", "abp688", "1mm", 73),
        ("dubois2015", "abp688", "1mm", 28),
        ("rosaneto", "abp688", "1mm", 22),
    ],
    "NAT": [("ding2010", "mrb", "1mm", 77), ("hesse2017", "methylreboxetine", "3mm", 10)],
    "NMDA": [("galovic2021", "ge179", "1mm", 29)],
}


def fetch_neuromaps(target: str, annotations: list[tuple[str, str, str, int]], folder: str | Path) -> dict[str, Path]:
    """Download the tracer images of a target.

    Returns
    -------
    dict
        Name that `files_in` understands -> file.

    Raises
    ------
    InputError
        neuromaps is not installed, or cannot download.
    """
    try:
        from neuromaps.datasets import fetch_annotation
    except ImportError:
        raise InputError(
            "config key meta.receptors.neuromaps needs the package neuromaps: run `uv sync --group benchmark`, or put "
            "the images into a folder (meta.receptors.folder)"
        ) from None
    found = {}
    for source, tracer, resolution, n in annotations:
        try:
            file = fetch_annotation(
                source=source, desc=tracer, space="MNI152", res=resolution, data_dir=str(folder), verbose=0
            )
        except Exception as error:  # whatever the network or the server says, a user must know what to do
            raise InputError(
                f"{target}: neuromaps could not download {source} {tracer} ({type(error).__name__}: {error}); put the "
                "image into a folder by hand (meta.receptors.folder)"
            ) from error
        found[f"{target}_{tracer}_hc{n}_{source}.nii.gz"] = Path(file[0] if isinstance(file, list) else file)
    return found


def files_in(folder: str | Path) -> pd.DataFrame:
    """Tracer images of a folder, by their names.

    Returns
    -------
    DataFrame
        target, tracer, n_subjects, image.
    """
    folder = Path(folder)
    images = sorted(p for p in folder.glob("*.nii*") if p.name.endswith((".nii", ".nii.gz")))
    if not images:
        raise InputError(f"config key meta.receptors.folder: {folder} holds no .nii or .nii.gz")
    rows, problems = [], []
    for image in images:
        found = _NAME.match(image.name)
        if found is None:
            problems.append(
                f"{image}: its name does not say what it is; name it like 5HTT_dasb_hc30_savli.nii.gz (target, tracer, "
                "number of participants, source), or list images in a table (meta.receptors.table)"
            )
            continue
        rows.append((found["target"], found["tracer"], int(found["n"]), str(image)))
    raise_if_any(problems)
    return pd.DataFrame(rows, columns=["target", "tracer", "n_subjects", "image"])


def check_list(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check a user's table of tracer images: target, tracer, n_subjects, image."""
    absent = [c for c in ("target", "tracer", "n_subjects", "image") if c not in table]
    if absent:
        raise InputError(f"{name}: column {some(absent)} is missing; found {some(table.columns)}")
    n = pd.to_numeric(table["n_subjects"], errors="coerce")
    problems = [
        f"{name}: n_subjects of {image} is {found!r}, a number of people belongs there"
        for image, found in zip(table.loc[~(n >= 1), "image"], table.loc[~(n >= 1), "n_subjects"], strict=True)
    ]
    problems += [f"{name}: {image}: no such file" for image in table["image"] if not Path(str(image)).is_file()]
    raise_if_any(problems)
    return table.assign(n_subjects=n.astype(int))[["target", "tracer", "n_subjects", "image"]]


def combine(tracers: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Density of each target: z over regions per tracer, averaged by sample size, z again.

    Parameters
    ----------
    tracers
        Regions x images; columns in the order of `listed`.
    listed
        target, tracer, n_subjects, image.

    Returns
    -------
    DataFrame
        Regions x targets. A region has the tracers that cover it.
    """
    values = tracers.to_numpy(dtype=float)
    z = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    n = listed["n_subjects"].to_numpy(dtype=float)
    out = {}
    for target in dict.fromkeys(listed["target"]):
        own = np.flatnonzero((listed["target"] == target).to_numpy())
        known = ~np.isnan(z[:, own])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (np.where(known, z[:, own], 0) * n[own]).sum(axis=1) / (known * n[own]).sum(axis=1)
        out[target] = (mean - np.nanmean(mean)) / np.nanstd(mean)
    return pd.DataFrame(out, index=tracers.index)


def correlate(
    maps: Mapping[str, pd.Series],
    densities: pd.DataFrame,
    regions: pd.DataFrame,
    null_maps: Callable[..., np.ndarray],
    seed: int,
    n_maps: int,
) -> pd.DataFrame:
    """Correlation of every map with every receptor under null maps of the map.

    Null hypothesis, per receptor: the map is one of those that share its autocorrelation within every structure and
    its structures' means. Two-sided around the null mean; the false discovery rate is over the receptors of a map.

    Parameters
    ----------
    null_maps
        Makes them, as `nulls.moran.null_maps`.

    Returns
    -------
    DataFrame
        map, receptor, n_regions, r, null_mean, p_null, q_null.
    """
    places = regions.set_index("region")
    rows = []
    for name, values in maps.items():
        sites = places.loc[places[["x", "structure"]].notna().all(axis=1)].index
        values = values.reindex(sites).dropna()
        p_of_map = []
        for receptor in densities:
            # receptors need not be known in the same regions
            both = pd.DataFrame({"map": values, "density": densities[receptor].reindex(values.index)}).dropna()
            row = {"map": name, "receptor": receptor, "n_regions": len(both)}
            if len(both) >= 10 and both.nunique().min() > 1:
                where = places.loc[both.index]
                null = null_maps(
                    both["map"].to_numpy(),
                    where["structure"].to_numpy(dtype=str),
                    where[["x", "y", "z"]].to_numpy(),
                    seed,
                    n_maps,
                )
                found = against_null_maps(
                    unit(both["map"].to_numpy(), 0), unit(null, 1), unit(both[["density"]].to_numpy(), 0)
                )
                row |= {"r": found.score[0], "null_mean": found.null_mean[0], "p_null": found.p[0]}
            p_of_map.append(row.get("p_null", np.nan))
            rows.append(row)
        for row, q in zip(rows[-len(p_of_map) :], benjamini_hochberg(np.array(p_of_map, dtype=float)), strict=True):
            row["q_null"] = q
    return pd.DataFrame(rows, columns=["map", "receptor", "n_regions", "r", "null_mean", "p_null", "q_null"])


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Median of voxels that take the values of their regions.

    Parameters
    ----------
    values : array of shape (n_maps, n_regions)
    weights : array of shape (n_regions,)
        Voxels of the cluster in each region.

    Returns
    -------
    array of shape (n_maps,)
        The smallest value at which half of the weight is reached.
    """
    order = np.argsort(values, axis=1, kind="stable")
    reached = np.cumsum(weights[order], axis=1) >= weights.sum() / 2
    first = reached.argmax(axis=1)
    rows = np.arange(len(values))
    return values[rows, order[rows, first]]


def density_in_cluster(
    densities: pd.DataFrame,
    voxels: pd.Series,
    regions: pd.DataFrame,
    null_maps: Callable[..., np.ndarray],
    seed: int,
    n_maps: int,
) -> pd.DataFrame:
    """Is a receptor denser, or less dense, in a cluster than surrogates of its map are?

    Null hypothesis: the receptor's map is one of those with its autocorrelation and its structures' means. The median
    over the cluster's voxels is compared, two-sided around the surrogates' mean; densities are scaled to 0..1.

    Parameters
    ----------
    voxels
        Voxels of the cluster by region.
    null_maps
        Makes them, as `nulls.moran.null_maps`.

    Returns
    -------
    DataFrame
        receptor, density, null_mean, null_low, null_high, n_voxels (with a density), p_null, q_null.
    """
    places = regions.set_index("region")
    rows = []
    for receptor in densities:
        values = densities[receptor].reindex(places.index)
        values = values[values.notna() & places[["x", "structure"]].notna().all(axis=1)]
        weights = voxels.reindex(values.index).fillna(0).to_numpy(dtype=float)
        row: dict[str, object] = {"receptor": receptor, "n_voxels": int(weights.sum())}
        if weights.sum() > 0:
            where, own = places.loc[values.index], values.to_numpy()
            scaled = (own - own.min()) / (own.max() - own.min())
            null = null_maps(
                scaled, where["structure"].to_numpy(dtype=str), where[["x", "y", "z"]].to_numpy(), seed, n_maps
            )
            observed, chance = weighted_median(scaled[None], weights)[0], weighted_median(null, weights)
            away = np.abs(chance - chance.mean())
            reached = away >= np.abs(observed - chance.mean()) * (1 - TIE)
            low, high = np.percentile(chance, [2.5, 97.5])
            row |= {"density": observed, "null_mean": chance.mean(), "null_low": low, "null_high": high}
            row["p_null"] = float(p_value(reached.sum(), n_maps))
        rows.append(row)
    columns = ["receptor", "n_voxels", "density", "null_mean", "null_low", "null_high", "p_null"]
    table = pd.DataFrame(rows, columns=columns)
    table["q_null"] = benjamini_hochberg(table["p_null"].to_numpy(dtype=float))
    return table


def densities_in_clusters(
    densities: pd.DataFrame,
    clusters: Mapping[tuple[str, int], pd.Series],
    regions: pd.DataFrame,
    null_maps: Callable[..., np.ndarray],
    seed: int,
    n_maps: int,
) -> pd.DataFrame:
    """`density_in_cluster` of every cluster, with its comparison and number; no rows if there is none.

    Parameters
    ----------
    clusters
        Comparison and number -> voxels by region.
    """
    parts = []
    for (comparison, cluster), voxels in clusters.items():
        found = density_in_cluster(densities, voxels, regions, null_maps, seed, n_maps)
        found.insert(0, "comparison", comparison)
        found.insert(1, "cluster", cluster)
        parts.append(found)
    if parts:
        return pd.concat(parts, ignore_index=True)
    numbers = ["density", "null_mean", "null_low", "null_high", "p_null", "q_null"]
    return pd.DataFrame(columns=["comparison", "cluster", "receptor", "n_voxels", *numbers])
