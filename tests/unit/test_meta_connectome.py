"""Connectomes: files, names, the mean of controls, and the region of a focus."""

import numpy as np
import pandas as pd
import pytest

from amygene.connectivity.regions import fisher_z
from amygene.io.problems import InputError
from amygene.meta.connectome import Connectome, Places, add_subject, load_values, mean_of_subjects, read_matrix

NAMES = [f"R{i}" for i in range(12)]


@pytest.fixture
def regions():
    return pd.DataFrame({"region": [*NAMES, "stem"], "index": range(1, 14), "n_voxels": 10})


@pytest.fixture
def matrix():
    values = np.random.default_rng(1).uniform(-0.5, 0.8, (12, 12))
    return (values + values.T) / 2


def test_order_and_names(regions, matrix):
    order = np.random.default_rng(2).permutation(12)
    shuffled = pd.DataFrame(matrix[np.ix_(order, order)], columns=[NAMES[i] for i in order])
    found, notes = read_matrix(shuffled, None, regions, "m.tsv")
    off = ~np.eye(12, dtype=bool)
    assert found.regions == tuple(NAMES)
    assert np.allclose(found.matrix[off], matrix[off])
    assert np.isnan(np.diag(found.matrix)).all()
    assert any("says nothing of stem" in note for note in notes)


def test_names_of_enigma(matrix):
    regions = pd.DataFrame({"region": [*NAMES[:10], "L_amygdala", "R_thalamusproper"], "n_voxels": 5})
    labels = [*NAMES[:10], "Lamyg", "Rthal"]
    found, notes = read_matrix(pd.DataFrame(matrix), labels, regions, "m.csv")
    assert found.regions[-2:] == ("L_amygdala", "R_thalamusproper")
    assert notes == []


@pytest.mark.parametrize(
    ("change", "labels", "words"),
    [
        (lambda m: m[:, :11], NAMES, "is square, found 12 rows and 11 columns"),
        (lambda m: m, NAMES[:11], "11 labels for 12 columns"),
        (lambda m: m + np.triu(np.ones((12, 12)), 1), NAMES, "is not symmetric"),
        (lambda m: m * 0, NAMES, "all connections have the same value"),
        (lambda m: m, [f"X{i}" for i in range(12)], "0 of its 12 regions are regions of the atlas"),
        (lambda m: m, ["R0", *NAMES[:11]], "region R0 stands twice"),
        (lambda m: np.where(np.add.outer(range(12), range(12)) == 1, np.inf, m), NAMES, "infinite values"),
    ],
)
def test_faulty_matrices(regions, matrix, change, labels, words):
    with pytest.raises(InputError, match=words):
        read_matrix(pd.DataFrame(change(matrix)), labels, regions, "m.csv")


def test_files(tmp_path, matrix):
    pd.DataFrame(matrix).to_csv(tmp_path / "bare.csv", header=False, index=False)
    pd.DataFrame(matrix, columns=NAMES, index=NAMES).to_csv(tmp_path / "named.tsv", sep="\t")
    np.savetxt(tmp_path / "spaces.txt", matrix)
    pd.DataFrame(matrix, columns=NAMES).to_parquet(tmp_path / "named.parquet")
    for name, named in (("bare.csv", True), ("named.tsv", False), ("spaces.txt", True), ("named.parquet", False)):
        found = load_values(tmp_path / name, named)
        assert np.allclose(found.to_numpy(), matrix), name
        assert named or list(found.columns) == NAMES
    with pytest.raises(InputError, match="names no regions; give them as meta"):
        load_values(tmp_path / "bare.csv", False)
    with pytest.raises(InputError, match="has names of its own"):
        load_values(tmp_path / "named.tsv", True)
    with pytest.raises(InputError, match=r"its ending is '\.xlsx'"):
        load_values(tmp_path / "a.xlsx", True)


def test_mean_of_controls_is_the_mean_and_knows_no_order():
    rng = np.random.default_rng(3)
    regions = pd.DataFrame({"region": ["a", "b", "c", "d"], "n_voxels": [1, 2, 3, 4]})
    people = [rng.standard_normal((60 + i, 4)) + rng.standard_normal((60 + i, 1)) for i in range(14)]
    people[2][:, 3] = 0.0

    def sums(order):
        total, count = (np.zeros((4, 4), dtype=np.int64) for _ in range(2))
        for i in order:
            add_subject(people[i], total, count)
        return total, count

    found = mean_of_subjects(*sums(range(14)), regions, 10)
    expected = np.mean([fisher_z(np.corrcoef(p.T))[0, 1] for p in people])
    assert found.matrix[0, 1] == pytest.approx(expected, abs=1e-11)
    # the silent region rests on the others
    without = np.mean([fisher_z(np.corrcoef(p.T))[0, 3] for i, p in enumerate(people) if i != 2])
    assert found.matrix[0, 3] == pytest.approx(without, abs=1e-11)
    assert np.isnan(np.diag(found.matrix)).all()
    parts = [sums(rng.permutation(14)[:5]), sums(range(3))]
    turned = [sums(list(reversed(range(14))))[0], sums(range(7))[0] + sums(range(7, 14))[0]]
    assert all(t.tobytes() == sums(range(14))[0].tobytes() for t in turned)
    with pytest.raises(InputError, match="at least 10 are needed"):
        mean_of_subjects(*parts[0], regions, 10)


def test_rare_pairs_and_silent_regions_are_missing():
    regions = pd.DataFrame({"region": ["a", "b", "c"], "n_voxels": [1, 2, 3]})
    count = np.array([[20, 20, 3], [20, 20, 0], [3, 0, 3]])
    found = mean_of_subjects(count << 39, count, regions, 10)
    assert found.regions == ("a", "b")
    assert found.matrix[0, 1] == pytest.approx(0.5)


def test_places():
    labels = np.zeros((30, 5, 5), dtype=int)
    labels[2:5], labels[25:28] = 7, 3
    places = Places(labels, np.diag([2.0, 2, 2, 1]), np.array([3, 7]))
    region, distance = places.find(np.array([[8.0, 4, 4], [50, 4, 4], [12, 4, 4], [30, 4, 4], [40.2, 4, 4]]))
    assert region.tolist() == [1, 0, 1, -1, 0]
    assert distance.tolist() == pytest.approx([0, 0, 4, 20, 9.8])


def test_arrays_and_back(regions, matrix):
    found, _ = read_matrix(pd.DataFrame(matrix, columns=NAMES), None, regions, "m")
    again = Connectome.from_arrays(found.to_arrays())
    assert again.regions == found.regions
    assert np.array_equal(again.matrix, found.matrix, equal_nan=True)
