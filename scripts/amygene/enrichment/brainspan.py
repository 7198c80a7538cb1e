"""BrainSpan's developmental RNA sequencing archive: samples of one region and stage averaged."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some

_FILES = {
    "expression_matrix.csv": [],
    "rows_metadata.csv": ["gene_symbol"],
    "columns_metadata.csv": ["donor_id", "age", "structure_acronym"],
}
#: weeks of one unit of age, and age at birth in weeks after conception
_WEEKS = {"pcw": 1.0, "mos": 365.25 / 12 / 7, "yrs": 365.25 / 7}
_BIRTH = 38.0


def weeks(age: str) -> float:
    """Age in weeks after conception of ``8 pcw``, ``4 mos`` or ``21 yrs``; NaN of anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(pcw|mos|yrs)\s*", str(age))
    if found is None:
        return float("nan")
    value, unit = float(found[1]), found[2]
    return value * _WEEKS[unit] + (0 if unit == "pcw" else _BIRTH)


def read_brainspan(path: str | Path, regions: pd.DataFrame, stages: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Genes x classes from the archive ("RNA-Seq ... summarized to genes" of brainspan.org/static/download.html).

    The zip holds expression_matrix.csv (no header; the number of the row, then a value per sample), rows_metadata.csv
    (a row per gene, with its gene_symbol) and columns_metadata.csv (a row per sample: donor_id, age,
    structure_acronym), in whatever folder.

    Parameters
    ----------
    regions
        acronym, region: what structures are joined (config/brainspan_regions.tsv).
    stages
        stage, from, until (which it does not hold): config/brainspan_stages.tsv, the periods of Kang et al. 2011
        (Nature 478:483) as the CSEA tool joins them.

    Returns
    -------
    expression : DataFrame of shape (n_genes, n_classes)
        Means over samples; gene symbols as index, which may stand several times.
    classes : DataFrame
        set, stage, region, n_samples, n_donors; in the order of the columns.

    Raises
    ------
    InputError
        A file or column is missing, the three do not fit together, or ages or structures are unknown.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; download the archive from brainspan.org/static/download.html")
    tables = _tables(path)
    samples, genes = tables["columns_metadata.csv"], tables["rows_metadata.csv"]
    matrix = tables["expression_matrix.csv"]
    problems = []
    if matrix.shape != (len(genes), len(samples) + 1):
        problems.append(
            f"{path}: expression_matrix.csv has {matrix.shape[0]} rows and {matrix.shape[1] - 1} samples, the metadata "
            f"{len(genes)} genes and {len(samples)} samples"
        )
    elif not all(pd.api.types.is_numeric_dtype(kind) for kind in matrix.dtypes):
        problems.append(f"{path}: expression_matrix.csv holds text where a number belongs")
    age = samples["age"].map(weeks).to_numpy(dtype=float)
    if np.isnan(age).any():
        found = dict.fromkeys(samples["age"][np.isnan(age)])
        problems.append(f"{path}: ages {some(map(repr, found))} are none of '8 pcw', '4 mos', '21 yrs'")
    limits = np.array([[weeks(row["from"]), weeks(row["until"])] for _, row in stages.iterrows()])
    if np.isnan(limits).any():
        problems.append("config/brainspan_stages.tsv: from and until are ages like '8 pcw', '4 mos', '21 yrs'")
    known = dict(zip(regions["acronym"], regions["region"], strict=True))
    unknown = [s for s in dict.fromkeys(samples["structure_acronym"]) if s not in known]
    if unknown:
        problems.append(f"{path}: structures {some(unknown)} are not in config/brainspan_regions.tsv; add them there")
    raise_if_any(problems)
    inside = (age[:, None] >= limits[:, 0] - 1e-9) & (age[:, None] < limits[:, 1] - 1e-9)
    samples = samples.assign(
        region=samples["structure_acronym"].map(known),
        stage=[stages["stage"].iloc[row.argmax()] if row.any() else None for row in inside],
    )
    values = matrix.iloc[:, 1:].to_numpy(dtype=float)
    columns, rows = [], []
    for stage in stages["stage"]:
        for region in dict.fromkeys(regions["region"]):
            own = ((samples["stage"] == stage) & (samples["region"] == region)).to_numpy()
            if own.any():
                columns.append(values[:, own].mean(axis=1))
                donors = samples["donor_id"][own].nunique()
                rows.append((f"{region}: {stage}", stage, region, int(own.sum()), int(donors)))
    if not rows:
        raise InputError(f"{path}: no sample lies in a stage of config/brainspan_stages.tsv")
    classes = pd.DataFrame(rows, columns=["set", "stage", "region", "n_samples", "n_donors"])
    symbols = pd.Index(genes["gene_symbol"].astype(str), name="gene")
    expression = pd.DataFrame(np.column_stack(columns), index=symbols, columns=classes["set"])
    return expression[genes["gene_symbol"].notna().to_numpy()], classes


def _tables(path: Path) -> dict[str, pd.DataFrame]:
    """The three files of the archive."""
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = {PurePosixPath(name).name: name for name in archive.namelist()}
            missing = [name for name in _FILES if name not in members]
            if missing:
                raise InputError(f"{path}: the archive lacks {some(missing)}; it holds {some(members)}")
            for name, columns in _FILES.items():
                with archive.open(members[name]) as stream:
                    found[name] = pd.read_csv(stream, header=0 if columns else None, keep_default_na=not columns)
                lacking = [c for c in columns if c not in found[name]]
                if lacking:
                    raise InputError(f"{path}: {name} lacks {some(lacking)}; it has {some(found[name].columns)}")
    except (zipfile.BadZipFile, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as BrainSpan's zip archive ({error}); download it again") from None
    return found
