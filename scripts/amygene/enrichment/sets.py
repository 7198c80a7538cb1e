"""Collections of gene sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy import sparse

from amygene.io.files import replacing
from amygene.io.problems import InputError


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Read a GMT file: per line a name, a description and genes, separated by tabs.

    Returns
    -------
    dict
        Name -> genes, each once, in the order of the file. Weights written as ``GENE,1.0`` are left out.

    Raises
    ------
    InputError
        The file is absent or empty, a line has no gene, or a name stands twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of gene sets")
    sets: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        name, *rest = line.split("\t")
        genes = list(dict.fromkeys(g.split(",")[0].strip() for g in rest[1:] if g.strip()))
        if not genes:
            raise InputError(
                f"{path}: line {number}: expected name, description and genes separated by tabs, found {line[:60]!r}"
            )
        if name in sets:
            raise InputError(f"{path}: line {number}: set {name!r} stands twice")
        sets[name] = genes
    if not sets:
        raise InputError(f"{path}: holds no gene set")
    return sets


def write_gmt(path: str | Path, sets: Mapping[str, Iterable[str]], description: str) -> None:
    """Write sets as `read_gmt` reads them, all with one description."""
    lines = ["\t".join([name, description, *genes]) for name, genes in sets.items()]
    with replacing(path) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measured_sets(
    sets: Mapping[str, Iterable[str]], genes: Iterable[str], min_size: int, max_size: int
) -> tuple[list[str], sparse.csr_array]:
    """Sets restricted to the measured genes.

    Parameters
    ----------
    sets
        Name -> genes.
    genes
        Measured genes: the background.
    min_size, max_size
        Sets with fewer or more measured genes are left out.

    Returns
    -------
    names : list of str
    membership : sparse array of shape (n_sets, n_genes)
        1 where a set holds a gene.
    """
    column = {gene: j for j, gene in enumerate(genes)}
    names: list[str] = []
    rows: list[int] = []
    columns: list[int] = []
    for name, members in sets.items():
        found = sorted({column[g] for g in members if g in column})
        if min_size <= len(found) <= max_size:
            rows += [len(names)] * len(found)
            columns += found
            names.append(name)
    membership = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(column)))
    return names, membership
