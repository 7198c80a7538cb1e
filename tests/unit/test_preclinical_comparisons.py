"""Which signatures are compared with which."""

import numpy as np
import pandas as pd
import pytest

from amygene.preclinical.comparisons import all_exclusive, all_overlaps, all_ranks, families
from amygene.preclinical.signatures import Signature

CONTRASTS = {
    "SUSvsCON": {"case": "SUS", "control": "CON"},
    "RESPvsCON": {"case": "RESP", "control": "CON"},
    "RESPvsSUS": {"case": "RESP", "control": "SUS"},
}
GENES = [f"g{i:03d}" for i in range(100)]


def signature(name, tissue, up=range(20), genes=GENES):
    direction = np.zeros(len(genes), dtype=int)
    direction[list(up)] = 1
    stat = np.linspace(3, -3, len(genes))
    return Signature(name, tissue, pd.DataFrame({"gene": genes, "direction": direction, "stat": stat}))


@pytest.fixture
def signatures():
    found = [signature(name, tissue) for tissue in ("NAc", "PFC") for name in CONTRASTS]
    return [*found, signature("published", "", range(10, 30), GENES[:90])]


def test_families(signatures):
    found = families(signatures, CONTRASTS)
    assert {k: list(v) for k, v in found.items()} == {
        "NAc, against CON": ["SUSvsCON", "RESPvsCON"],
        "PFC, against CON": ["SUSvsCON", "RESPvsCON"],
        "SUSvsCON, tissues": ["NAc", "PFC"],
        "RESPvsCON, tissues": ["NAc", "PFC"],
        "RESPvsSUS, tissues": ["NAc", "PFC"],
    }
    two = families([signatures[-1], signature("other", "")], {})
    assert list(two["ready signatures"]) == ["published", "other"]


def test_tables(signatures):
    table = all_overlaps(signatures, CONTRASTS)
    assert len(table) == 10
    assert table.loc[table["kind"] == "up; NAc, against CON", "n_shared"].tolist() == [20]
    bars = all_exclusive(signatures, CONTRASTS)
    assert bars.loc[bars["kind"] == "up; SUSvsCON, tissues", "n_genes"].tolist() == [20]
    assert all_overlaps([], {}).empty
    assert all_exclusive([], {}).empty


def test_ranks(signatures):
    table, maps = all_ranks(signatures, CONTRASTS, 1, 20)
    # five families of two, and the ready one with six
    assert len(table) == len(maps) == 11
    assert table["rho"].tolist() == pytest.approx([1] * 11)
    assert table["n_genes"].tolist() == [100] * 5 + [90] * 6
    table, maps = all_ranks([], {}, 1, 20)
    assert table.empty
    assert maps.shape[0] == 0
