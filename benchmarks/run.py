"""Time amygene against its peers, agreement first.

Run with ``uv run --group benchmark python benchmarks/run.py``; ``--write`` puts the table into README.md. Both
sides run on one thread, on the same input, in turn, several times; the ratio is the median over the turns.
Where a peer would take hours it does a stated share of the work and its time is scaled up.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import datetime
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from readme import machine, show

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

REPEATS = 3


@dataclass
class Row:
    """One line of the table."""

    work: str
    peer: str
    agreement: str
    peer_seconds: float
    our_seconds: float
    ratio: float
    goal: str


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(
    work: str, peer: str, agreement: str, goal: str, theirs: Callable, ours: Callable, share: float = 1.0
) -> Row:
    """Run both sides in turn.

    `share` is the part of the work that the peer does; its time is scaled up by it.
    """
    ours()
    pairs = [(cpu_seconds(theirs) / share, min(cpu_seconds(ours) for _ in range(3))) for _ in range(REPEATS)]
    ratio = statistics.median(a / b for a, b in pairs)
    if share < 1:
        peer += f" ({share:.2g} of it, scaled up)"
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    return Row(work, peer, agreement, *medians, ratio, goal)


def agree(found: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Largest difference, in words; stop if it is above the tolerance."""
    difference = float(np.nanmax(np.abs(np.asarray(found, dtype=float) - np.asarray(expected, dtype=float))))
    if not difference <= tolerance:
        raise SystemExit(f"the two sides disagree by {difference:g}, more than {tolerance:g}: nothing is timed")
    return f"{difference:.0e}" if difference else "identical"


def gene_nulls(rng: np.random.Generator) -> list[Row]:
    """Correlation of a map and 1,000 null maps with every gene, and p."""
    from neuromaps.stats import permtest_metric
    from scipy.stats import pearsonr

    from amygene.genes.association import correlate

    n_regions, n_genes, n_maps = 112, 15_633, 1_000
    observed, maps = rng.standard_normal(n_regions), rng.standard_normal((n_maps, n_regions))
    genes = rng.standard_normal((n_regions, n_genes))
    found, _ = correlate(observed, maps, genes)
    r, _, null = permtest_metric(observed[:, None], genes, nulls=maps.T[:, :], return_nulls=True)
    null = null.reshape(n_maps, n_genes)
    centre = null.mean(axis=0)
    reached = (np.abs(null - centre) >= np.abs(r.ravel() - centre) * (1 - 1e-9)).sum(axis=0)
    words = f"r {agree(found.score, r.ravel(), 1e-12)}, counts {agree(found.exceedances, reached, 0)}"
    work = "gene correlations under nulls and p: 112 regions x 15,633 genes x 1,000 maps"
    from amygene.stats.map_test import unit

    a, b = unit(maps, 1), unit(genes, 0)

    def loop() -> None:
        for one in maps[:2]:
            for column in genes.T[:500]:
                pearsonr(one, column)

    return [
        compare(
            work,
            "neuromaps permtest_metric",
            words,
            ">= 600x",
            lambda: permtest_metric(observed[:, None], genes, nulls=maps.T),
            lambda: correlate(observed, maps, genes),
        ),
        compare(
            work,
            "scipy pearsonr in a loop",
            agree(found.score[:50], [pearsonr(observed, genes[:, j])[0] for j in range(50)], 1e-12),
            "-",
            loop,
            lambda: correlate(observed, maps, genes),
            share=2 * 500 / (n_maps * n_genes),
        ),
        compare(
            work,
            "the matrix product alone (bound)",
            "-",
            ">= 1/1.3",
            lambda: a @ b,
            lambda: correlate(observed, maps, genes),
        ),
    ]


