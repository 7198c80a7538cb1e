"""The second test of genes and sets: against the maps of relabeled groups, counted once more from the files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

NAME = "contrast-PATvsHC_seed-LEFT_atlas-Small30"
SETS = "enrichment/{}_collection-SETS_sets.tsv"


def read(study, file):
    return pd.read_csv(study.results("small") / file, sep="\t", na_values="n/a", keep_default_na=False)


@pytest.fixture(scope="module")
def scores(finished) -> pd.DataFrame:
    """Gene scores of the map (first row) and of 300 relabelings: r without the means of structures, as defined."""
    used = read(finished, f"genes/{NAME}_map.tsv").query("used").set_index("region")
    folder = finished.results("small") / "group/shards"
    column = np.load(folder / f"{NAME}_comparison.npz")["region"].tolist()
    shards = sorted(folder.glob(f"{NAME}_from-*.npz"), key=lambda f: int(f.stem.rsplit("-", 1)[1]))
    drawn = np.concatenate([np.load(f)["maps"] for f in shards])
    assert len(drawn) == 300
    maps = pd.DataFrame(drawn, columns=column)[used.index]
    maps = pd.concat([used[["value"]].T, maps], ignore_index=True)
    standard = maps.sub(maps.mean(axis=1), axis=0).div(maps.std(axis=1, ddof=0), axis=0)
    within = standard.T - standard.T.groupby(used["structure"]).transform("mean")
    genes = pd.read_csv(finished.folder / "data/expression.tsv", sep="\t", index_col="region").loc[used.index]
    return within.T @ ((genes - genes.mean()) / genes.std(ddof=0)) / len(used)


def expected(scores: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """p and family-wise p of the first row."""
    away = (scores - scores[1:].mean()).abs().to_numpy()
    own, null = away[0] * (1 - 1e-9), away[1:]
    return (1 + (null >= own).sum(axis=0)) / 301, (1 + (null.max(axis=1)[:, None] >= own).sum(axis=0)) / 301


def test_genes(finished, scores):
    table = read(finished, f"genes/{NAME}_genes.tsv").set_index("gene").loc[scores.columns]
    p, p_fwe = expected(scores)
    np.testing.assert_allclose(table["p_group"], p, rtol=1e-8)
    np.testing.assert_allclose(table["p_fwe_group"], p_fwe, rtol=1e-8)


def test_sets(finished, scores):
    members = [line.split("\t") for line in (finished.folder / "data/sets.gmt").read_text().splitlines()]
    means = pd.DataFrame({name: scores[genes].mean(axis=1) for name, _, *genes in members})
    table = read(finished, SETS.format(NAME)).set_index("set").loc[means.columns]
    np.testing.assert_allclose(table["p_group"], expected(means)[0], rtol=1e-8)
    # the family-wise one compares sets of unlike spread
    np.testing.assert_allclose(table["p_fwe_group"], expected(means / means[1:].std(ddof=0))[1], rtol=1e-8)


def test_a_map_that_is_not_of_groups_has_none(finished):
    for file in ("genes/map-own_atlas-Small30_genes.tsv", SETS.format("map-own_atlas-Small30")):
        assert read(finished, file)[["p_group", "p_fwe_group"]].isna().all(axis=None)
