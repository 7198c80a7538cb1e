"""Maps on disk, and all maps of a seed in one array that is read by blocks of voxels."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import sparse

from amygene.cohort.images import DefaultMask, check_images
from amygene.connectivity.maps import _AT_A_TIME, common_mask, make_maps, pack, read_map, region_table
from amygene.connectivity.voxels import session_maps
from amygene.imaging.grid import Grid, standard_grid
from amygene.imaging.images import write_image
from amygene.imaging.scans import Scan
from amygene.imaging.seed_maps import SeedsOnGrids, Weights, read_source
from amygene.io.files import sha256
from amygene.io.problems import InputError
from fixtures import scans

CLEANING = scans.CLEANING | {"strategy": "24P"}
SOURCES = {
    name: read_source({"kind": "sphere", "xyz": xyz, "radius": 20.0})
    for name, xyz in (("A", (-24.0, 0.0, -22.0)), ("FAR", (300.0, 0.0, 0.0)))
}


@pytest.fixture
def members(tmp_path):
    """Two participants, the first with two sessions; scrubbing leaves nothing of the second session."""
    made = {
        ("sub-1", "1"): scans.write_scan(tmp_path, "sub-1_ses-1_task-rest", 1),
        ("sub-1", "2"): scans.write_scan(tmp_path, "sub-1_ses-2_task-rest", 2, spikes=list(range(1, 80, 2))),
        ("sub-2", "1"): scans.write_scan(tmp_path, "sub-2_ses-1_task-rest", 3),
    }
    found: dict[str, list[Scan]] = {}
    for (participant, session), files in made.items():
        scan = Scan(session, "", str(files["bold"]), str(files["mask"]), str(files["confounds"]))
        found.setdefault(participant, []).append(scan)
    return found


@pytest.fixture
def signal(tmp_path, members):
    nib.save(nib.Nifti1Image(scans.brain().astype(np.uint8), scans.AFFINE), tmp_path / "m.nii.gz")
    found, _ = check_images(members, ("1", "2"), DefaultMask(tmp_path / "m.nii.gz"))
    return {(p, session): (grid, bits) for p, (grid, by) in found.items() for session, bits in by.items()}


def make(tmp_path, members, signal, **options):
    settings = {"min_coverage": 0.5, "grid": None, "space": "MNI", "folder": str(tmp_path / "out"), "stop": True}
    return make_maps(members, ("1", "2"), signal, SOURCES, CLEANING, **(settings | options))


def test_maps_are_written_with_what_they_are_made_of(tmp_path, members, signal):
    made = make(tmp_path, members, signal)
    entry = made["sub-1"]["1"]
    base = f"{tmp_path}/out/sub-1/sub-1_ses-1_seed-A_space-MNI_stat-fisherz_boldmap"
    assert entry["maps"] == {"A": {"file": f"{base}.nii.gz", "sha256": sha256(f"{base}.nii.gz")}}
    assert entry["coverage"] == {"A": 1.0, "FAR": 0.0}
    assert entry["n_voxels"] == scans.brain().sum()
    _, expected = session_maps(members["sub-1"][:1], signal["sub-1", "1"][1], SeedsOnGrids(SOURCES), CLEANING, 0.5)
    image = nib.load(f"{base}.nii.gz")
    assert image.get_data_dtype() == np.float32
    np.testing.assert_array_equal(image.get_fdata(dtype=np.float32), expected["A"].z)
    sidecar = json.loads(Path(f"{base}.json").read_text())
    assert sidecar["Seed"] == {"kind": "sphere", "xyz": [-24.0, 0.0, -22.0], "radius": 20.0}
    assert sidecar["Sources"] == [members["sub-1"][0].bold, members["sub-1"][0].confounds]
    assert sidecar["Cleaning"]["strategy"] == "24P"


def test_a_later_session_that_fails_is_written_down_and_the_first_stops(tmp_path, members, signal):
    made = make(tmp_path, members, signal)
    assert made["sub-1"]["2"]["maps"] == {}
    assert "too few volumes are left after scrubbing" in made["sub-1"]["2"]["problem"]
    broken = members["sub-2"][0].bold
    Path(broken).write_bytes(b"gone")
    with pytest.raises(InputError) as caught:
        make(tmp_path, members, signal)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"sub-2: {broken}: is no readable NIfTI")
    made = make(tmp_path, members, signal, stop=False)
    assert made["sub-2"]["1"]["problem"].startswith(broken)
    assert made["sub-1"]["1"]["maps"]


def test_maps_can_be_put_on_a_common_grid(tmp_path, members, signal):
    made = make(tmp_path, members, signal, grid=standard_grid(8.0))
    image = nib.load(made["sub-2"]["1"]["maps"]["A"]["file"])
    assert image.shape == standard_grid(8.0).shape
    grid, count, n = common_mask(signal, ["sub-1", "sub-2"], standard_grid(8.0))
    assert n == 3
    np.testing.assert_array_equal(np.isfinite(image.get_fdata()), count == 3)
    assert grid.same_as(standard_grid(8.0))


def test_the_mask_counts_the_scans_of_those_who_are_in(signal):
    changed = dict(signal)
    grid, bits = changed["sub-2", "1"]
    fewer = bits.copy()
    fewer[np.flatnonzero(bits)[:10]] = False
    changed["sub-2", "1"] = (grid, fewer)
    _, count, n = common_mask(changed, ["sub-1", "sub-2"], None)
    assert (n, (count == 3).sum(), (count > 0).sum()) == (3, bits.sum() - 10, bits.sum())
    _, count, n = common_mask(changed, ["sub-1"], None)
    assert (n, (count == 2).sum()) == (2, bits.sum())
    with pytest.raises(InputError, match="nobody has a scan"):
        common_mask(changed, ["sub-9"], None)


def test_the_array_holds_participants_by_voxels_and_blocks_of_voxels_lie_together(tmp_path):
    rng = np.random.default_rng(0)
    grid = Grid((5, 4, 3), np.diag([2.0, 2, 2, 1]))
    mask = rng.random(grid.shape) < 0.6
    n = _AT_A_TIME + 9
    volumes = rng.standard_normal((n, *grid.shape)).astype(np.float32)
    entries = []
    for i, volume in enumerate(volumes):
        file = tmp_path / f"{i}.nii.gz"
        write_image(file, volume, grid)
        entries.append({"file": str(file), "sha256": sha256(file)} if i % 7 else None)
    assert pack(tmp_path / "g.npy", entries, grid, mask) == sum(e is not None for e in entries)
    array = np.load(tmp_path / "g.npy", mmap_mode="r")
    assert array.shape == (n, mask.sum())
    assert array.dtype == np.float32
    assert array.flags.f_contiguous
    assert array[:, 3:11].flags.f_contiguous
    for i, volume in enumerate(volumes):
        if i % 7:
            np.testing.assert_array_equal(array[i], volume.ravel()[np.flatnonzero(mask)])
        else:
            assert np.isnan(array[i]).all()


def test_regions_have_the_mean_of_their_voxels_without_those_of_the_seed(tmp_path):
    """Two regions of a 4 x 3 x 2 grid by hand; a scan without a map, and one of whose session nothing is known."""
    grid = Grid((4, 3, 2), np.diag([2.0, 2, 2, 1]))
    volume = np.arange(24, dtype=np.float32).reshape(grid.shape)
    write_image(tmp_path / "m.nii.gz", volume, grid)
    entry = {"maps": {"A": {"file": str(tmp_path / "m.nii.gz"), "sha256": sha256(tmp_path / "m.nii.gz")}}}
    in_file = volume.ravel(order="F")
    membership = np.zeros((2, 24))
    membership[0, [0, 1, 2]] = membership[1, [5, 9, 13]] = 1
    own = Weights(np.array([1]), np.array([1.0]))
    scans_of = [("p_1", "p", "1"), ("p_2", "p", "2"), ("q_1", "q", "1")]
    made = {"p": {"1": entry, "2": {"maps": {"B": entry["maps"]["A"]}}}}
    table = region_table(scans_of, made, "A", own, grid, sparse.csr_array(membership), ["R1", "R2"])
    assert table.index.tolist() == ["p_1", "p_2", "q_1"]
    assert table.loc["p_1"].tolist() == pytest.approx([in_file[[0, 2]].mean(), in_file[[5, 9, 13]].mean()])
    assert table.loc[["p_2", "q_1"]].isna().all(axis=None)


def test_a_map_that_is_gone_or_changed_is_named(tmp_path):
    grid = Grid((3, 3, 3), np.eye(4))
    file = tmp_path / "m.nii.gz"
    write_image(file, np.ones((3, 3, 3), dtype=np.float32), grid)
    entry = {"file": str(file), "sha256": sha256(file)}
    np.testing.assert_array_equal(read_map(entry, grid), 1)
    with pytest.raises(InputError, match="its grid is 3 x 3 x 3"):
        read_map(entry, Grid((3, 3, 3), np.diag([2.0, 2, 2, 1])))
    write_image(file, np.zeros((3, 3, 3), dtype=np.float32), grid)
    with pytest.raises(InputError, match="is not what was written; make the maps again"):
        read_map(entry, grid)
    file.unlink()
    with pytest.raises(InputError, match="is gone; make the maps again: snakemake --forcerun connectivity_voxel"):
        read_map(entry, grid)