def set_scores(rng: np.random.Generator) -> list[Row]:
    """Scores of 5,000 gene sets under the same nulls."""
    import gseapy
    import pandas as pd
    from scipy import sparse

    from amygene.enrichment.scores import set_test
    from amygene.stats.map_test import unit

    n_regions, n_genes, n_maps, n_sets = 112, 15_633, 1_000, 5_000
    observed, maps = rng.standard_normal(n_regions), rng.standard_normal((n_maps, n_regions))
    genes = rng.standard_normal((n_regions, n_genes))
    members = [np.sort(rng.choice(n_genes, rng.integers(10, 200), replace=False)) for _ in range(n_sets)]
    pointers = np.r_[0, np.cumsum([len(m) for m in members])]
    membership = sparse.csr_array((np.ones(pointers[-1]), np.concatenate(members), pointers), shape=(n_sets, n_genes))
    profiles, rows = unit(genes, 0), unit(maps, 1)

    def loop(n: int) -> np.ndarray:
        scores = np.empty((n, n_sets))
        for i in range(n):
            r = rows[i] @ profiles
            for j, columns in enumerate(members):
                scores[i, j] = r[columns].mean()
        return scores

    found, _ = set_test(observed, maps, genes, membership, "mean_r")
    null = loop(200)
    r = unit(observed, 0) @ profiles
    score = np.array([r[columns].mean() for columns in members])
    part, _ = set_test(observed, maps[:200], genes, membership, "mean_r")
    reached = (np.abs(null - null.mean(axis=0)) >= np.abs(score - null.mean(axis=0)) * (1 - 1e-9)).sum(axis=0)
    words = f"score {agree(found.score, score, 1e-12)}, counts {agree(part.exceedances, reached, 0)}"
    work = "scores of 5,000 gene sets under 1,000 nulls and p"
    names = [f"g{j}" for j in range(n_genes)]
    sets = {f"s{i}": [names[j] for j in members[i]] for i in range(n_sets)}

    def prerank() -> None:
        ranked = pd.Series(rows[0] @ profiles, index=names)
        gseapy.prerank(ranked, sets, min_size=5, max_size=500, permutation_num=0, threads=1, outdir=None, no_plot=True)

    return [
        compare(
            work,
            "loop over nulls and sets",
            words,
            ">= 150x",
            lambda: loop(100),
            lambda: set_test(observed, maps, genes, membership, "mean_r"),
            share=0.1,
        ),
        compare(
            work,
            "gseapy prerank per null",
            "another score",
            "-",
            prerank,
            lambda: set_test(observed, maps, genes, membership, "mean_r"),
            share=1 / n_maps,
        ),
    ]


def variograms(rng: np.random.Generator) -> list[Row]:
    """1,000 surrogate maps with the map's variogram."""
    # brainsmash 0.11 calls a function that numpy 2 has under another name only
    np.vstack = np.vstack  # type: ignore[attr-defined]
    from brainsmash.mapgen.base import Base

    from amygene.nulls import variogram
    from amygene.nulls.variogram import Surrogates

    rows = []
    for n, goal in ((112, ">= 40x"), (432, ">= 15x")):
        xyz = rng.normal(0, 40, (n, 3))
        distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
        values = rng.standard_normal(n) + xyz[:, 0] / 20
        theirs = np.asarray(Base(values, distance, seed=5)(100, batch_size=100))
        state = np.random.RandomState(np.random.RandomState(5).randint(np.iinfo(np.int32).max, size=1)[0])
        permuted = state.random_sample((n, 100)).argsort(axis=0)
        noise = state.randn(n, 100)
        words = agree(Surrogates(xyz).surrogates(values, permuted.T, noise.T), theirs, 1e-10)
        strata = np.full(n, "all")
        rows.append(
            compare(
                f"1,000 variogram surrogates, {n} regions",
                "brainsmash",
                words,
                goal,
                lambda v=values, d=distance: Base(v, d, seed=5)(1000, batch_size=100),
                lambda v=values, s=strata, x=xyz: variogram.null_maps(v, s, x, 1, 1000),
            )
        )
    return rows


def edges(rng: np.random.Generator) -> list[Row]:
    """Group difference of every edge with covariates."""
    import statsmodels.api as sm

    from amygene.stats.linear_model import fit

    n, n_edges = 573, 228
    case = (np.arange(n) < 210).astype(float)
    nuisance = np.column_stack([np.ones(n), rng.standard_normal((n, 3)), np.eye(16)[rng.integers(0, 16, n)][:, 1:]])
    z = rng.standard_normal((n, n_edges))
    design = np.column_stack([nuisance, case])

    def loop() -> np.ndarray:
        return np.array([sm.OLS(z[:, j], design).fit().tvalues[-1] for j in range(n_edges)])

    return [
        compare(
            "group difference, 573 participants x 228 edges, 18 covariates",
            "statsmodels OLS in a loop",
            agree(fit(z, case, nuisance).t, loop(), 1e-9),
            ">= 100x",
            loop,
            lambda: fit(z, case, nuisance),
        )
    ]


