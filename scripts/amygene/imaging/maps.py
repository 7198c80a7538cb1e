"""Maps: one value per region of the atlas, from a table or an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amygene.imaging.atlas import region_numbers, region_rows
from amygene.imaging.parcels import membership, region_means
from amygene.io.problems import InputError, raise_if_any, some

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: fewest regions with a value and expression
MIN_REGIONS = 10


def map_from_table(table: pd.DataFrame, region: str, value: str, regions: pd.DataFrame, name: str) -> pd.Series:
    """The values of a table by region of the atlas.

    Parameters
    ----------
    table
        As read, one row per region; rows that are no region of the atlas are left out (`atlas.strangers` names them).
    region, value
        Its columns.
    regions
        The atlas's table.
    name
        Of the file, for messages.

    Returns
    -------
    Series
        In the atlas's order, missing where the table says nothing.
    """
    problems = [
        f"{name}: column {c!r} is missing; found {some(table.columns, 12)}" for c in (region, value) if c not in table
    ]
    raise_if_any(problems)
    numbers = pd.to_numeric(table[value], errors="coerce")
    text = numbers.isna() & table[value].notna()
    if text.any():
        found = [f"{v!r} ({r})" for v, r in zip(table.loc[text, value], table.loc[text, region], strict=True)]
        problems.append(f"{name}: column {value!r}: found {some(found)} where a number belongs")
    labels = table[region].astype(str).str.strip()
    twice = labels[labels.duplicated()].unique()
    if len(twice):
        problems.append(f"{name}: region {some(twice)} stands twice")
    if not labels.isin(regions["region"]).any():
        problems.append(
            f"{name}: no row is a region of the atlas; found {some(labels, 4)}, "
            f"the atlas has {some(regions['region'], 4)}"
        )
    raise_if_any(problems)
    return pd.Series(numbers.to_numpy(dtype=float), index=labels).reindex(regions["region"])


def map_from_image(image: Nifti1Image, atlas: Nifti1Image, regions: pd.DataFrame, name: str) -> pd.Series:
    """Mean of an image over every region of the atlas.

    Voxels that are not finite or exactly 0 (outside the mask) are left out. An image on another grid is
    interpolated linearly at the atlas's voxels, from those of its voxels that count. A region of which less than
    half is covered is missing.
    """
    values = np.asarray(image.dataobj, dtype=float)
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise InputError(f"{name}: expected a 3D image, found shape {image.shape}")
    covered = np.isfinite(values) & (values != 0)
    if values.shape != atlas.shape[:3] or not np.allclose(image.affine, atlas.affine):
        from scipy.ndimage import affine_transform

        # from voxels of the atlas to those of the image
        to_image = np.linalg.inv(image.affine) @ atlas.affine
        total, share = (
            affine_transform(part, to_image, output_shape=atlas.shape[:3], order=1)
            for part in (np.where(covered, values, 0), covered.astype(float))
        )
        covered = share >= 0.5
        values = np.divide(total, share, out=np.full(total.shape, np.nan), where=covered)
    rows = region_rows(region_numbers(atlas), regions["index"])
    mean = region_means(np.where(covered, values, np.nan).ravel(), membership(rows.ravel(), len(regions)))
    found = pd.Series(mean, index=pd.Index(regions["region"]))
    if found.isna().all():
        raise InputError(f"{name}: covers no region of the atlas; is it in MNI space?")
    return found


def used_regions(
    values: pd.Series, regions: pd.DataFrame, in_expression: pd.Series, null: str, cortex_only: bool, name: str
) -> pd.DataFrame:
    """Which regions enter the analysis of genes, and why others do not.

    Parameters
    ----------
    values
        The map, indexed by region.
    regions
        The atlas's table.
    in_expression
        Per region, whether expression is known.
    null, cortex_only
        Name of the null maps, and whether they use cortex only.
    name
        Of the map, for messages.

    Returns
    -------
    DataFrame
        region, structure, hemisphere, x, y, z, value, used, reason.
    """
    table = regions[["region", "structure", "hemisphere", "x", "y", "z"]].copy()
    table["value"] = values.to_numpy()
    reasons: list[str | None] = []
    for value, known, structure, x in zip(table["value"], in_expression, table["structure"], table["x"], strict=True):
        if not np.isfinite(value):
            reasons.append("no value")
        elif not known:
            reasons.append("no expression")
        elif cortex_only and structure != "cortex":
            reasons.append(f"not cortex ({null})")
        elif not np.isfinite(x):
            reasons.append("no coordinates")
        else:
            reasons.append(None)
    table["used"] = [r is None for r in reasons]
    table["reason"] = reasons
    problems = []
    used = table[table["used"]]
    if len(used) < MIN_REGIONS:
        counts = pd.Series([r for r in reasons if r]).value_counts().to_dict()
        problems.append(
            f"{name}: {len(used)} regions have a value, expression and coordinates, "
            f"at least {MIN_REGIONS} are needed ({counts})"
        )
    elif used["structure"].isna().any():
        unknown = used.loc[used["structure"].isna(), "region"]
        problems.append(f"{name}: structure of {some(unknown, 4)} is unknown; name it in the atlas's labels")
    elif used["value"].nunique() < 2:
        problems.append(f"{name}: all regions have the value {used['value'].iloc[0]:g}; a constant map follows no gene")
    raise_if_any(problems)
    return table
