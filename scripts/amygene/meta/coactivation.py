"""What else is active when a cluster is, and what people do then: co-activation and decoding in a database of studies.

The database is Neurosynth's or NeuroQuery's, in the files that NiMARE downloads: coordinates, metadata, and how often
each term stands in each study's abstract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse, stats

from amygene.imaging.labels import VoxelLabels
from amygene.io.problems import InputError, raise_if_any
from amygene.meta.ale import Experiments, converge
from amygene.meta.brain import Brain
from amygene.meta.chance import largest_by_chance
from amygene.meta.clusters import cluster_table
from amygene.meta.foci import SPACES, talairach_to_mni
from amygene.meta.selection import refusal
from amygene.stats.multiplicity import benjamini_hochberg

#: a study is about a term whose frequency (tf-idf) in its abstract is above this (Yarkoni 2011, Nat Methods 8:665)
FREQUENT = 0.001


@dataclass(frozen=True)
class Database:
    """Studies with their foci and terms.

    Attributes
    ----------
    studies : array of str, shape (n_studies,)
    study : array of int, shape (n_foci,)
        Row of the study of each focus, ascending.
    xyz : array of shape (n_foci, 3)
        MNI mm.
    terms : array of str, shape (n_terms,)
    about : sparse array of bool, shape (n_studies, n_terms)
        Which studies are about which terms.
    """

    studies: np.ndarray
    study: np.ndarray
    xyz: np.ndarray
    terms: np.ndarray
    about: sparse.csc_array


def database_files(folder: str | Path) -> dict[str, Path]:
    """The four files of a database in a folder (searched below it too): coordinates, metadata, features, vocabulary."""
    folder = Path(folder)
    wanted = {
        "coordinates": "*_coordinates.tsv.gz",
        "metadata": "*_metadata.tsv.gz",
        "features": "*_vocab-terms_*_features.npz",
        "vocabulary": "*_vocab-terms_*vocabulary.txt",
    }
    found, problems = {}, []
    for kind, pattern in wanted.items():
        files = sorted(folder.rglob(pattern))
        if len(files) == 1:
            found[kind] = files[0]
        else:
            problems.append(
                f"config key meta.database.folder: {folder} holds {len(files)} files {pattern}, one is needed"
            )
    raise_if_any(problems)
    return found


def read_database(files: dict[str, Path]) -> tuple[Database, list[str]]:
    """Read a database.

    Returns
    -------
    database, notes
        Foci of studies whose space is unknown are taken for MNI, and counted.
    """
    coordinates = pd.read_csv(files["coordinates"], sep="\t", dtype={"id": str})
    metadata = pd.read_csv(files["metadata"], sep="\t", dtype=str, keep_default_na=False)
    terms = np.array(files["vocabulary"].read_text(encoding="utf-8").splitlines(), dtype=str)
    features = sparse.load_npz(files["features"])
    problems = [
        f"{files['coordinates']}: column {c!r} is missing" for c in ("id", "x", "y", "z") if c not in coordinates
    ]
    problems += [f"{files['metadata']}: column {c!r} is missing" for c in ("id", "space") if c not in metadata]
    raise_if_any(problems)
    if metadata["id"].duplicated().any():
        problems.append(f"{files['metadata']}: a study stands twice")
    if features.shape != (len(metadata), len(terms)):
        problems.append(
            f"{files['features']}: shape {features.shape}, expected {(len(metadata), len(terms))} (studies of "
            "the metadata x words of the vocabulary)"
        )
    row = pd.Series(np.arange(len(metadata)), index=metadata["id"])
    study = coordinates["id"].map(row)
    if study.isna().any():
        problems.append(
            f"{files['coordinates']}: study {coordinates['id'][study.isna()].iloc[0]} is not in the metadata"
        )
    xyz = coordinates[["x", "y", "z"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(xyz).all():
        problems.append(f"{files['coordinates']}: {int((~np.isfinite(xyz)).any(axis=1).sum())} foci are no numbers")
    raise_if_any(problems)
    place = study.to_numpy(dtype=np.int64)
    order = np.argsort(place, kind="stable")
    space = metadata["space"].map(lambda s: SPACES.get(s.lower(), "UNKNOWN")).to_numpy()[place]
    xyz = np.where((space == "TAL")[:, None], talairach_to_mni(xyz), xyz)
    notes = []
    if (space == "TAL").any():
        notes.append(
            f"{int((space == 'TAL').sum())} foci of the database were Talairach coordinates and were transformed."
        )
    if (space == "UNKNOWN").any():
        notes.append(
            f"The space of {int((space == 'UNKNOWN').sum())} foci of the database is unknown; they were taken for MNI."
        )
    about = sparse.csc_array(features > FREQUENT)
    return Database(metadata["id"].to_numpy(dtype=str), place[order], xyz[order], terms, about), notes


def active_studies(database: Database, grid: Brain, inside: np.ndarray) -> np.ndarray:
    """Studies with at least one focus within a cluster, shape (n_studies,).

    Parameters
    ----------
    inside : array of bool, shape (nx, ny, nz)
    """
    ijk = grid.voxels_of_foci(database.xyz)
    on_grid = ((ijk >= 0) & (ijk < np.array(inside.shape))).all(axis=1)
    hit = np.zeros(len(ijk), dtype=bool)
    hit[on_grid] = inside[tuple(ijk[on_grid].T)]
    active = np.zeros(len(database.studies), dtype=bool)
    active[database.study[hit]] = True
    return active


def coactivation_experiments(database: Database, active: np.ndarray, n_subjects: int) -> Experiments:
    """The active studies as experiments of a meta-analysis (MACM: Robinson 2010, Hum Brain Mapp 31:173).

    Parameters
    ----------
    n_subjects
        The databases do not say how many people took part; the kernel is that of this sample size.
    """
    kept = active[database.study]
    rows, counts = np.unique(database.study[kept], return_counts=True)
    if len(rows) == 0:
        raise InputError("no study of the database reports a focus within the cluster")
    return Experiments(
        tuple(database.studies[rows].tolist()),
        np.full(len(rows), n_subjects),
        np.r_[0, np.cumsum(counts)],
        database.xyz[kept],
    )


def decode(database: Database, active: np.ndarray, least: int) -> pd.DataFrame:
    """Which terms are studies about that report foci within the cluster?

    Null hypothesis, per term: a study about it is active as often as any study. One-sided binomial test of
    P(active | term) against P(active) (Saberi 2024; Laird 2009); false discovery rate over the terms.

    Parameters
    ----------
    least
        Fewest studies about a term.

    Returns
    -------
    DataFrame
        term, n_studies (about it), n_active, likelihood_ratio, p, q; smallest p first.
    """
    n = np.asarray(database.about.sum(axis=0)).ravel().astype(np.int64)
    k = np.asarray(database.about[active].sum(axis=0)).ravel().astype(np.int64)
    rate = active.mean()
    kept = n >= least
    table = pd.DataFrame({"term": database.terms[kept], "n_studies": n[kept], "n_active": k[kept]})
    with np.errstate(invalid="ignore", divide="ignore"):
        table["likelihood_ratio"] = table["n_active"] / table["n_studies"] / rate
    table["p"] = stats.binom.sf(table["n_active"] - 1, table["n_studies"], rate)
    table["q"] = benjamini_hochberg(table["p"].to_numpy(dtype=float))
    return table.sort_values(["p", "term"], kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Coactivation:
    """What is active together with the clusters of an analysis.

    Attributes
    ----------
    clusters
        `clusters.cluster_table` of what converges with every cluster, with its number as seed_cluster.
    terms
        `decode` of every cluster, with its number as seed_cluster.
    notes
        What a reader should know.
    """

    clusters: pd.DataFrame
    terms: pd.DataFrame
    notes: list[str]


def coactivation(
    database: Database,
    labels: np.ndarray,
    seeds: Sequence[int],
    grid: Brain,
    atlases: Mapping[str, VoxelLabels],
    *,
    analysis: str,
    n_subjects: int,
    min_studies: int,
    voxel_p: float,
    seed: int,
    n_draws: int,
) -> Coactivation:
    """Where studies converge that report foci within a cluster, and what they are about, for every cluster.

    A cluster that too few studies report is named in the notes only.

    Parameters
    ----------
    labels : array of int, shape (nx, ny, nz)
        Numbers of clusters.
    seeds
        Numbers of the clusters that count.
    analysis
        Its name, which random foci belong to.
    n_subjects, min_studies
        As of `coactivation_experiments` and `decode`.
    voxel_p, seed, n_draws
        As of `ale.converge` and `chance.largest_by_chance`.
    """
    tables, decoded, notes = [], [], []
    for cluster in seeds:
        active = active_studies(database, grid, labels == cluster)
        reason = refusal(int(active.sum()))
        notes.append(f"Cluster {cluster}: {int(active.sum())} of {len(active)} studies report a focus within it.")
        if reason:
            notes.append(f"Cluster {cluster} has no co-activation map and is not decoded: {reason}.")
            continue
        decoded.append(decode(database, active, min_studies))
        experiments = coactivation_experiments(database, active, n_subjects)
        found = converge(experiments, grid, voxel_p)
        name = f"{analysis} coactivation {cluster}"
        largest = largest_by_chance(experiments, grid, found.threshold, seed, name, 0, n_draws)
        tables.append(cluster_table(found, grid, largest, atlases))
        for made in (decoded[-1], tables[-1]):
            made.insert(0, "seed_cluster", cluster)
    if not len(seeds):
        notes.append("No significant cluster to look for.")
    empty = cluster_table(None, grid, np.zeros(0, dtype=np.int64), atlases)
    empty.insert(0, "seed_cluster", None)
    terms = ["seed_cluster", "term", "n_studies", "n_active", "likelihood_ratio", "p", "q"]
    return Coactivation(
        pd.concat(tables, ignore_index=True) if tables else empty,
        pd.concat(decoded, ignore_index=True) if decoded else pd.DataFrame(columns=terms),
        notes,
    )