def classification(rng: np.random.Generator) -> list[Row]:
    """Nested cross-validation of a Gaussian support vector machine with permuted labels."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from amygene.prediction.choices import CLASSIFIERS
    from amygene.prediction.designs import BLOCK, splits_of
    from amygene.prediction.nested import ALL, Classifier, Nested, Settings
    from amygene.prediction.sample import Sample

    n, n_edges = 573, 228
    case = (np.arange(n) < 210).astype(float)
    # correlated like edges of one brain
    edges = rng.standard_normal((n, 30)) @ rng.standard_normal((30, n_edges)) + 3 * rng.standard_normal((n, n_edges))
    none, one = np.zeros(n, dtype=int), np.array(["all"])
    sample = Sample(
        participants=np.arange(n).astype(str), edges=edges, seeds=np.repeat("LAMY", n_edges),
        regions=np.arange(n_edges).astype(str), case=case, covariates=np.empty((n, 0)), names=one[:0], sites=none,
        site_names=one, strata=none, external=none.astype(bool),
    )  # fmt: skip
    grid = {"C": [1.0, 10.0, 100.0], "gamma": [0.1, 0.3, 1.0]}
    settings = Settings(
        ["rbf-svm"], ["all"], 20, "", False, {"rbf-svm": grid}, {"rbf-svm": CLASSIFIERS["rbf-svm"].place}, []
    )
    splits = splits_of("cross-validation", sample, folds=5, repeats=1, by_controls=False, seed=1)
    labels = np.stack([rng.permutation(case) for _ in range(BLOCK)])
    few = labels[:2]

    def theirs() -> np.ndarray:
        found = []
        candidates = {"svc__C": grid["C"], "svc__gamma": [g / n_edges for g in grid["gamma"]]}
        for label in few:
            for split in splits:
                machine = make_pipeline(StandardScaler(), SVC())
                search = GridSearchCV(machine, candidates, scoring="roc_auc", cv=PredefinedSplit(split.inner))
                search.fit(edges[split.train], label[split.train])
                found.append(search.decision_function(edges[split.test]))
        return np.concatenate(found)

    def ours(wanted: np.ndarray = labels) -> list[np.ndarray]:
        fitted = Nested(sample, splits, settings).fit([Classifier("rbf-svm", ALL)], wanted)
        return [part.scores[part.split.variants[0]] for part in fitted]

    return [
        compare(
            f"nested cross-validation, Gaussian SVM, {BLOCK} permuted labellings, 573 participants x 228 edges",
            "scikit-learn GridSearchCV",
            "decision values " + agree(np.concatenate([s[b] for b in range(2) for s in ours(few)]), theirs(), 1e-6),
            ">= 2x",
            theirs,
            ours,
            len(few) / BLOCK,
        )
    ]


def convergence(rng: np.random.Generator) -> list[Row]:
    """Largest clusters of random foci in a meta-analysis of 30 experiments."""
    import nibabel
    from nimare.dataset import Dataset
    from nimare.meta.cbma.ale import ALE
    from nimare.utils import get_template
    from scipy import ndimage

    from amygene.meta.ale import Experiments, Model, converge
    from amygene.meta.brain import Brain

    template = get_template("mni152_2mm", mask="brain")
    grid = Brain.of(np.asanyarray(template.dataobj).astype(bool), template.affine)
    ijk = np.argwhere(grid.mask)
    counts, n_subjects = rng.integers(4, 29, 30), rng.integers(8, 40, 30)
    xyz = grid.xyz(ijk[rng.integers(len(ijk), size=counts.sum())]).astype(float)
    names = tuple(f"s{e:02d}" for e in range(30))
    experiments = Experiments(names, n_subjects, np.r_[0, np.cumsum(counts)], xyz)
    source = {}
    for e, name in enumerate(names):
        own = xyz[experiments.starts[e] : experiments.starts[e + 1]]
        coords = {"space": "MNI", **{axis: own[:, i].tolist() for i, axis in enumerate("xyz")}}
        source[name] = {"contrasts": {"1": {"coords": coords, "metadata": {"sample_sizes": [int(n_subjects[e])]}}}}
    image = nibabel.Nifti1Image(grid.mask.astype(np.int8), grid.affine)
    estimator = ALE(mask=image)
    result = estimator.fit(Dataset(source, target="mni152_2mm", mask=image))
    found, model = converge(experiments, grid, 0.001), Model(experiments, grid)
    coordinates = estimator.inputs_["coordinates"].drop(columns=["x", "y", "z"]).copy()
    faces = ndimage.generate_binary_structure(3, 1)
    drawn = ijk[rng.integers(len(ijk), size=(20, len(xyz)))]
    places = np.stack([model.places(one) for one in drawn])

    def theirs() -> list[int]:
        return [
            int(
                estimator._correct_fwe_montecarlo_permutation(
                    one,
                    iter_df=coordinates,
                    conn=faces,
                    voxel_thresh=found.threshold,
                    vfwe_only=False,
                    mask_arr=grid.mask,
                )[1]
            )
            for one in drawn
        ]

    values = agree(found.ale[grid.mask], result.get_map("stat", return_type="array"), 1e-7)
    sizes = agree(model.largest_clusters(places, found.threshold), np.array(theirs()), 0)
    return [
        compare(
            "convergence: largest cluster under 20 sets of random foci, 30 experiments",
            "NiMARE ALE",
            f"ALE {values}, sizes {sizes}",
            ">= 4x",
            theirs,
            lambda: model.largest_clusters(places, found.threshold),
        )
    ]


def brain_maps(rng: np.random.Generator, n: int, fwhm: float = 2.5) -> tuple[np.ndarray, np.ndarray]:
    """Smooth maps in the MNI brain at 3 mm, a row per voxel, and the mask."""
    from nilearn.datasets import load_mni152_brain_mask
    from scipy import ndimage

    mask = load_mni152_brain_mask(resolution=3).get_fdata() > 0
    maps = np.empty((int(mask.sum()), n), dtype=np.float32)
    for i in range(n):
        maps[:, i] = ndimage.gaussian_filter(rng.standard_normal(mask.shape, dtype=np.float32), fwhm / 2.355)[mask]
    return maps / maps.std(), mask


def enhancement(rng: np.random.Generator) -> list[Row]:
    """Threshold-free cluster enhancement of one map."""
    from nilearn.mass_univariate._utils import calculate_tfce
    from scipy import ndimage

    from amygene.stats.lattice import Lattice
    from amygene.stats.tfce import Scanner

    maps, mask = brain_maps(rng, 1)
    t = maps[:, 0].astype(float)
    rows = []
    for connectivity, rank in ((6, 1), (26, 3)):
        lattice, near = Lattice(mask, connectivity), ndimage.generate_binary_structure(3, rank)
        volume = lattice.volume(t)[..., None]
        scanner = Scanner(lattice, 3.1)
        theirs = calculate_tfce(volume, near)[..., 0][mask]
        found = scanner.enhance(t, 0.5, 2.0, 100)
        words = agree(found / np.abs(theirs).max(), theirs / np.abs(theirs).max(), 1e-10)
        rows.append(
            compare(
                f"TFCE of one map, {len(t):,} voxels, {connectivity} neighbours",
                "nilearn calculate_tfce",
                f"{words} with its 100 steps; ours timed: the integral, with size and mass of the largest cluster",
                ">= 60x",
                lambda v=volume, s=near: calculate_tfce(v, s),
                lambda s=scanner: s.maxima(t),
            )
        )
    return rows


def map_permutations(rng: np.random.Generator) -> list[Row]:
    """The largest t of relabelings: 573 participants, 18 covariate columns, 15 of them sites."""
    import warnings

    from nilearn.mass_univariate import permuted_ols

    from amygene.stats.design import Design
    from amygene.stats.linear_model import fit
    from amygene.stats.map_permutation import TILE, Counts, MapPermutation
    from amygene.stats.permutation import BLOCK, FreedmanLane, draw_orders

    warnings.simplefilter("ignore")
    n, n_voxels, n_draws, few = 573, 67_000, 1000, 20
    site, case = rng.integers(0, 16, n), (rng.random(n) < 0.45).astype(float)
    covariates = np.column_stack([site[:, None] == np.arange(1, 16), rng.standard_normal((n, 2))]).astype(float)
    nuisance = np.column_stack([np.ones(n), covariates])
    maps = rng.standard_normal((n_voxels, n), dtype=np.float32)
    y = maps.T.astype(float)
    observed = fit(y, case, nuisance).t
    t = np.zeros((n_draws, n_voxels))
    names = np.array(["x"] * nuisance.shape[1])
    tile = rng.standard_normal((n, TILE), dtype=np.float32)

    def theirs(n_perm: int = few) -> dict:
        return permuted_ols(case[:, None], y, covariates, n_perm=n_perm, n_jobs=1, output_type="dict", verbose=0)

    same = agree(observed, theirs(1)["t"][0], 1e-6)
    rows = []
    for words, strata, goal in (("freely", np.zeros(n, dtype=int), ">= 7x"), ("within site", site, ">= 35x")):
        lane = MapPermutation(maps, Design(case, nuisance, names, strata), 3.1, observed)

        def ours(lane: MapPermutation = lane, strata: np.ndarray = strata) -> None:
            lane.draw(draw_orders(1, np.arange(n_draws), strata), t, Counts.start(n_voxels))
            for one in t:
                max(one.max(), -one.min())

        ours()
        beta, se = FreedmanLane(y[:, :200], case, nuisance, strata).draw(draw_orders(1, np.arange(100), strata))
        expected, drawn = beta / se, t[:100, :200]
        high = np.abs(expected) > 3.1
        agreement = (
            f"observed t {same}; draws {agree(drawn, expected, 1e-4)} from Freedman-Lane in float64, "
            f"{agree(drawn[high], expected[high], 1e-10)} where t is above 3.1"
        )
        start = cpu_seconds(lambda: theirs(1))
        row = compare(
            f"one relabeling {words}, 573 participants x {n_voxels:,} voxels, 18 covariates",
            "permuted_ols" if words == "freely" else "permuted_ols (freely: it has no blocks)",
            agreement,
            goal,
            theirs,
            ours,
        )
        # per relabeling; what permuted_ols takes to start is no part of it
        row.peer_seconds, row.our_seconds = (row.peer_seconds - start) / (few - 1), row.our_seconds / n_draws
        row.ratio = row.peer_seconds / row.our_seconds
        rows.append(row)
        products = rng.standard_normal((len(lane._rows) * BLOCK, n), dtype=np.float32)

        def bound(products: np.ndarray = products) -> None:
            out = np.empty((len(products), TILE), dtype=np.float32)
            for _ in range(-(-n_voxels // TILE) * (n_draws // BLOCK)):
                np.matmul(products, tile, out=out)

        row = compare(row.work, "the matrix products alone, in float32 (bound)", "-", "-", bound, ours)
        row.peer_seconds, row.our_seconds = row.peer_seconds / n_draws, row.our_seconds / n_draws
        rows.append(row)
    return rows


def seed_maps(rng: np.random.Generator) -> list[Row]:
    """Maps of eight seeds in one participant, from the files on disk."""
    import tempfile
    import warnings

    import nibabel
    import pandas as pd
    from nilearn.datasets import load_mni152_brain_mask
    from nilearn.image import resample_img
    from nilearn.maskers import NiftiMasker, NiftiSpheresMasker

    from amygene.cleaning.confounds import MOTION, expand_motion
    from amygene.connectivity.voxels import session_maps
    from amygene.imaging.grid import standard_grid
    from amygene.imaging.images import write_scan
    from amygene.imaging.scans import Scan
    from amygene.imaging.seed_maps import SeedsOnGrids, read_source

    warnings.simplefilter("ignore")
    n_volumes, grid = 230, standard_grid(3.0)
    mask = resample_img(
        load_mni152_brain_mask(resolution=2),
        grid.affine,
        grid.shape,
        interpolation="nearest",
        force_resample=True,
        copy_header=True,
    )
    inside = np.asarray(mask.dataobj) > 0
    ijk = np.argwhere(inside)
    centres = ijk[rng.choice(len(ijk), 8, replace=False)] @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    slow = np.cumsum(rng.standard_normal((n_volumes, 20)), axis=0)
    values = np.zeros((*grid.shape, n_volumes), dtype=np.float32)
    values[inside] = (1000 + 3 * (slow @ rng.standard_normal((20, len(ijk)))).T) + 20 * rng.standard_normal(
        (len(ijk), n_volumes)
    )
    confounds = pd.DataFrame(np.cumsum(rng.normal(0, 0.02, (n_volumes, 6)), axis=0), columns=list(MOTION))
    confounds = expand_motion(confounds).bfill().assign(csf=slow[:, 0], white_matter=slow[:, 1])
    confounds["framewise_displacement"] = np.where(np.isin(np.arange(n_volumes), [50, 120]), 1.0, 0.1)
    regressors = confounds.drop(columns="framewise_displacement")
    kept = np.setdiff1d(np.arange(n_volumes), [49, 50, 51, 119, 120, 121])
    seeds = SeedsOnGrids(
        {f"s{j}": read_source({"kind": "sphere", "xyz": xyz.tolist(), "radius": 6.5}) for j, xyz in enumerate(centres)}
    )
    cleaning = {
        "strategy": list(regressors),
        "band_pass": [0.01, 0.1],
        "filtered": False,
        "detrend": True,
        "scrub": {"fd": 0.5, "before": 1, "after": 1},
        "discard": 0,
        "smoothing": 0,
    }
    # in single precision, its default here, nilearn's filter is off by .03 in r
    options = {"detrend": True, "standardize": None, "high_pass": 0.01, "low_pass": 0.1, "t_r": 2.0, "dtype": "float64"}
    with tempfile.TemporaryDirectory() as folder:
        bold, brain, table = (f"{folder}/{name}" for name in ("bold.nii.gz", "mask.nii.gz", "confounds.tsv"))
        write_scan(bold, values, grid, 2.0)
        nibabel.save(nibabel.Nifti1Image(inside.astype(np.uint8), grid.affine), brain)
        confounds.to_csv(table, sep="\t", index=False)
        scan, has_signal = Scan("", "", bold, brain, table, "2"), inside.ravel(order="F")

        def theirs() -> np.ndarray:
            given = {"confounds": regressors, "sample_mask": kept}
            voxels = NiftiMasker(brain, **options).fit().transform(bold, **given)
            spheres = NiftiSpheresMasker(centres.tolist(), radius=6.5, mask_img=brain, **options).fit()
            series = spheres.transform(bold, **given)
            series, voxels = series - series.mean(axis=0), voxels - voxels.mean(axis=0)
            r = series.T @ voxels / np.outer(np.linalg.norm(series, axis=0), np.linalg.norm(voxels, axis=0))
            return np.arctanh(np.clip(r, -1 + 1e-7, 1 - 1e-7))

        def ours() -> np.ndarray:
            _, maps = session_maps([scan], has_signal, seeds, cleaning, 0.5)
            return np.array([found.z[inside] for found in maps.values()])

        return [
            compare(
                f"maps of 8 seeds in one participant, {len(ijk):,} voxels x {n_volumes} volumes, from .nii.gz",
                "nilearn maskers",
                f"r {agree(np.tanh(ours()), np.tanh(theirs()), 5e-5)}",
                ">= 40x",
                theirs,
                ours,
            )
        ]


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| work | peer | agreement | peer, s | amygene, s | ratio | goal |", "|---|---|---|---|---|---|---|"]
    for r in rows:
        ratio = f"{r.ratio:.2g}x" if r.ratio < 10 else f"{r.ratio:,.0f}x"
        lines.append(
            f"| {r.work} | {r.peer} | {r.agreement} | {r.peer_seconds:.3g} | {r.our_seconds:.3g} | {ratio} | {r.goal} |"
        )
    return "\n".join(lines)


BENCHMARKS = (
    gene_nulls, set_scores, variograms, edges, seed_maps, classification, convergence, enhancement, map_permutations,
)  # fmt: skip


def main() -> None:
    """Run all rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    write = parser.parse_args().write
    rows = []
    for benchmark in BENCHMARKS:
        found = benchmark(np.random.default_rng(1))
        print("\n".join(table(found).splitlines()[2:]), flush=True)
        rows += found
    head = f"{datetime.date.today()}, {machine()}, one thread, CPU time, median of {REPEATS} turns."
    text = f"{head}\n\n{table(rows)}"
    print(text)
    if write:
        show("benchmarks", text)


if __name__ == "__main__":
    main()
