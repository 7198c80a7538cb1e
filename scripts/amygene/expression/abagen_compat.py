"""What abagen 0.1.3 needs of older packages, put back in the process that imports it.

abagen's newest release was written for pandas 1 and numpy 1. Jobs that call it run in an environment of their own
(envs/abagen) and import it through `load`; nothing else imports this module.
"""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd


def load() -> ModuleType:
    """Import abagen so that it works.

    Returns
    -------
    module
        abagen. `pandas.DataFrame` has its methods of old in this process from now on.
    """
    # abagen's use of what newer packages still have, but warn about
    warnings.filterwarnings("ignore", category=FutureWarning, module="abagen")
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="abagen")
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    for name, method in (("append", _append), ("set_axis", _set_axis)):
        setattr(pd.DataFrame, name, method)

    import abagen
    from abagen import allen, matching

    matching.AtlasTree._assign_sample = _as_scalar(matching.AtlasTree._assign_sample)
    allen._interpolate_missing = _or_nothing(allen._interpolate_missing)
    allen._match_centroids = _where_missing(allen._match_centroids)
    return abagen


def _append(self: pd.DataFrame, other: pd.DataFrame, ignore_index: bool = False) -> pd.DataFrame:
    """``DataFrame.append``, gone from pandas 2."""
    return pd.concat([self, other], ignore_index=ignore_index)


_set_axis_of_today = pd.DataFrame.set_axis


def _set_axis(self: pd.DataFrame, labels: Any, *, axis: Any = 0, inplace: bool = False, **options: Any) -> pd.DataFrame:
    """``DataFrame.set_axis`` with ``inplace``, gone from pandas 2; abagen passes False."""
    if inplace:
        raise NotImplementedError("set_axis(inplace=True)")
    return _set_axis_of_today(self, labels, axis=axis, **options)


def _as_scalar(assign: Any) -> Any:
    """A sample between regions gets its label as an array of one, which numpy 2.4 does not take for a number."""

    def assign_sample(*arguments: Any) -> Any:
        return np.asarray(assign(*arguments)).item()

    return assign_sample


def _or_nothing(interpolate: Any) -> Any:
    """Interpolation fails for a donor without a region to fill; there it has nothing to add."""

    def interpolate_missing(atlas: Any, labels: Any, microarray: Any, annotation: Any) -> Any:
        try:
            return interpolate(atlas, labels, microarray, annotation)
        except ValueError as error:
            if str(error) != "No objects to concatenate":
                raise
            return microarray.iloc[:0], labels.iloc[:0]

    return interpolate_missing


def _where_missing(match: Any) -> Any:
    """Matching by centroids fails for a donor with samples in every region; there it has nothing to match."""

    def match_centroids(atlas: Any, labels: Any, microarray: Any, annotation: Any) -> Any:
        if len(np.setdiff1d(atlas.labels, labels)) == 0:
            return microarray.iloc[:0], {}
        return match(atlas, labels, microarray, annotation)

    return match_centroids
