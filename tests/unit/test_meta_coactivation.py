"""A database of studies: Neurosynth's files, active studies, terms."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from amygene.io.problems import InputError
from amygene.meta.coactivation import (
    Database,
    active_studies,
    coactivation,
    coactivation_experiments,
    database_files,
    decode,
    read_database,
)
from amygene.meta.foci import talairach_to_mni
from fixtures.meta import NIMARE, ball


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Forty studies in Neurosynth's format; those about ``planted`` report a place at 12, 8, -4."""
    folder, rng = tmp_path_factory.mktemp("neurosynth"), np.random.default_rng(1)
    about = rng.random((40, 6)) < 0.4
    rows = []
    for s in range(40):
        foci = rng.uniform(-25, 25, (4, 3))
        if about[s, 0]:
            foci[0] = [12, 8, -4]
        rows += [(1000 + s, *f) for f in foci.round()]
    pd.DataFrame(rows, columns=["id", "x", "y", "z"]).to_csv(
        folder / "data-x_version-7_coordinates.tsv.gz", sep="\t", index=False
    )
    metadata = pd.DataFrame({"id": range(1000, 1040), "space": ["MNI"] * 30 + ["TAL"] * 4 + ["UNKNOWN"] * 6})
    metadata.to_csv(folder / "data-x_version-7_metadata.tsv.gz", sep="\t", index=False)
    frequency = np.where(about, rng.uniform(0.01, 0.3, about.shape), 0)
    frequency[0, 1] = 0.0005
    stem = "data-x_version-7_vocab-terms"
    sparse.save_npz(folder / f"{stem}_source-abstract_type-tfidf_features.npz", sparse.csr_matrix(frequency))
    (folder / f"{stem}_vocabulary.txt").write_text("planted\n" + "\n".join(f"term{i}" for i in range(1, 6)) + "\n")
    return folder, rows, frequency


def test_reading(small):
    folder, rows, frequency = small
    database, notes = read_database(database_files(folder))
    assert len(database.studies) == 40
    assert np.array_equal(database.about.toarray(), frequency > 0.001)
    xyz = np.array([r[1:] for r in rows])
    assert np.allclose(database.xyz[:120], xyz[:120])
    assert np.allclose(database.xyz[120:136], talairach_to_mni(xyz[120:136]))
    assert any("16 foci of the database were Talairach" in n for n in notes)
    assert any("space of 24 foci" in n for n in notes)


def test_nimares_own_test_files():
    """Twenty studies of the real Neurosynth, which NiMARE ships for its tests."""
    database, _ = read_database(database_files(NIMARE / "tests/data"))
    raw = pd.read_csv(NIMARE / "tests/data/data-neurosynth_version-7_coordinates.tsv.gz", sep="\t")
    assert len(database.studies) == 20
    assert len(database.xyz) == len(raw) == 1420
    assert database.about.shape == (20, len(database.terms))
    assert database.about.sum() > 0


def test_missing_and_ambiguous_files(tmp_path):
    (tmp_path / "a_coordinates.tsv.gz").touch()
    (tmp_path / "b_coordinates.tsv.gz").touch()
    with pytest.raises(InputError) as error:
        database_files(tmp_path)
    assert len(error.value.problems) == 4
    assert "holds 2 files *_coordinates.tsv.gz" in str(error.value)


def test_active_studies(small):
    database, _ = read_database(database_files(small[0]))
    grid = ball()
    inside = np.zeros(grid.mask.shape, dtype=bool)
    inside[tuple(grid.voxels_of_foci(np.array([[12.0, 8, -4]])).T)] = True
    active = active_studies(database, grid, inside)
    in_mni = np.arange(40) < 30
    planted = small[2][:, 0] > 0
    assert active[planted & in_mni].all()
    experiments = coactivation_experiments(database, active, 20)
    assert len(experiments) == active.sum()
    assert set(experiments.n_subjects) == {20}
    assert experiments.starts[-1] == len(experiments.xyz) == 4 * active.sum()
    with pytest.raises(InputError, match="no study of the database"):
        coactivation_experiments(database, np.zeros(40, dtype=bool), 20)


