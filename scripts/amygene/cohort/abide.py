"""ABIDE I as preprocessed by the Preprocessed Connectomes Project (Craddock 2013), through nilearn.

A real multi-site study that anyone can download. Who is in it is known only after the download of its
phenotype table, so its jobs are planned by a fixed number of buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

#: subjects and sites of the release, for planning
EXPECTED, EXPECTED_SITES = 1112, 20
DERIVATIVE = "rois_aal"

_GROUP = {"1": "ASD", "2": "HC"}
_SEX = {"1": "M", "2": "F"}


def participants(
    phenotypes: pd.DataFrame, folder: str | Path, pipeline: str, global_signal_regression: bool
) -> pd.DataFrame:
    """The participants sheet, as text, from the release's phenotype table.

    Parameters
    ----------
    phenotypes
        ``Phenotypic_V1_0b_preprocessed1.csv``, every cell as text.
    folder
        The download folder; `timeseries` points into it.
    """
    strategy = "filt_global" if global_signal_regression else "filt_noglobal"
    base = Path(folder).resolve() / "ABIDE_pcp" / pipeline / strategy
    absent = phenotypes["FILE_ID"] == "no_filename"
    return pd.DataFrame(
        {
            "participant_id": "sub-" + phenotypes["SUB_ID"],
            "site": phenotypes["SITE_ID"],
            "group": phenotypes["DX_GROUP"].map(lambda code: _GROUP.get(code, code)),
            "age": phenotypes["AGE_AT_SCAN"],
            "sex": phenotypes["SEX"].map(lambda code: _SEX.get(code, code)),
            "fiq": phenotypes["FIQ"],
            "mean_fd": phenotypes["func_mean_fd"],
            "excluded": absent.map({True: "the release has no preprocessed series", False: ""}),
            "timeseries": [str(base / f"{name}_{DERIVATIVE}.1D") for name in phenotypes["FILE_ID"]],
        }
    )


def download_phenotypes(folder: str | Path, pipeline: str, url: str | None) -> pd.DataFrame:
    """Download the phenotype table and read it as text."""
    from nilearn.datasets import fetch_abide_pcp

    fetch_abide_pcp(data_dir=str(folder), pipeline=pipeline, derivatives=[], quality_checked=False, url=url, verbose=0)
    path = Path(folder) / "ABIDE_pcp" / "Phenotypic_V1_0b_preprocessed1.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def download_series(
    participants: Sequence[str],
    folder: str | Path,
    pipeline: str,
    global_signal_regression: bool,
    url: str | None,
) -> None:
    """Download the regional series of some participants into the folder; files that are there stay."""
    from nilearn.datasets import fetch_abide_pcp

    if participants:
        fetch_abide_pcp(
            data_dir=str(folder),
            pipeline=pipeline,
            band_pass_filtering=True,
            global_signal_regression=global_signal_regression,
            derivatives=[DERIVATIVE],
            quality_checked=False,
            url=url,
            verbose=0,
            SUB_ID=[int(p.removeprefix("sub-")) for p in participants],
        )
