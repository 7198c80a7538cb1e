"""ALE against NiMARE: values, p, threshold, and the largest cluster of every draw. Importing it takes long."""

import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image

from amygene.meta.ale import Experiments, Model, converge
from amygene.meta.brain import Brain
from amygene.meta.foci import mni_to_talairach, talairach_to_mni
from amygene.meta.kernel import kernel

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study():
    """Twenty experiments in a coarse brain of NiMARE's own mask, with its fitted estimator."""
    from nimare.dataset import Dataset
    from nimare.meta.cbma.ale import ALE
    from nimare.utils import get_template

    template = get_template("mni152_2mm", mask="brain")
    grid = Brain.of(np.asanyarray(template.dataobj).astype(bool), template.affine)
    rng = np.random.default_rng(2)
    everywhere = grid.xyz(np.argwhere(grid.mask))
    counts, n = rng.integers(1, 12, 20), rng.integers(8, 60, 20)
    xyz = everywhere[rng.integers(len(everywhere), size=counts.sum())].astype(float)
    experiments = Experiments(tuple(f"s{e:02d}" for e in range(20)), n, np.r_[0, np.cumsum(counts)], xyz)
    source = {}
    for e, name in enumerate(experiments.names):
        own = xyz[experiments.starts[e] : experiments.starts[e + 1]]
        coords = {"space": "MNI", **{axis: own[:, i].tolist() for i, axis in enumerate("xyz")}}
        source[name] = {"contrasts": {"1": {"coords": coords, "metadata": {"sample_sizes": [int(n[e])]}}}}
    image = Nifti1Image(grid.mask.astype(np.int8), grid.affine)
    estimator = ALE(mask=image)
    result = estimator.fit(Dataset(source, target="mni152_2mm", mask=image))
    return grid, experiments, estimator, result


def test_values_and_p(study):
    grid, experiments, estimator, result = study
    found = converge(experiments, grid, 0.001)
    # NiMARE holds its kernels in float32
    assert np.abs(result.get_map("stat", return_type="array") - found.ale[grid.mask]).max() < 1e-8
    z = result.get_map("z", return_type="array")
    reached = z > 0.1
    # a value at the edge of a bin may fall into its neighbour
    assert np.quantile(np.abs(z - found.z[grid.mask])[reached], 0.999) < 0.02
    assert estimator._p_to_summarystat(0.001) == pytest.approx(found.threshold, abs=1.5e-5)


def test_largest_cluster_of_every_draw(study):
    from scipy import ndimage

    grid, experiments, estimator, _ = study
    threshold = converge(experiments, grid, 0.001).threshold
    coordinates = estimator.inputs_["coordinates"].drop(columns=["x", "y", "z"]).copy()
    ijk = np.argwhere(grid.mask)
    model, ours, theirs = Model(experiments, grid), [], []
    for i in range(15):
        drawn = ijk[np.random.default_rng(i).integers(len(ijk), size=len(experiments.xyz))]
        faces = ndimage.generate_binary_structure(3, 1)
        found = estimator._correct_fwe_montecarlo_permutation(
            drawn, iter_df=coordinates, conn=faces, voxel_thresh=threshold, vfwe_only=False, mask_arr=grid.mask
        )
        theirs.append(int(found[1]))
        ours.append(int(model.largest_clusters(model.places(drawn)[None], threshold)[0]))
    assert ours == theirs


@pytest.mark.parametrize("n", [7, 20, 100])
def test_kernel(n, study):
    from nimare.meta.utils import get_ale_kernel

    grid = study[0]
    _, theirs = get_ale_kernel(Nifti1Image(grid.mask.astype(np.int8), grid.affine), sample_size=n)
    # NiMARE takes the voxel's edge from a header in single precision
    assert np.abs(kernel(n, 2.0) - theirs).max() < 1e-6 * theirs.max()


def test_talairach():
    from nimare.utils import mni2tal, tal2mni

    xyz = np.random.default_rng(0).normal(0, 40, (50, 3))
    assert np.abs(talairach_to_mni(xyz) - tal2mni(xyz)).max() < 1e-12
    assert np.abs(mni_to_talairach(xyz) - mni2tal(xyz)).max() < 1e-12
