"""nilearn's permuted_ols on small smooth maps: t, and p by height, size and mass of clusters.

uv run python tests/reference/make_permuted_ols.py       nilearn 0.13.1

Writes the input (a row per voxel: its position, then the value of every participant), the design, and the output. The
groups are permuted freely; 2,000 permutations; clusters of 6 neighbours beyond a two-sided p of .01.
"""

import warnings
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from nilearn.maskers import NiftiMasker
from nilearn.mass_univariate import permuted_ols
from scipy import ndimage

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
N, SHAPE = 24, (9, 8, 7)

rng = np.random.default_rng(20261124)
case = rng.permutation(np.arange(N) % 2).astype(float)
age = (rng.normal(size=N) + 0.5 * case).round(6)
noise = ndimage.gaussian_filter(rng.standard_normal((N, *SHAPE)), (0, 0.9, 0.9, 0.9))
maps = noise / noise.std() + 0.4 * age[:, None, None, None]
maps[:, 2:5, 2:5, 2:4] += 0.9 * case[:, None, None, None]
mask = np.zeros(SHAPE, dtype=np.uint8)
mask[1:-1, 1:-1, 1:-1] = 1
values = maps[:, mask > 0].round(4)

image = nibabel.Nifti1Image(mask, np.eye(4))
found = permuted_ols(
    case[:, None],
    values,
    confounding_vars=age[:, None],
    n_perm=2_000,
    two_sided_test=True,
    random_state=1,
    n_jobs=1,
    masker=NiftiMasker(image).fit(),
    threshold=0.01,
    output_type="dict",
)
position = pd.DataFrame(np.argwhere(mask), columns=["i", "j", "k"])
subjects = pd.DataFrame(values.T, columns=[f"s{i:02d}" for i in range(N)])
pd.concat([position, subjects], axis=1).to_csv(HERE / "permuted_ols_input.csv", index=False)
pd.DataFrame({"case": case, "age": age}).to_csv(HERE / "permuted_ols_design.csv", index=False)
output = {name: found[name][0] for name in ("t", "logp_max_t", "size", "logp_max_size", "mass", "logp_max_mass")}
pd.DataFrame(output).to_csv(HERE / "permuted_ols_nilearn.csv", index=False, float_format="%.10g")
