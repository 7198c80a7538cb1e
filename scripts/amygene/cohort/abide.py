"""ABIDE I as preprocessed by the Preprocessed Connectomes Project (Craddock 2013), through nilearn.

A real multi-site study that anyone can download. Who is in it is known only after the download of its
phenotype table, so its jobs are planned by a fixed number of buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from amygene.io.problems import InputError, some

#: subjects and sites of the release, for planning
EXPECTED, EXPECTED_SITES = 1112, 20
DERIVATIVE = "rois_aal"
PHENOTYPES = "Phenotypic_V1_0b_preprocessed1.csv"

#: what a server answers for a file that it does not have
_ABSENT = (403, 404, 410)

_NEEDED = ("SUB_ID", "SITE_ID", "FILE_ID", "DX_GROUP", "AGE_AT_SCAN", "SEX", "FIQ", "func_mean_fd")
_GROUP = {"1": "ASD", "2": "HC"}
_SEX = {"1": "M", "2": "F"}


def participants(
    phenotypes: pd.DataFrame, folder: str | Path, pipeline: str, global_signal_regression: bool
) -> pd.DataFrame:
    """The participants sheet, as text, from the release's phenotype table.

    Parameters
    ----------
    phenotypes
        `PHENOTYPES`, every cell as text.
    folder
        The download folder; `timeseries` points into it.
    pipeline, global_signal_regression
        Which of the release's versions of the series.

    Returns
    -------
    DataFrame
        Text. Diagnosis and sex as words; the column ``excluded`` names those without preprocessed series.

    Raises
    ------
    InputError
        The table is not the release's.
    """
    lacking = [c for c in _NEEDED if c not in phenotypes]
    if lacking:
        raise InputError(
            f"{Path(folder) / 'ABIDE_pcp' / PHENOTYPES}: column {some(lacking)} is missing; "
            f"found {some(phenotypes.columns, 12)}; delete the file and run again"
        )
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
    """Download the phenotype table and read it as text; a table that is there is not downloaded again.

    Raises
    ------
    InputError
        It cannot be downloaded.
    """
    from nilearn.datasets import fetch_abide_pcp
    from requests import RequestException

    try:
        fetch_abide_pcp(
            data_dir=str(folder), pipeline=pipeline, derivatives=[], quality_checked=False, url=url, verbose=0
        )
    except RequestException as error:
        raise InputError(_unreachable(PHENOTYPES, folder, error)) from error
    except (KeyError, ValueError):
        # nilearn also looks into the table; one that is not the release's is told about by `participants`
        pass
    return pd.read_csv(Path(folder) / "ABIDE_pcp" / PHENOTYPES, dtype=str, keep_default_na=False)


def download_series(
    participants: Sequence[str],
    folder: str | Path,
    pipeline: str,
    global_signal_regression: bool,
    url: str | None,
) -> list[str]:
    """Download the regional series of some participants into the folder; files that are there stay.

    Returns
    -------
    list of str
        Participants whose file the server does not have. The stage `cohort` deals with them as the config's
        ``cohort.faulty`` says.

    Raises
    ------
    InputError
        The server cannot be reached, or breaks off.
    """
    from nilearn.datasets import fetch_abide_pcp
    from requests import HTTPError, RequestException

    absent = []
    for participant in participants:
        try:
            # one by one: nilearn gives up at the first file that fails
            fetch_abide_pcp(
                data_dir=str(folder),
                pipeline=pipeline,
                band_pass_filtering=True,
                global_signal_regression=global_signal_regression,
                derivatives=[DERIVATIVE],
                quality_checked=False,
                url=url,
                verbose=0,
                SUB_ID=[int(participant.removeprefix("sub-"))],
            )
        except HTTPError as error:
            if error.response is None or error.response.status_code not in _ABSENT:
                raise InputError(_unreachable(participant, folder, error)) from error
            absent.append(participant)
        except RequestException as error:
            raise InputError(_unreachable(participant, folder, error)) from error
        except ValueError:
            # nilearn also parses the file; one that is no table is down, and is told about when it is read
            continue
    return absent


def _unreachable(what: str, folder: str | Path, error: Exception) -> str:
    return (
        f"{what} of ABIDE could not be downloaded ({error}); run again, name another address of the same files in "
        f"cohort.url, or put the files below {Path(folder) / 'ABIDE_pcp'} by hand"
    )
