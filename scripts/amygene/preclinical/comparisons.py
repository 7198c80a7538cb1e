"""Which signatures are compared with which: contrasts against one control, tissues, ready signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from amygene.preclinical.overlaps import exclusive, overlap_table
from amygene.preclinical.rank_rank import STEPS, rank_rank
from amygene.preclinical.signatures import Signature
from amygene.stats.multiplicity import benjamini_hochberg

SIDES = {"up": 1, "down": -1}


def families(
    signatures: Sequence[Signature], contrasts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Signature]]:
    """Groups of two or more signatures whose genes are compared.

    Parameters
    ----------
    contrasts
        Name -> case, control.

    Returns
    -------
    dict
        Contrasts of a tissue against one control; tissues of one contrast; ready signatures. Name of the group ->
        name inside it -> signature.
    """
    found: dict[str, dict[str, Signature]] = {}
    for one in signatures:
        if one.tissue:
            control = contrasts[one.name]["control"]
            found.setdefault(f"{one.tissue}, against {control}", {})[one.name] = one
    for one in signatures:
        where = f"{one.name}, tissues" if one.tissue else "ready signatures"
        found.setdefault(where, {})[one.tissue or one.name] = one
    return {name: members for name, members in found.items() if len(members) > 1}


def all_overlaps(signatures: Sequence[Signature], contrasts: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """`overlap_table` of the up and of the down genes of every family."""
    parts = []
    for name, members in families(signatures, contrasts).items():
        background = set.intersection(*(set(s.table["gene"]) for s in members.values()))
        for side, sign in SIDES.items():
            sets = {inner: set(s.genes(sign)) for inner, s in members.items()}
            parts.append(overlap_table(sets, background, f"{side}; {name}"))
    return pd.concat(parts, ignore_index=True) if parts else overlap_table({}, set(), "")


def all_exclusive(signatures: Sequence[Signature], contrasts: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """`exclusive` of the same."""
    parts = []
    for name, members in families(signatures, contrasts).items():
        for side, sign in SIDES.items():
            part = exclusive({inner: set(s.genes(sign)) for inner, s in members.items()})
            part.insert(0, "kind", f"{side}; {name}")
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else exclusive({}).assign(kind="")


def all_ranks(
    signatures: Sequence[Signature], contrasts: Mapping[str, Mapping[str, str]], seed: int, n_permutations: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """`rank_rank` of every two signatures of a family, and of ready ones with all others.

    Returns
    -------
    DataFrame
        one, other, n_genes, rho, largest, p, q.
    array of shape (n_pairs, STEPS - 1, STEPS - 1)
        Their maps.
    """
    pairs = [pair for members in families(signatures, contrasts).values() for pair in combinations(members.values(), 2)]
    own = [s for s in signatures if not s.tissue]
    pairs += [(one, other) for one in own for other in signatures if other.tissue]
    rows, maps = [], []
    for index, (one, other) in enumerate(pairs):
        both = (
            one.table.set_index("gene")["stat"].to_frame("one").join(other.table.set_index("gene")["stat"], how="inner")
        )
        both = both.dropna().sort_index()
        if len(both) < 2 * STEPS:
            continue
        found = rank_rank(both["one"].to_numpy(), both["stat"].to_numpy(), seed, index, n_permutations)
        rows.append((label(one), label(other), len(both), found.rho, found.largest, found.p))
        maps.append(found.log_p)
    table = pd.DataFrame(rows, columns=["one", "other", "n_genes", "rho", "largest", "p"])
    table["q"] = benjamini_hochberg(table["p"].to_numpy(dtype=float))
    return table, np.array(maps).reshape(-1, STEPS - 1, STEPS - 1)


def label(signature: Signature) -> str:
    """``NAc, SUSvsCON``; a ready signature has no tissue."""
    return f"{signature.tissue}, {signature.name}" if signature.tissue else signature.name
