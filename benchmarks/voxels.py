"""What comparing maps of voxels costs, from cleaned maps to tables.

Run with ``uv run python benchmarks/voxels.py``: the ketamine study's size (84 participants, 6 seeds, patients against
controls and responders against non-responders, the MNI brain at 3 mm). Largest t, cluster size, cluster mass and score are
taken of `--draws` relabelings of each map, and the time of 10,000 is reckoned from them; ``--draws 10000`` makes them all.
``--subjects 573 --seeds 1 --sites 16`` is one map of a large study.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from amygene.group.voxels import make_voxel_comparison, observe
from amygene.models.cluster_tables import cluster_table, describe_voxels
from amygene.models.draws import draw_shard, gather_draws
from amygene.models.site_effects import COVARIATE
from amygene.stats.lattice import Lattice

MODEL = {"categorical": ["site"], "exchange_within": "site", "site_effects": COVARIATE}


def study(n: int, n_sites: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Participants of two contrasts, smooth maps (participants x voxels), the mask and its affine."""
    from nilearn.datasets import load_mni152_brain_mask
    from scipy import ndimage

    image = load_mni152_brain_mask(resolution=3)
    mask = image.get_fdata() > 0
    patient = np.arange(n) < round(0.46 * n)
    responder = patient & (rng.random(n) < 0.5)
    people = pd.DataFrame(
        {
            "participant_id": [f"p{i:04d}" for i in range(n)],
            "site": [f"s{i % n_sites}" for i in range(n)],
            **{covariate: rng.standard_normal(n) for covariate in ("age", "sex", "mean_fd")},
            "contrast-MDDvsHC": np.where(patient, "case", "control"),
            "contrast-responders": np.where(responder, "case", np.where(patient, "control", "out")),
        }
    )
    maps = np.empty((n, int(mask.sum())), dtype=np.float32, order="F")
    for i in range(n):
        maps[i] = ndimage.gaussian_filter(rng.standard_normal(mask.shape, dtype=np.float32), 1.1)[mask]
    return people, maps / maps.std(), mask, image.affine


def main() -> None:
    """Run, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=84)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--sites", type=int, default=1)
    parser.add_argument("--draws", type=int, default=200)
    options = parser.parse_args()
    people, maps, mask, affine = study(options.subjects, options.sites, np.random.default_rng(1))
    covariates = ["age", "sex", "mean_fd"] + (["site"] if options.sites > 1 else [])
    spent = dict.fromkeys(("maps and model", "relabelings", "images and tables"), 0.0)
    n_maps = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            for contrast in ("MDDvsHC", "responders"):
                file = Path(folder) / "maps.npy"
                clock = [time.process_time()]
                comparison, analysed, _ = make_voxel_comparison(
                    maps,
                    people["participant_id"],
                    mask,
                    np.arange(0),
                    people,
                    contrast,
                    file,
                    covariates=covariates,
                    **MODEL,
                )
                observed = observe(comparison, analysed, 18, 0.001)
                clock.append(time.process_time())
                lattice, threshold = Lattice(analysed, 18), float(observed["threshold"])
                shard = draw_shard(comparison, lattice, threshold, observed, seed, 0, options.draws)
                clock.append(time.process_time())
                draws = gather_draws([[shard]], "plain")
                result = describe_voxels(comparison, lattice, threshold, draws, None)
                cluster_table(comparison, lattice, affine, threshold, result, {}, 8.0, 4)
                clock.append(time.process_time())
                for step, seconds in zip(spent, np.diff(clock), strict=True):
                    spent[step] += seconds
                n_maps += 1
    rest = spent["maps and model"] + spent["images and tables"]
    per_draw = spent["relabelings"] / n_maps / options.draws
    whole = rest + per_draw * n_maps * 10_000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{options.subjects} participants, {options.seeds} seeds x 2 contrasts, {int(mask.sum()):,} voxels, "
        f"{options.draws:,} relabelings of each map: {spent['relabelings']:.1f} s CPU, {1000 * per_draw:.2f} ms per relabeling "
        f"(largest t, cluster size, mass, score); everything else {rest:.1f} s. Peak memory {peak:.2f} GB, the simulated maps "
        f"({maps.nbytes / 2**30:.2f} GB) included.\n"
        f"10,000 relabelings of each map: {whole / 60:.1f} min CPU, {whole / 120:.1f} min on 2 cores"
        + ("." if options.draws == 10_000 else " (reckoned).")
    )


if __name__ == "__main__":
    main()
