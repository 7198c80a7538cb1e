"""Expression from donors' samples: what abagen makes of donors with known truth, and how settings reach it.

The matrix is computed by hand from the truth (numpy only) and compared, number by number.
"""

from __future__ import annotations

import ast
import filecmp
import http.server
import io
import json
import re
import subprocess
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene import settings
from amygene.expression import ahba
from amygene.io.environments import make_environment
from amygene.io.problems import InputError
from fixtures.ahba import (
    BOX_REGIONS,
    PROBES,
    SIDES,
    Donor,
    box_atlas,
    box_distances,
    corners,
    make_donors,
    near_boxes,
)

ROOT = Path(__file__).parents[2]
SCHEMA = settings.read_schema(ROOT / "config/schemas/config.schema.yaml")
#: regions in which no sample lies
FILLED = ["Nowhere_L", "Nowhere_R"]
KEYS = SCHEMA["properties"]["expression"]["properties"]
DEFAULTS = {key: KEYS[key]["default"] for key in (*ahba.PASSED_ON, "stability")}
#: these donors do not hold all of AHBA's probes
USUAL = DEFAULTS | {"reannotated": False, "donors": list(SIDES), "left_only": False}
CHOICES = {
    key: [choice for choice in KEYS[key]["enum"] if choice != DEFAULTS[key]]
    for key in ("probe_selection", "sample_norm", "gene_norm")
}
CHANGES: dict[str, dict[str, Any]] = {
    "usual": {},
    "two-donors": {"donors": [9861, 12876]},
    "all-probes": {"ibf_threshold": 0.2},
    "variance": {"probe_selection": "max_variance"},
    "plain": {"sample_norm": None, "gene_norm": "zscore"},
    "raw": {"sample_norm": None, "gene_norm": None},
    "within": {"norm_structures": True, "gene_norm": "zscore"},
    "tolerance-0": {"tolerance": 0},
    "tolerance-6": {"tolerance": 6},
    "bidirectional": {"lr_mirror": "bidirectional"},
    "leftright": {"lr_mirror": "leftright"},
    "rightleft": {"lr_mirror": "rightleft"},
    "centroids": {"missing": "centroids"},
    "interpolate": {"missing": "interpolate"},
    "nothing-to-interpolate": {"missing": "interpolate"},
    "nothing-to-match": {"missing": "centroids"},
    "stable": {"stability": 0.6, "donors": [9861, 10021]},
    "left": {"left_only": True},
    "cropped": {},
    "turned": {},
    "too-stable": {"stability": 1},
    "far-away": {},
    "reannotated": {"reannotated": True},
    "not-reannotated": {"reannotated": True},
    **{f"{key}-{choice}": {key: choice} for key, choices in CHOICES.items() for choice in choices},
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of abagen's environment."""
    folder = tmp_path_factory.mktemp("envs") / "abagen"
    try:
        make_environment(ROOT / "envs/abagen/requirements.txt", folder)
    except InputError as error:
        pytest.skip(f"abagen's environment cannot be made here: {error}")
    return folder / "bin" / "python"


@dataclass(frozen=True)
class Runs:
    """What every run gave, and what is true of the donors."""

    folder: Path
    donors: dict[int, Donor]
    symbols: dict[str, str]

    def matrix(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def samples(self, name: str) -> pd.Series:
        return pd.read_csv(self.folder / f"{name}.tsv", sep="\t", index_col="region")["n_samples"]

    def n_unstable(self, name: str) -> int:
        return int(pd.read_csv(self.folder / f"{name}.tsv", sep="\t")["n_unstable"].iloc[0])

    def problem(self, name: str) -> str:
        return (self.folder / f"{name}.txt").read_text()


@pytest.fixture(scope="module")
def runs(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("abagen")
    (data,) = python.parents[1].glob("lib/python*/site-packages/abagen/data")
    wells = pd.read_csv(data / "corrected_mni_coordinates.csv.gz")
    wells.columns = ["well_id", "x", "y", "z"]
    places = pd.concat([wells, near_boxes(wells[["x", "y", "z"]].to_numpy())], axis=1).dropna()
    donors = make_donors(folder / "donors", places, 100)
    # the same probes under names of the list; those of two genes are said to be another gene's
    listed = pd.read_csv(data / "reannotated.csv.gz").dropna(subset="entrez_id")
    single = listed.drop_duplicates("gene_symbol", keep=False)["probe_name"].tolist()
    names = [f"{gene}-{kind}" for gene, kinds in PROBES.items() for kind in kinds]
    renamed = dict(zip(names, single, strict=False))
    silent = listed.loc[~listed["probe_name"].isin(renamed.values()), "probe_name"].tolist()
    make_donors(folder / "all-probes", places, 20, renamed, silent)

    BOX_REGIONS.to_csv(folder / "regions.tsv", sep="\t", index=False)
    BOX_REGIONS[~BOX_REGIONS["region"].isin(FILLED)].to_csv(folder / "filled.tsv", sep="\t", index=False)
    whole = box_atlas()
    numbers = np.asarray(whole.dataobj)
    images = {"whole": whole}
    used = [slice(i.min(), i.max() + 1) for i in np.nonzero(numbers)]
    images["cropped"] = whole.slicer[tuple(used)]
    # another order and direction of the axes, numbers as floats, one that the table does not know
    turned = nibabel.as_closest_canonical(whole).as_reoriented(np.array([[1, -1], [0, 1], [2, -1]]))
    other = np.asarray(turned.dataobj).astype(np.float32)
    other[:2, :2, :2] = 99
    images["turned"] = nibabel.Nifti1Image(other[..., None], turned.affine)
    shifted = whole.affine.copy()
    shifted[:3, 3] += 500
    images["far-away"] = nibabel.Nifti1Image(numbers, shifted)
    for name, image in images.items():
        nibabel.save(image, folder / f"{name}.nii.gz")
    listed_runs = {
        name: {
            "image": str(folder / f"{name if name in images else 'whole'}.nii.gz"),
            "regions": str(folder / ("filled.tsv" if name.startswith("nothing") else "regions.tsv")),
            "folder": str(folder / ("all-probes" if name == "reannotated" else "donors")),
            "settings": USUAL | change,
        }
        for name, change in CHANGES.items()
    }
    (folder / "runs.json").write_text(json.dumps(listed_runs))
    command = [python, "-E", ROOT / "tests/fixtures/run_abagen.py", ROOT / "scripts", folder / "runs.json", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    symbol = listed.set_index("probe_name")["gene_symbol"]
    return Runs(folder, donors, {probe: symbol[name] for probe, name in renamed.items()})


# the same by hand


def robust_sigmoid(x: np.ndarray) -> np.ndarray:
    """Fulcher 2016: sigmoid of the distance from the median in normal interquartile ranges."""
    low, median, high = np.percentile(x, [25, 50, 75], axis=0)
    return 1 / (1 + np.exp(-(x - median) / ((high - low) / (2 * stats.norm.ppf(0.75)))))


def to_unit(x: np.ndarray) -> np.ndarray:
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))


NORMS: dict[str | None, Callable[[np.ndarray], np.ndarray]] = {
    None: lambda x: x,
    "srs": lambda x: to_unit(robust_sigmoid(x)),
    "rs": robust_sigmoid,
    "minmax": to_unit,
    "center": lambda x: x - x.mean(axis=0),
    "zscore": lambda x: (x - x.mean(axis=0)) / x.std(axis=0, ddof=1),
}


def labelled(donor: Donor, mirror: str | None, tolerance: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples, mirrored ones behind the others, with their region ("" is none); and their values."""
    wells = donor.wells.assign(sample=range(len(donor.wells)))
    parts = [wells]
    for side, word in (("L", "leftright"), ("R", "rightleft")):
        if mirror in (word, "bidirectional"):
            mine = wells[wells["hemisphere"] == side]
            parts.append(mine.assign(x=-mine["x"], hemisphere="R" if side == "L" else "L"))
    wells = pd.concat(parts, ignore_index=True)
    distance = box_distances(wells[["x", "y", "z"]].to_numpy())
    own = wells["base"] + "_" + wells["hemisphere"]
    inside = [r in distance and np.ceil(distance.loc[i, r]) <= tolerance for i, r in enumerate(own)]
    values = donor.values.T.iloc[wells["sample"]].reset_index(drop=True)
    return wells.assign(region=np.where(inside, own, "")), values


def by_hand(
    donors: Mapping[int, Donor], change: Mapping[str, Any], kinds: tuple[str, ...] = ("good", "unstable")
) -> tuple[pd.DataFrame, dict[int, pd.DataFrame]]:
    """Regions x genes from the probes named, and the normalised samples of each donor."""
    chosen = USUAL | change
    means, normalised = {}, {}
    for number in chosen["donors"]:
        wells, values = labelled(donors[number], chosen["lr_mirror"], chosen["tolerance"])
        values = values[[p for p in values if p.split("-")[1] in kinds]].rename(columns=lambda p: p.split("-")[0])
        inside = wells["region"] != ""
        if chosen["left_only"]:
            inside &= wells["hemisphere"] == "L"
        wells, values = wells[inside], values[inside]
        values[:] = NORMS[chosen["sample_norm"]](values.to_numpy().T).T
        structure = wells["structure"] if chosen["norm_structures"] else pd.Series("all", index=wells.index)
        for _, rows in structure.groupby(structure).groups.items():
            values.loc[rows] = NORMS[chosen["gene_norm"]](values.loc[rows].to_numpy())
        normalised[number] = wells.join(values)
        means[number] = values.groupby(wells["region"]).mean()
    mean = pd.concat(means).groupby(level=1).mean()
    return mean.reindex(BOX_REGIONS["region"]).sort_index(axis=1), normalised


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.index) == list(BOX_REGIONS["region"])
    assert sorted(found.columns) == sorted(expected.columns)
    np.testing.assert_allclose(found[expected.columns], expected, rtol=0, atol=1e-9)
    assert found.notna().any(axis=None)


# what comes out


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "usual",
        "two-donors",
        "plain",
        "raw",
        "within",
        "tolerance-0",
        "tolerance-6",
        "left",
        "bidirectional",
        "leftright",
        "rightleft",
        "sample_norm-zscore",
        "gene_norm-minmax",
        "gene_norm-rs",
        "gene_norm-center",
    ],
)
def test_matrix_is_what_the_settings_give_by_hand(runs: Runs, name: str) -> None:
    assert_same(runs.matrix(name), by_hand(runs.donors, CHANGES[name])[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["usual", "tolerance-0", "tolerance-6", "bidirectional", "leftright", "rightleft"])
def test_samples_are_counted_where_they_lie(runs: Runs, name: str) -> None:
    chosen = USUAL | CHANGES[name]
    regions = pd.concat(
        labelled(runs.donors[number], chosen["lr_mirror"], chosen["tolerance"])[0]["region"] for number in SIDES
    )
    expected = regions[regions != ""].value_counts().reindex(BOX_REGIONS["region"], fill_value=0)
    assert runs.samples(name).to_dict() == expected.to_dict()
    assert expected["Nowhere_L"] == 0
    assert expected["Front_L"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(("gene", "slope"), [("ANTERIOR", 1 / 40), ("POSTERIOR", -1 / 40)])
def test_planted_patterns_come_back_in_their_own_units(runs: Runs, gene: str, slope: float) -> None:
    found = runs.matrix("raw")[gene].dropna()
    places = [labelled(donor, None, 2)[0].groupby("region")["y"] for donor in runs.donors.values()]
    y = pd.concat([place.mean() for place in places], axis=1).loc[found.index]
    counts = pd.concat([place.size() for place in places], axis=1).loc[found.index]
    # donors weigh the same; the noise of a sample has a standard deviation of .2
    error = 0.2 * np.sqrt((1 / counts).sum(axis=1)) / counts.notna().sum(axis=1)
    assert (np.abs(found - (6 + slope * y.mean(axis=1))) < 4 * error).all()
    assert np.ptp(slope * y.mean(axis=1)) > 10 * error.mean()  # so a pattern of another shape would not pass


@pytest.mark.slow
def test_planted_patterns_are_found(runs: Runs) -> None:
    # normalising a sample over its genes bends patterns: even without noise POSTERIOR's r with y is -.93
    matrix = runs.matrix("usual").dropna()
    places = pd.concat(labelled(donor, None, 2)[0] for donor in runs.donors.values())
    y = places.groupby("region")["y"].mean()[matrix.index]
    for gene, side in (("ANTERIOR", "greater"), ("POSTERIOR", "less")):
        assert stats.pearsonr(matrix[gene], y, alternative=side).pvalue < 0.01
    assert matrix["CEREBELLAR"].nlargest(2).index.str.startswith("Low").all()


@pytest.mark.slow
def test_probe_selection_takes_the_probe_it_should(runs: Runs) -> None:
    good, _ = by_hand(runs.donors, {"sample_norm": None, "gene_norm": None})
    raw = {name: runs.matrix(name)["CHOICE"].dropna() for name in ("usual", "variance")}
    r = {name: np.corrcoef(values, good["CHOICE"].dropna())[0, 1] for name, values in raw.items()}
    assert r["usual"] > 0.95  # alike in all donors
    assert abs(r["variance"]) < 0.8  # the noise varies most


@pytest.mark.slow
def test_probes_below_background_are_left_out(runs: Runs) -> None:
    share = np.mean(np.concatenate([donor.present.loc["FAINT-faint"] for donor in runs.donors.values()]))
    assert 0.2 < share < 0.5
    assert "FAINT" not in runs.matrix("usual")
    assert set(runs.matrix("all-probes")) - set(runs.matrix("usual")) == {"FAINT"}


def centre(region: str) -> np.ndarray:
    return np.mean(corners(region), axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("region", ["Nowhere_L", "Nowhere_R"])
def test_centroids_fill_a_region_with_the_samples_nearest_to_its_centre(runs: Runs, region: str) -> None:
    usual, normalised = by_hand(runs.donors, {})
    nearest, weights = [], []
    for samples in normalised.values():
        same = samples[(samples["structure"] == "cortex") & (samples["hemisphere"] == region[-1])]
        if len(same):
            distance = np.linalg.norm(same[["x", "y", "z"]].to_numpy() - centre(region), axis=1)
            nearest.append(same.iloc[distance.argmin()][usual.columns].astype(float))
            weights.append(1 / distance.min())
    found = runs.matrix("centroids")
    expected = np.average(nearest, axis=0, weights=weights)
    np.testing.assert_allclose(found.loc[region, usual.columns].astype(float), expected, atol=1e-9)
    assert runs.samples("centroids")[region] == 0
    assert_same(found.drop(index=FILLED).reindex(found.index), usual)


@pytest.mark.slow
def test_interpolation_fills_every_voxel_from_the_sample_nearest_to_it(runs: Runs) -> None:
    usual, normalised = by_hand(runs.donors, {})
    filled = []
    for samples in normalised.values():
        mean = samples.groupby("region")[list(usual.columns)].mean()
        for region, structure, side in BOX_REGIONS[["region", "structure", "hemisphere"]].itertuples(index=False):
            same = samples[(samples["structure"] == structure) & (samples["hemisphere"] == side)]
            if region not in mean.index and len(same):
                low, high = corners(region)
                grid = np.stack(np.meshgrid(*(np.arange(a, b + 1, 2) for a, b in zip(low, high, strict=True))), -1)
                # abagen measures from the voxel of the atlas that is nearest to the sample
                at = [
                    2 * np.rint(np.clip(s[:3].astype(float), *corners(s[3])) / 2)
                    for s in same[["x", "y", "z", "region"]].to_numpy()
                ]
                distance = np.linalg.norm(grid.reshape(-1, 1, 3) - np.array(at, dtype=float), axis=-1)
                weight = 1 / distance.min(axis=1)
                values = same[usual.columns].to_numpy()[distance.argmin(axis=1)]
                mean.loc[region] = np.average(values, axis=0, weights=weight)
        filled.append(mean)
    expected = pd.concat(filled).groupby(level=0).mean().reindex(BOX_REGIONS["region"])
    assert expected.loc["Nowhere_R"].notna().all()
    assert_same(runs.matrix("interpolate"), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nothing-to-interpolate", "nothing-to-match"])
def test_filling_works_where_nothing_is_to_be_filled(runs: Runs, name: str) -> None:
    pd.testing.assert_frame_equal(runs.matrix(name), runs.matrix("usual").drop(index=FILLED))


@pytest.mark.slow
def test_stability_keeps_the_genes_that_donors_have_in_common(runs: Runs) -> None:
    expected, normalised = by_hand(runs.donors, CHANGES["stable"])
    one, other = (s.groupby("region")[list(expected.columns)].mean() for s in normalised.values())
    assert list(one.index) == list(other.index)
    rho = pd.Series({gene: stats.spearmanr(one[gene], other[gene]).statistic for gene in expected})
    kept = rho.index[rho >= 0.6]
    assert 5 < len(kept) < len(rho) - 5
    assert {"ANTERIOR", "POSTERIOR"} < set(kept)
    assert "UNSTABLE" not in kept
    assert_same(runs.matrix("stable"), expected[kept])
    assert runs.n_unstable("stable") == len(rho) - len(kept)


@pytest.mark.slow
def test_reannotated_probes_bear_their_new_names(runs: Runs) -> None:
    expected = {symbol for probe, symbol in runs.symbols.items() if probe != "FAINT-faint"}
    assert set(runs.matrix("reannotated")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cropped", "turned"])
def test_the_images_grid_does_not_matter(runs: Runs, name: str) -> None:
    pd.testing.assert_frame_equal(runs.matrix(name), runs.matrix("usual"))
    assert runs.samples(name).equals(runs.samples("usual"))


@pytest.mark.slow
@pytest.mark.parametrize(("key", "choice"), [(key, choice) for key, choices in CHOICES.items() for choice in choices])
def test_every_choice_of_the_schema_works(runs: Runs, key: str, choice: str | None) -> None:
    matrix = runs.matrix(f"{key}-{choice}").drop(index=FILLED)
    assert matrix.shape == (10, len(PROBES) - 1)
    assert np.isfinite(matrix.to_numpy()).all()
    usual = runs.matrix("usual").drop(index=FILLED)
    # mixed_sig is srs where the interquartile range is not 0; of two probes pc_loading takes one by the sign of the
    # sample in which they differ most, which may be the usual one
    if choice == "mixed_sig":
        pd.testing.assert_frame_equal(matrix, usual)
    elif choice != "pc_loading":
        assert not matrix.equals(usual)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("too-stable", ["expression.ibf_threshold", "stability", "leave no gene"]),
        ("far-away", ["atlas.nii", "no sample lies within 2 mm", "MNI space"]),
        ("not-reannotated", ["Probes.csv", "reannotated probes are missing", "expression.reannotated: false"]),
    ],
)
def test_what_cannot_work_is_told(runs: Runs, name: str, words: list[str]) -> None:
    for word in words:
        assert word in runs.problem(name)


@pytest.mark.slow
def test_environment_holds_what_is_pinned(python: Path) -> None:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "envs/abagen/requirements.txt").read_text(), flags=re.MULTILINE)
    code = "import importlib.metadata as m; print({d.name: d.version for d in m.distributions()})"
    done = subprocess.run([python, "-E", "-c", code], capture_output=True, text=True, check=True)
    installed = {re.sub("[-_.]+", "-", name): version for name, version in ast.literal_eval(done.stdout).items()}
    assert installed == {name: version for name, version in pins if name in installed}
    assert installed["abagen"] == "0.1.3"


@pytest.mark.slow
def test_download_puts_a_donors_files_where_they_are_looked_for(python: Path, runs: Runs, tmp_path: Path) -> None:
    source = runs.folder / "donors" / ahba.donor_folder(10021)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for file in ahba.FILES:
            made.write(source / file, file)
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(archive.getvalue())))
            self.end_headers()
            self.wfile.write(archive.getvalue())

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # the Allen Institute's addresses, served from here
        code = (
            "import runpy, sys\n"
            "port, script = sys.argv[1:3]\n"
            "sys.path.insert(0, script.rpartition('/')[0])\n"
            "from amygene.expression import abagen_compat\n"
            "abagen_compat.load()\n"
            "from abagen.datasets import fetchers\n"
            "fetch = fetchers._fetch_files\n"
            "def served(folder, files, **options):\n"
            "    files = [(f, f'http://127.0.0.1:{port}/' + url.rpartition('/')[2], o) for f, url, o in files]\n"
            "    return fetch(folder, files, **options)\n"
            "fetchers._fetch_files = served\n"
            "sys.argv = sys.argv[2:]\n"
            "runpy.run_path(script, run_name='__main__')\n"
        )
        folder = tmp_path / "ahba" / "microarray"
        script = ROOT / "scripts" / "expression_download.py"
        command = [python, "-E", "-c", code, str(server.server_port), script, "--donor", "10021"]
        command += ["--folder", folder, "--log", tmp_path / "log"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        server.shutdown()
    assert done.returncode == 0, (tmp_path / "log").read_text()
    assert len(asked) == 1
    assert {f.name for f in folder.iterdir()} == {source.name}
    for file in ahba.FILES:
        assert filecmp.cmp(folder / source.name / file, source / file, shallow=False)
    ahba.check_donors(folder, [10021])


# what is told before abagen runs


def test_donors_folder_is_checked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expression\.donors_folder: there is no folder .*nowhere"):
        ahba.check_donors(tmp_path / "nowhere", [9861])
    (tmp_path / "something").mkdir()
    with pytest.raises(InputError, match=r"holds no folder normalized_microarray_donor\*; found something"):
        ahba.check_donors(tmp_path, [9861])
    for donor in (9861, 10021):
        (tmp_path / ahba.donor_folder(donor)).mkdir()
        for file in ahba.FILES:
            (tmp_path / ahba.donor_folder(donor) / file).touch()
    ahba.check_donors(tmp_path, [9861, 10021])
    (tmp_path / ahba.donor_folder(10021) / "PACall.csv").unlink()
    with pytest.raises(InputError) as told:
        ahba.check_donors(tmp_path, [9861, 10021, 12876])
    assert len(told.value.problems) == 2
    assert "normalized_microarray_donor10021: PACall.csv is missing" in told.value.problems[0]
    assert "there is no normalized_microarray_donor12876; name the donors" in told.value.problems[1]


def test_oblique_image_is_refused() -> None:
    image = box_atlas()
    angle = np.deg2rad(5)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    with pytest.raises(InputError, match=r"atlas\.nii: its axes are oblique"):
        ahba.atlas_image(
            nibabel.Nifti1Image(np.asarray(image.dataobj), turn @ image.affine), BOX_REGIONS, 2, "atlas.nii"
        )


def test_atlas_is_given_in_abagens_words() -> None:
    info = ahba.atlas_info(BOX_REGIONS).set_index("label")
    assert set(info) == {"id", "hemisphere", "structure"}
    assert info.loc["Deep_L"].tolist() == [40, "L", "subcortex/brainstem"]
    assert info.loc["Low_R"].tolist() == [51, "R", "cerebellum"]
    assert info.loc["Front_R", "structure"] == "cortex"


def test_donors_weigh_the_same_and_genes_that_could_not_be_normalised_are_left_out() -> None:
    one = pd.DataFrame({"A": [1.0, 2.0], "B": [1.0, np.nan]}, index=[1, 2])
    other = pd.DataFrame({"A": [3.0, np.nan], "B": [5.0, np.nan]}, index=[1, 2])
    nowhere = pd.DataFrame({"A": [None], "B": [None]}, index=[3], dtype=object)
    found = ahba.average_donors([one, other, nowhere])
    assert found["A"].tolist()[:2] == [2.0, 2.0]
    assert np.isnan(found.loc[3, "A"])
    assert list(found) == ["A"]


def test_differential_stability_is_the_mean_rank_correlation_of_pairs() -> None:
    rng = np.random.default_rng(0)
    regions = range(1, 9)
    donors = {d: pd.DataFrame(rng.normal(size=(8, 3)), index=regions, columns=list("ABC")) for d in "xyz"}
    counts = pd.DataFrame(2, index=regions, columns=list("xyz"))
    counts.loc[7:, "y"] = 0
    counts.loc[4:, "z"] = 0  # 3 regions: too few to compare
    expected = [stats.spearmanr(donors["x"].loc[:6, gene], donors["y"].loc[:6, gene]).statistic for gene in "ABC"]
    np.testing.assert_allclose(ahba.differential_stability(donors, counts), expected)
    counts.loc[:, "z"] = 1
    pairs = [("x", "y", 6), ("x", "z", 8), ("y", "z", 6)]
    expected = [
        np.mean([stats.spearmanr(donors[a].loc[:n, gene], donors[b].loc[:n, gene]).statistic for a, b, n in pairs])
        for gene in "ABC"
    ]
    np.testing.assert_allclose(ahba.differential_stability(donors, counts), expected)


def config(expression: dict[str, Any], atlas: Any = "AAL116") -> dict[str, Any]:
    return {
        "study": "s",
        "stages": ["expression"],
        "atlas": atlas,
        "maps": {"m": {"table": "m.tsv"}},
        "expression": {"source": "abagen", **expression},
    }


@pytest.mark.parametrize(
    ("expression", "atlas", "told"),
    [
        ({}, "Power264", "Power264 has no image"),
        ({}, {"name": "Mine", "labels": "l.tsv"}, "Mine has no image"),
        ({"donors": [9861]}, "AAL116", "1 given; probe_selection diff_stability"),
        ({"donors": [9861], "probe_selection": "average", "stability": 0.1}, "AAL116", "1 given; probe_selection"),
        ({"donors": [9861, 10021], "multiverse": True}, "AAL116", "2 given; multiverse leaves one out"),
        ({"donors": [1234]}, "AAL116", r"expression\.donors\.0: found 1234"),
        ({"source": "DK83", "multiverse": True}, "DK83", "multiverse needs source abagen"),
        ({"probe_selection": "rnaseq"}, "AAL116", "probe_selection: found 'rnaseq'"),
        ({"sample_norm": "batch"}, "AAL116", "sample_norm: found 'batch'"),
        ({"tolerance": -1}, "AAL116", "tolerance"),
        ({"ibf_threshold": 2}, "AAL116", "ibf_threshold"),
    ],
)
def test_settings_that_cannot_work_are_refused(expression: dict[str, Any], atlas: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        settings.complete(config(expression, atlas), SCHEMA)


@pytest.mark.parametrize(
    ("expression", "atlas"),
    [
        ({}, "AAL116"),
        ({}, {"name": "Mine", "labels": "l.tsv", "image": "i.nii"}),
        ({"donors": [9861], "probe_selection": "average"}, "AAL116"),
        ({"donors": [9861, 10021, 15697], "multiverse": True, "sample_norm": None}, "DK83"),
    ],
)
def test_settings_that_work_are_taken(expression: dict[str, Any], atlas: Any) -> None:
    assert settings.complete(config(expression, atlas), SCHEMA)["expression"]["reannotated"] is True
