"""Published foci with a published answer: antidepressants, treated more than untreated (Saberi 2024).

One cluster in the left dorsolateral prefrontal cortex, 132 voxels, centre -38, 30, 28, family-wise p .005.
"""

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest

from amygene.imaging import atlas
from amygene.io.tables import read_table
from amygene.meta.ale import converge
from amygene.meta.brain import Brain
from amygene.meta.chance import largest_by_chance
from amygene.meta.clusters import cluster_table
from amygene.meta.connectome import Places, load_values, read_matrix
from amygene.meta.contributions import contributions
from amygene.meta.foci import check_foci, read_foci
from amygene.meta.network import canonical_table, observed_pooled, random_pooled, region_table, seed_regions
from amygene.meta.selection import merge
from fixtures.meta import NIMARE

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"
ATLAS = ROOT / "resources/imaging-transcriptomics"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the published foci of ../shared/data are not here"),
]


@pytest.fixture(scope="module")
def grid() -> Brain:
    template = nibabel.load(NIMARE / "resources/templates/tpl-MNI152NLin6Asym_res-02_desc-brain_mask.nii.gz")
    return Brain.of(np.asanyarray(template.dataobj) > 0, template.affine)


@pytest.fixture(scope="module")
def foci(grid):
    table, notes = check_foci(read_foci(DATA / "ale/antidepressants_treated-gt-untreated_foci.tsv"), grid, "stop")
    assert notes[0].startswith("63 of 179 foci were Talairach coordinates")
    return table


def test_the_cluster(grid, foci):
    experiments = merge(foci)
    assert (len(experiments), len(experiments.xyz)) == (20, 179)
    found = converge(experiments, grid, 0.001)
    largest = largest_by_chance(experiments, grid, found.threshold, 1, "published", 0, 1000)
    table = cluster_table(found, grid, largest, {})
    first = table.iloc[0]
    assert abs(first["n_voxels"] - 132) <= 10
    assert np.linalg.norm(first[["centre_x", "centre_y", "centre_z"]].to_numpy(float) - [-38, 30, 28]) <= 3
    assert first[["peak_x", "peak_y", "peak_z"]].tolist() == [-36, 32, 28]
    assert first["p_fwe"] < 0.015
    # nothing else is near the threshold of significance by more than chance of the draws
    assert table["p_fwe"].iloc[1] > 0.035
    # driven by seven experiments, ketamine (Li) 25 %, PET (Li, Kennedy, Mayberg) 56 %
    shares = contributions(experiments, grid, found.labels, np.array([1])).set_index("experiment")["share"]
    assert (shares > 0.2).sum() == 7
    assert shares["Li_2015"] == pytest.approx(25.3, abs=1.5)
    assert shares[["Li_2015", "Kennedy_2001", "Mayberg_2000"]].sum() == pytest.approx(56.3, abs=2)


def test_without_the_transform_it_is_elsewhere(grid, foci):
    """A sum of 63 foci a few mm off: the largest cluster changes its hemisphere."""
    raw = foci.assign(x=foci["x_reported"], y=foci["y_reported"], z=foci["z_reported"])
    found = converge(merge(raw), grid, 0.001)
    voxels = grid.xyz(np.argwhere(found.labels == 1))
    assert np.median(voxels[:, 0]) > 0


@pytest.mark.skipif(not ATLAS.is_dir(), reason="the Desikan-Killiany atlas has not been fetched into resources/")
def test_networks_on_a_published_connectome(foci):
    image = nibabel.load(ATLAS / "atlas-desikankilliany_1mm_MNI152.nii.gz")
    regions = atlas.locate(atlas.dk83_regions(pd.read_csv(ATLAS / "atlas_regions_info.csv")), image, "atlas")
    file = DATA / "connectome/funcMatrix_with_sctx.csv"
    labels = (DATA / "connectome/funcLabels_with_sctx.csv").read_text().strip().split(",")
    connectome, notes = read_matrix(load_values(file, True), labels, regions, str(file))
    assert len(connectome.regions) == 82
    assert notes == ["The connectome says nothing of brainstem."]
    numbers = regions.set_index("region")["index"].loc[list(connectome.regions)].to_numpy()
    experiments = merge(foci)
    where, distance = Places(atlas.region_numbers(image), image.affine, numbers).find(experiments.xyz)
    assert (where < 0).sum() < 15
    assert np.median(distance[where >= 0]) < 3
    seeds = seed_regions(experiments, where)
    observed, drawn = observed_pooled(seeds, connectome), random_pooled(seeds, connectome, 1, "published", 1000)
    table = region_table(connectome, observed, drawn)
    assert table["p"].between(0, 1).all()
    assert np.corrcoef(table["z_value"], table["z_value_unweighted"])[0, 1] > 0.8
    shares = read_table(ROOT / "config/networks.tsv")
    canonical = canonical_table(shares[shares["atlas"] == "DK83"], connectome, observed, drawn)
    assert len(canonical) == 7
    # as published for this contrast: no network survives the false discovery rate
    assert (canonical["q"] > 0.05).all()


def test_the_committed_networks_are_those_of_the_volume():
    """config/networks.tsv against Yeo's volume, voxel by voxel of the atlas."""
    if not ATLAS.is_dir():
        pytest.skip("the Desikan-Killiany atlas has not been fetched into resources/")
    image = nibabel.load(ATLAS / "atlas-desikankilliany_1mm_MNI152.nii.gz")
    numbers = atlas.region_numbers(image)
    regions = atlas.dk83_regions(pd.read_csv(ATLAS / "atlas_regions_info.csv")).set_index("region")
    networks = nibabel.load(DATA / "connectome/Yeo7_liberal_2mm.nii.gz")
    yeo = atlas.region_numbers(networks)
    ijk = np.argwhere(numbers == regions.loc["L_precuneus", "index"])
    xyz = nibabel.affines.apply_affine(image.affine, ijk)
    place = np.floor(nibabel.affines.apply_affine(np.linalg.inv(networks.affine), xyz) + 0.5).astype(int)
    counts = np.bincount(yeo[tuple(place.T)], minlength=8)[1:]
    shares = read_table(ROOT / "config/networks.tsv")
    own = shares[(shares["atlas"] == "DK83") & (shares["region"] == "L_precuneus")].set_index("network")["n_voxels"]
    expected = dict(zip(("VIS", "SMN", "DAN", "SAN", "LIM", "FPN", "DMN"), counts, strict=True))
    assert own.to_dict() == {k: v for k, v in expected.items() if v}