def test_decoding_against_scipy(small):
    database, _ = read_database(database_files(small[0]))
    active = small[2][:, 0] > 0
    table = decode(database, active, 1)
    assert table.iloc[0]["term"] == "planted"
    assert table.iloc[0]["likelihood_ratio"] == pytest.approx(1 / active.mean())
    for _, row in table.iterrows():
        expected = stats.binomtest(int(row["n_active"]), int(row["n_studies"]), active.mean(), alternative="greater")
        assert row["p"] == pytest.approx(expected.pvalue)
    assert len(decode(database, active, 100)) == 0


def test_clusters_of_a_planted_place_and_of_nobody():
    """Half of 60 studies report one place (cluster 1); cluster 2 lies where hardly any study reports anything."""
    rng, grid = np.random.default_rng(3), ball()
    planted = np.arange(60) < 30
    foci = [np.vstack([np.array([12, 8, -4]) + rng.normal(0, 2, 3), rng.uniform(-20, 20, (3, 3))]) for _ in range(60)]
    for own, here in zip(foci, planted, strict=True):
        own[0] = own[0] if here else rng.uniform(-20, 20, 3)
    about = sparse.csc_array(np.column_stack([planted, rng.random(60) < 0.5]))
    database = Database(
        np.arange(60).astype(str), np.repeat(np.arange(60), 4), np.vstack(foci), np.array(["truth", "noise"]), about
    )
    labels = np.zeros(grid.mask.shape, dtype=int)
    for number, place in ((1, [[12.0, 8, -4], [12, 8, 0], [8, 8, -4]]), (2, [[36.0, 0, 0]])):
        labels[tuple(grid.voxels_of_foci(np.array(place)).T)] = number
    how = {"n_subjects": 20, "min_studies": 5, "voxel_p": 0.001, "seed": 1, "n_draws": 100}
    found = coactivation(database, labels, [1, 2], grid, {}, analysis="x", **how)
    assert set(found.clusters["seed_cluster"]) == {1}
    first = found.clusters.iloc[0]
    assert np.linalg.norm(first[["peak_x", "peak_y", "peak_z"]].to_numpy(dtype=float) - [12, 8, -4]) < 5
    assert first["p_fwe"] < 0.05
    assert found.terms[["seed_cluster", "term"]].iloc[0].tolist() == [1, "truth"]
    assert found.terms.set_index("term").loc["truth", "p"] < 0.05 < found.terms.set_index("term").loc["noise", "p"]
    assert found.notes[-1].startswith("Cluster 2 has no co-activation map and is not decoded: ")
    none = coactivation(database, labels, [], grid, {}, analysis="x", **how)
    assert none.clusters.columns.tolist() == found.clusters.columns.tolist()
    assert none.terms.columns.tolist() == found.terms.columns.tolist()
    assert len(none.clusters) == len(none.terms) == 0
    assert none.notes == ["No significant cluster to look for."]


@pytest.mark.slow
def test_decoding_of_unrelated_studies_holds_its_level(assert_level):
    """Terms and activity at random: p below .05 in 5 % at most (a count is discrete)."""
    rng, p = np.random.default_rng(7), []
    for _ in range(60):
        about = sparse.csc_array(rng.random((2000, 20)) < 0.15)
        database = Database(
            np.arange(2000).astype(str), np.zeros(0, int), np.zeros((0, 3)), np.arange(20).astype(str), about
        )
        p += decode(database, rng.random(2000) < 0.2, 1)["p"].tolist()
    p = np.array(p)
    assert 0.025 < np.mean(p <= 0.05) < 0.065


def test_faulty_database(small, tmp_path):
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(small[0], folder)
    files = database_files(folder)
    files["vocabulary"].write_text("only\n")
    metadata = pd.read_csv(files["metadata"], sep="\t")
    metadata.iloc[1:].to_csv(files["metadata"], sep="\t", index=False)
    with pytest.raises(InputError) as error:
        read_database(files)
    assert "shape (40, 6), expected (39, 1)" in str(error.value)
    assert "study 1000 is not in the metadata" in str(error.value)
