"""Counts of genes and the sheet of their samples: read, and every problem told at once."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given
from amygene.preclinical.orthologues import human_names

#: columns of featureCounts beside the samples
_FEATURE_COUNTS = ("Chr", "Start", "End", "Strand", "Length")
#: fewest samples of a group that is compared
MIN_GROUP = 2
_ENDINGS = (".tsv", ".csv", ".txt", ".mtx", ".h5ad")
#: largest count, that of 32 bits
_MOST = 2**31 - 1


@dataclass(frozen=True)
class Counts:
    """Counts of one tissue.

    Attributes
    ----------
    values : DataFrame of int, samples x genes
    sheet : DataFrame
        One row per sample, in the same order; its index is ``sample``.
    left_out : dict
        Sample -> why it takes no part.
    """

    values: pd.DataFrame
    sheet: pd.DataFrame
    left_out: dict[str, str]


def read_counts(path: str | Path) -> pd.DataFrame:
    """Read a count matrix.

    Parameters
    ----------
    path
        ``.tsv``, ``.csv``, ``.txt``: genes x samples, names of genes in the first column (the output of
        featureCounts, or of R's write.table, as it stands). ``.mtx``: genes x samples, with ``features.tsv`` or
        ``genes.tsv`` and ``barcodes.tsv`` in the same folder. All of these may end in ``.gz``. ``.h5ad``: samples x
        genes; the layer ``counts`` if there is one, else ``X``.

    Returns
    -------
    DataFrame of float, samples x genes

    Raises
    ------
    InputError
        The file is absent, has an unknown ending or cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of counts")
    if path.name.endswith(".h5ad"):
        return _read_h5ad(path)
    if path.name.endswith((".mtx", ".mtx.gz")):
        return _read_mtx(path)
    if not path.name.removesuffix(".gz").endswith(_ENDINGS):
        raise InputError(
            f"{path}: its ending is {path.suffix!r}; counts end in {', '.join(_ENDINGS)}, or these and .gz"
        )
    table = read_given(path, comment="#", dtype=str, keep_default_na=False)
    _unlike_columns(path)
    if not isinstance(table.index, pd.RangeIndex):
        # R names samples only, so that the header is one cell shorter than the rows
        table = table.rename_axis("gene").reset_index()
    if table.shape[1] < 2:
        raise InputError(f"{path}: has one column; expected genes in the first and a column per sample")
    table = table.drop(columns=[c for c in _FEATURE_COUNTS if c in table]).set_index(table.columns[0])
    if table.empty:
        raise InputError(f"{path}: has no gene; expected a row for each under the header")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    bad = numbers.isna().to_numpy()
    if bad.any():
        shown = np.argwhere(bad)[:5]
        cells = [f"{table.iloc[i, j]!r} ({table.index[i]}, {table.columns[j]})" for i, j in shown]
        raise InputError(f"{path}: {bad.sum()} cells are no counts: {some(cells, 4)}; give every cell a whole number")
    return numbers.astype(float).T


def _unlike_columns(path: str | Path) -> None:
    """Refuse a header that has a name twice; pandas gives the second another one."""
    header = read_given(path, comment="#", dtype=str, keep_default_na=False, header=None, nrows=1).iloc[0]
    twice = header[header.duplicated()].unique()
    if len(twice):
        raise InputError(f"{path}: column {some(twice, 4)} stands twice in the header; rename or remove one")


def _read_h5ad(path: Path) -> pd.DataFrame:
    import anndata

    try:
        data = anndata.read_h5ad(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as h5ad ({error}); write it with anndata") from None
    values = data.layers.get("counts", data.X)
    if values is None:
        raise InputError(
            f"{path}: has neither a layer counts nor X; its layers are {some(data.layers)}; name the layer of raw "
            "counts 'counts'"
        )
    dense = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=float)
    if "counts" not in data.layers and len(data.layers) and (dense != np.floor(dense)).any():
        raise InputError(
            f"{path}: X holds no whole numbers and no layer is named counts (layers: {some(data.layers)}); name the "
            "layer of raw counts 'counts'"
        )
    return pd.DataFrame(dense, index=data.obs_names.astype(str), columns=data.var_names.astype(str))


def _read_mtx(path: Path) -> pd.DataFrame:
    from scipy.io import mmread

    names = {}
    for what, files in (("genes", ("features.tsv", "genes.tsv")), ("samples", ("barcodes.tsv",))):
        found = [path.parent / f"{f}{z}" for f in files for z in ("", ".gz") if (path.parent / f"{f}{z}").is_file()]
        if not found:
            raise InputError(f"{path}: names of {what} are looked for in {' or '.join(files)} beside it; found neither")
        table = read_given(found[0], header=None, dtype=str, keep_default_na=False)
        names[what] = table.iloc[:, 0].tolist()
    try:
        values = mmread(path, spmatrix=False)
    except (ValueError, EOFError, OverflowError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be read as a Matrix Market file ({error}); write it or copy it again"
        ) from None
    if np.iscomplexobj(values):
        raise InputError(f"{path}: holds complex numbers; give raw counts")
    values = values.toarray() if hasattr(values, "toarray") else values
    expected = (len(names["genes"]), len(names["samples"]))
    if values.shape != expected:
        raise InputError(
            f"{path}: is {values.shape[0]} x {values.shape[1]}, its names are {expected[0]} genes x {expected[1]} "
            "samples; give genes x samples, and names without a header"
        )
    return pd.DataFrame(values.T.astype(float), index=names["samples"], columns=names["genes"])


def checked_sheet(path: str | Path, sheet: pd.DataFrame, variable: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Check the sheet of a tissue's samples: ``sample``, the variable that is compared, covariates, what else there is.

    Parameters
    ----------
    path
        Of the file that it was read from.

    Raises
    ------
    InputError
        A column is absent, or a sample stands twice.
    """
    _unlike_columns(path)
    missing = [c for c in ("sample", variable, *covariates) if c not in sheet]
    if missing:
        raise InputError(f"{path}: has no column {some(missing)}; its columns are {some(sheet.columns)}")
    sheet = sheet.apply(lambda cells: cells.str.strip())
    unnamed = sheet.index[sheet["sample"] == ""] + 2
    if len(unnamed):
        raise InputError(f"{path}: row {some(unnamed)} has no sample; name it, or remove the row")
    twice = sheet["sample"][sheet["sample"].duplicated()].unique()
    if len(twice):
        raise InputError(f"{path}: sample {some(twice)} stands twice; keep one row")
    return sheet.replace({"n/a": "", "NA": ""}).set_index("sample")


def joined(
    where: str,
    values: pd.DataFrame,
    sheet: pd.DataFrame,
    variable: str,
    covariates: Sequence[str],
    contrasts: Mapping[str, Mapping[str, str]],
) -> Counts:
    """Counts and sheet of a tissue as one, after every check.

    Parameters
    ----------
    where
        Names the tissue in messages.
    values : DataFrame, samples x genes
        From `read_counts`.
    sheet : DataFrame
        From `checked_sheet`. A sample without a value of `variable` or of a covariate takes no part.
    variable, covariates, contrasts
        What is compared.

    Raises
    ------
    InputError
        One message with every problem: cells that are no counts, names that stand twice, samples that do not match,
        groups that are too small, covariates that tell the groups apart.
    """
    problems = [*_count_problems(where, values), *_match_problems(where, values, sheet)]
    raise_if_any(problems)
    needed = sheet[[variable, *covariates]]
    left_out = {
        str(sample): f"no {' and no '.join(row.index[row == ''])}"
        for sample, row in needed.iterrows()
        if (row == "").any()
    }
    kept = sheet.drop(index=list(left_out))
    if kept.empty:
        raise InputError(f"{where}: every sample lacks a value of {' or '.join(needed)}; fill in the sheet")
    sizes = kept[variable].value_counts()
    for name, contrast in contrasts.items():
        for side in ("case", "control"):
            n = int(sizes.get(contrast[side], 0))
            if n < MIN_GROUP:
                problems.append(
                    f"{where}: group {contrast[side]!r} of contrast {name} has {n} samples; it needs {MIN_GROUP} "
                    f"(groups in column {variable}: {some(f'{g} {k}' for g, k in sizes.items())})"
                )
    problems += _covariate_problems(where, kept, variable, covariates)
    raise_if_any(problems)
    used = values.loc[kept.index]
    silent = used.index[(used == 0).all(axis=1)]
    if len(silent):
        raise InputError(f"{where}: sample {some(silent)} has no count at all; leave it out (empty {variable})")
    return Counts(used.astype(np.int64), kept, left_out)


def _count_problems(where: str, values: pd.DataFrame) -> list[str]:
    problems = []
    for kind, names in (("gene", values.columns), ("sample", values.index)):
        twice = names[names.duplicated()].unique()
        if len(twice):
            problems.append(f"{where}: {kind} {some(twice, 4)} stands twice in the counts; add them up or rename them")
        unnamed = int(np.sum(names.str.strip() == ""))
        if unnamed:
            problems.append(f"{where}: {unnamed} {kind}s of the counts have no name; name them or remove them")
    cells = values.to_numpy()
    for bad, what in (
        (~np.isfinite(cells), "missing or infinite"),
        (cells < 0, "negative"),
        (np.isfinite(cells) & (cells != np.floor(cells)), "not whole numbers"),
        (np.isfinite(cells) & (cells > _MOST), f"larger than {_MOST}"),
    ):
        if bad.any():
            shown = [f"{cells[i, j]:g} ({values.columns[j]}, {values.index[i]})" for i, j in np.argwhere(bad)[:20]]
            problems.append(
                f"{where}: {bad.sum()} counts are {what}: {some(shown, 3)}; give raw counts of reads, not TPM, FPKM or "
                "transformed values"
            )
    return problems


def _match_problems(where: str, values: pd.DataFrame, sheet: pd.DataFrame) -> list[str]:
    in_sheet, in_counts = set(sheet.index), set(values.index)
    if not in_sheet & in_counts:
        hint = "; the matrix has samples in its rows: transpose it" if in_sheet & set(values.columns) else ""
        return [
            f"{where}: no sample of the sheet ({some(sheet.index, 3)}) is in the counts ({some(values.index, 3)}){hint}"
        ]
    problems = []
    absent = [s for s in sheet.index if s not in in_counts]
    if absent:
        problems.append(
            f"{where}: samples of the sheet that the counts lack: {some(absent)}; correct their names, or remove them"
        )
    unlisted = [s for s in values.index if s not in in_sheet]
    if unlisted:
        problems.append(
            f"{where}: samples of the counts that the sheet lacks: {some(unlisted)}; add them, with an empty group if "
            "they are to be left out"
        )
    return problems


def _covariate_problems(where: str, sheet: pd.DataFrame, variable: str, covariates: Sequence[str]) -> list[str]:
    """Covariates that are constant, or that are a mixture of groups and other covariates."""
    design = pd.get_dummies(sheet[variable], dtype=float).to_numpy()
    for covariate in covariates:
        numbers = pd.to_numeric(sheet[covariate], errors="coerce")
        own = (
            numbers.to_numpy(dtype=float)[:, None]
            if numbers.notna().all()
            else pd.get_dummies(sheet[covariate], dtype=float).to_numpy()[:, 1:]
        )
        if own.shape[1] == 0 or (own == own[0]).all():
            return [f"{where}: covariate {covariate!r} is the same in every sample; leave it out"]
        wider = np.hstack([design, own])
        if np.linalg.matrix_rank(wider) < wider.shape[1]:
            return [f"{where}: covariate {covariate!r} cannot be told from {variable!r} and the others; leave it out"]
        design = wider
    if len(design) <= design.shape[1]:
        return [f"{where}: {len(design)} samples are too few for {design.shape[1]} coefficients"]
    return []


def expressed(values: pd.DataFrame, min_count: int, min_samples: int) -> np.ndarray:
    """Genes with at least `min_count` counts in at least `min_samples` samples, shape (n_genes,)."""
    return ((values.to_numpy() >= min_count).sum(axis=0) >= min_samples).astype(bool)


def read_tissues(
    tissues: Mapping[str, Mapping[str, str]],
    variable: str,
    covariates: Sequence[str],
    contrasts: Mapping[str, Mapping[str, str]],
    behaviour: pd.DataFrame | None = None,
) -> dict[str, Counts]:
    """All tissues; the problems of all of them in one message.

    Parameters
    ----------
    tissues
        Name -> files ``counts`` and ``samples``.
    variable, covariates, contrasts
        As of `joined`.
    behaviour : DataFrame, optional
        From `behaviour.stratified`, as text: its columns go to the sheets by ``animal``.
    """
    found, problems = {}, []
    for name, files in tissues.items():
        values = sheet = None
        try:
            values = read_counts(files["counts"])
        except InputError as error:
            problems += error.problems
        try:
            given = read_given(files["samples"], dtype=str, keep_default_na=False)
            wider = given if behaviour is None else _with_behaviour(files["samples"], given, behaviour)
            sheet = checked_sheet(files["samples"], wider, variable, covariates)
        except InputError as error:
            problems += error.problems
        if values is not None and sheet is not None:
            try:
                found[name] = joined(f"tissue {name}", values, sheet, variable, covariates, contrasts)
            except InputError as error:
                problems += error.problems
    raise_if_any(problems)
    return found


def _with_behaviour(path: str | Path, sheet: pd.DataFrame, behaviour: pd.DataFrame) -> pd.DataFrame:
    """Sheet with what behaviour says of every sample's animal."""
    if "animal" not in sheet:
        raise InputError(f"{path}: has no column animal, which ties samples to the tests of behaviour")
    twice = [c for c in behaviour if c in sheet and c != "animal"]
    if twice:
        raise InputError(f"{path}: column {some(twice)} is made from the tests of behaviour too; rename it")
    unknown = sheet["animal"][~sheet["animal"].isin(behaviour["animal"])]
    if len(unknown):
        raise InputError(f"{path}: animal {some(unknown)} was not tested; add it to the tests, or leave its sample out")
    return sheet.merge(behaviour.fillna(""), on="animal", how="left")


def tissue_table(
    tissues: Mapping[str, Counts], pairs: pd.DataFrame, min_count: int, min_samples: int
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """What every tissue holds, and which of its genes are tested.

    Parameters
    ----------
    pairs
        Orthologues.
    min_count, min_samples : int
        As of `expressed`.

    Returns
    -------
    DataFrame
        tissue, n_samples, left_out, n_genes, n_tested, n_orthologues, lost.
    list of arrays of bool
        Tissue by tissue.

    Raises
    ------
    InputError
        A tissue has no gene with enough counts, or none with an orthologue: its genes have other names.
    """
    rows, kept, problems = [], [], []
    for name, one in tissues.items():
        genes = expressed(one.values, min_count, min_samples)
        tested_genes = one.values.columns[genes]
        n_orthologues = int((human_names(tested_genes, pairs) != "").sum())
        if not genes.any():
            problems.append(
                f"tissue {name}: no gene has {min_count} counts in {min_samples} samples (config keys "
                "preclinical.min_count, min_samples)"
            )
        elif n_orthologues == 0:
            problems.append(
                f"tissue {name}: none of its genes ({some(tested_genes, 3)}) is in the table of orthologues; name them "
                "by mouse symbol or Ensembl id, or give a table (config key preclinical.orthologues)"
            )
        left_out = "; ".join(f"{sample}: {why}" for sample, why in one.left_out.items()) or "n/a"
        rows.append(
            (name, len(one.sheet), left_out, len(genes), int(genes.sum()), n_orthologues,
             1 - n_orthologues / max(int(genes.sum()), 1))
        )  # fmt: skip
        kept.append(genes)
    raise_if_any(problems)
    columns = ["tissue", "n_samples", "left_out", "n_genes", "n_tested", "n_orthologues", "lost"]
    return pd.DataFrame(rows, columns=columns), kept


def tested(arrays: Mapping[str, np.ndarray], sheet: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts and sheet of a tissue as the check wrote them, samples x genes."""
    values = pd.DataFrame(arrays["counts"], index=arrays["sample"], columns=arrays["gene"])
    table = pd.read_csv(sheet, sep="\t", dtype=str, keep_default_na=False).set_index("sample")
    return values, table
