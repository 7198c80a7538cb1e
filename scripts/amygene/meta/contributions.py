"""Who makes a cluster? Shares of the experiments, of their categories, and what is left without each of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from amygene.meta.ale import Experiments, Model, converge
from amygene.meta.brain import Brain
from amygene.meta.chance import cluster_p, largest_by_chance


def contributions(experiments: Experiments, grid: Brain, labels: np.ndarray, clusters: np.ndarray) -> pd.DataFrame:
    """Share of every experiment in the ALE values of every cluster.

    The ratio of the ALE value without the experiment to that with all, averaged over the cluster's voxels, is taken
    from 1, and the results are scaled to a sum of 100 % (Saberi 2024; Eickhoff 2016).

    Parameters
    ----------
    labels : array of int, shape (nx, ny, nz)
        Numbers of clusters.
    clusters : array of int
        Those to be explained.

    Returns
    -------
    DataFrame
        cluster, experiment, n_subjects, n_foci, n_foci_inside (within the cluster), share (%).
    """
    model = Model(experiments, grid)
    places = model.places(grid.voxels_of_foci(experiments.xyz))
    ijk = np.clip(grid.voxels_of_foci(experiments.xyz), 0, np.array(labels.shape) - 1)
    inside = labels[tuple(ijk.T)]
    number = labels[grid.mask]
    owner = np.repeat(np.arange(len(experiments)), np.diff(experiments.starts))
    logs = np.stack([np.log1p(-model.modelled(places, e)[number > 0]) for e in range(len(experiments))])
    number = number[number > 0]
    rows = []
    for cluster in clusters:
        own = logs[:, number == cluster]
        total = own.sum(axis=0)
        lost = 1 - np.mean(np.expm1(total - own) / np.expm1(total), axis=1)
        for e, share in enumerate(100 * lost / lost.sum()):
            rows.append(
                {
                    "cluster": int(cluster),
                    "experiment": experiments.names[e],
                    "n_subjects": int(experiments.n_subjects[e]),
                    "n_foci": int(np.diff(experiments.starts)[e]),
                    "n_foci_inside": int(((owner == e) & (inside == cluster)).sum()),
                    "share": share,
                }
            )
    columns = ["cluster", "experiment", "n_subjects", "n_foci", "n_foci_inside", "share"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["cluster", "share"], ascending=[True, False], kind="stable").reset_index(drop=True)


def by_category(table: pd.DataFrame, annotations: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Shares summed by the categories of annotations.

    Parameters
    ----------
    table
        Of `contributions`.
    annotations
        Name -> category per experiment.

    Returns
    -------
    DataFrame
        cluster, annotation, category, n_experiments (of the analysis), share (%).
    """
    rows = []
    for cluster, shares in table.groupby("cluster"):
        for annotation, category in annotations.items():
            named = shares["experiment"].map(category)
            for value, part in shares.groupby(named)["share"]:
                rows.append(
                    {
                        "cluster": cluster,
                        "annotation": annotation,
                        "category": value,
                        "n_experiments": len(part),
                        "share": part.sum(),
                    }
                )
    table = pd.DataFrame(rows, columns=["cluster", "annotation", "category", "n_experiments", "share"])
    return table.sort_values(["cluster", "annotation", "share"], ascending=[True, True, False], kind="stable")


def leave_out(
    experiments: Experiments,
    grid: Brain,
    labels: np.ndarray,
    clusters: np.ndarray,
    index: int,
    *,
    voxel_p: float,
    seed: int,
    analysis: str,
    n_draws: int,
) -> list[dict[str, object]]:
    """What becomes of the clusters without one experiment: the whole analysis again, with draws of its own.

    Returns
    -------
    list of dict
        Per cluster: cluster, experiment (the one left out), n_voxels and p_fwe of the cluster that shares most of
        its voxels (0 and 1 if none does), n_shared.
    """
    rest = experiments.without(index)
    found = converge(rest, grid, voxel_p)
    rows: list[dict[str, object]] = []
    largest = None
    for cluster in clusters:
        shared = np.bincount(found.labels[labels == cluster], minlength=len(found.sizes) + 1)
        shared[0] = 0
        best = int(shared.argmax())
        row = {
            "cluster": int(cluster),
            "experiment": experiments.names[index],
            "n_voxels": 0,
            "n_shared": 0,
            "p_fwe": 1.0,
        }
        if shared[best]:
            if largest is None:
                name = f"{analysis} without {experiments.names[index]}"
                largest = largest_by_chance(rest, grid, found.threshold, seed, name, 0, n_draws)
            size = found.sizes[best - 1]
            row |= {"n_voxels": int(size), "n_shared": int(shared[best])}
            row["p_fwe"] = float(cluster_p(np.array([size]), largest)[0])
        rows.append(row)
    return rows
