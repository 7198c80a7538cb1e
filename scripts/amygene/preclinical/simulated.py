"""Simulated counts of the study's design (Gyles et al. 2026): real mouse genes, planted modules, a planted bridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from amygene.nulls.smooth import smooth_maps
from amygene.stats.map_test import unit
from amygene.stats.streams import PRECLINICAL_SIMULATED, stream

#: group -> animals; the study's six groups
GROUPS = {
    "CON-W": 5, "SUS-W": 5, "FLX-RESP": 8, "FLX-NR/KET-RESP": 5, "FLX-NR/KET-NR": 5, "SUS-KET-NR": 9,
}  # fmt: skip
#: tissue -> planted module -> group -> natural logarithm of the change of its genes' means. `bridge` holds the genes
#: that follow the map; stress and resistance raise them, as in the study's accumbens; ketamine reverses `stress`
EFFECTS: dict[str, dict[str, dict[str, float]]] = {
    "NAc": {
        "bridge": {"SUS-W": 1.0, "FLX-NR/KET-NR": 1.0},
        "treated": {"FLX-RESP": -0.7, "FLX-NR/KET-RESP": -0.7},
        "resting": {},
    },
    "PFC": {
        "stress": {"SUS-W": 0.8, "FLX-NR/KET-RESP": -0.8, "FLX-NR/KET-NR": -0.8},
        "ketamine": {"FLX-NR/KET-RESP": 0.7, "FLX-NR/KET-NR": 0.7, "SUS-KET-NR": 0.7},
        "resting": {},
    },
}
#: spread over animals of a module's activity and of that of each half of it, and of the loadings of its genes around 1
_ACTIVITY, _HALF, _LOADING = 0.25, 0.2, 0.2
#: what every group was given before the second and the third test
_GIVEN = {
    "CON-W": ("water", "saline"), "SUS-W": ("water", "saline"), "FLX-RESP": ("FLX", "none"),
    "FLX-NR/KET-RESP": ("FLX", "KET"), "FLX-NR/KET-NR": ("FLX", "KET"), "SUS-KET-NR": ("water", "KET"),
}  # fmt: skip
#: group -> mean social-interaction ratio in the three tests
_RATIOS = {
    "CON-W": (1.4, 1.4, 1.4),
    "SUS-W": (0.5, 0.5, 0.5),
    "FLX-RESP": (0.5, 1.1, 1.1),
    "FLX-NR/KET-RESP": (0.5, 0.5, 1.1),
    "FLX-NR/KET-NR": (0.5, 0.5, 0.5),
    "SUS-KET-NR": (0.5, 0.5, 0.5),
}


@dataclass(frozen=True)
class Simulated:
    """What `simulate` makes.

    Attributes
    ----------
    counts, samples
        Tissue -> genes x samples; sheet.
    behaviour : DataFrame
        animal, test, treatment, with_target, without_target.
    map : DataFrame
        region, value.
    truth : DataFrame
        tissue, gene, module, half of it (1, 2, else 0), and the planted log2 fold change of every group against CON-W.
    """

    counts: dict[str, pd.DataFrame]
    samples: dict[str, pd.DataFrame]
    behaviour: pd.DataFrame
    map: pd.DataFrame
    truth: pd.DataFrame


def simulate(
    pairs: pd.DataFrame,
    matrix: dict[str, np.ndarray],
    regions: pd.DataFrame,
    n_genes: int,
    module_size: int,
    effect: float,
    bridge: float,
    seed: int,
) -> Simulated:
    """Counts of two tissues of 37 animals, a map of the human brain, and what ties them.

    Parameters
    ----------
    pairs
        Orthologues, from `orthologues`.
    matrix
        ``region``, ``gene``, ``values``: human expression.
    regions
        Of the atlas: region, structure, x, y, z.
    n_genes, module_size : int
        Genes of a tissue; genes of a planted module.
    effect : float
        By what the planted changes are multiplied (0 plants none, and no module either).
    bridge : float
        Share of the map's variance that the genes of the module `bridge` explain; the rest is a smooth random map.
    seed : int
    """
    rng = stream(seed, PRECLINICAL_SIMULATED, 0)
    row = {name: i for i, name in enumerate(matrix["region"].tolist())}
    here = regions[regions["region"].isin(row)].reset_index(drop=True)
    values = matrix["values"][[row[r] for r in here["region"]]]
    known = dict(zip(pairs["human"], pairs["mouse"], strict=True))
    profiles = unit(values, 0)
    usable = [j for j, g in enumerate(matrix["gene"].tolist()) if g in known and not np.isnan(profiles[:, j]).any()]
    chosen = np.sort(rng.choice(usable, min(n_genes, len(usable)), replace=False))
    genes = np.array([known[g] for g in matrix["gene"][chosen].tolist()])
    closest = _apart(profiles[:, chosen], module_size, rng)
    module = {"bridge": closest[:module_size]}
    rest = rng.permutation(closest[module_size:])
    for i, name in enumerate(("treated", "stress", "ketamine", "resting")):
        module[name] = np.sort(rest[i * module_size : (i + 1) * module_size])
    drawn = _map(here, profiles[:, chosen[module["bridge"]]].mean(axis=1), bridge, rng)
    animals = pd.DataFrame({"group": np.repeat(list(GROUPS), list(GROUPS.values()))})
    animals["animal"] = [f"M{i:02d}" for i in range(1, len(animals) + 1)]
    counts, samples, truth = {}, {}, []
    for k, (tissue, effects) in enumerate(EFFECTS.items()):
        one, sheet, changes = _tissue(
            tissue, effects, animals, genes, module, effect, stream(seed, PRECLINICAL_SIMULATED, 1 + k)
        )
        counts[tissue], samples[tissue] = one, sheet
        truth.append(changes)
    behaviour = _behaviour(animals, stream(seed, PRECLINICAL_SIMULATED, 9))
    return Simulated(counts, samples, behaviour, drawn, pd.concat(truth, ignore_index=True))


def _apart(profiles: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Genes by falling co-expression with one whose neighbours are close to it and far from the others."""
    best, found = -np.inf, np.arange(profiles.shape[1])
    for centre in rng.choice(profiles.shape[1], 60, replace=False):
        order = np.argsort(-(profiles.T @ profiles[:, centre]), kind="stable")
        mean = profiles[:, order[:size]].mean(axis=1)
        tight = np.linalg.norm(mean)
        typical = np.sqrt(np.mean((mean / tight @ profiles[:, order[size:]]) ** 2))
        if tight - typical > best:
            best, found = tight - typical, order
    return found


def _map(regions: pd.DataFrame, signal: np.ndarray, share: float, rng: np.random.Generator) -> pd.DataFrame:
    xyz, structure = regions[["x", "y", "z"]].to_numpy(), regions["structure"].to_numpy(dtype=str)
    noise = smooth_maps(xyz, structure, 0.5, 1, rng)[0]
    value = np.sqrt(share) * _standard(signal) + np.sqrt(1 - share) * _standard(noise)
    return pd.DataFrame({"region": regions["region"], "value": value})


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def _tissue(
    tissue: str,
    effects: dict[str, dict[str, float]],
    animals: pd.DataFrame,
    genes: np.ndarray,
    module: dict[str, np.ndarray],
    effect: float,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    n, group = len(animals), animals["group"].to_numpy()
    log_mean = rng.normal(5.0, 1.2, len(genes))
    dispersion = rng.lognormal(np.log(0.03), 0.4, len(genes)) + 0.5 / np.exp(log_mean)
    log_mu = np.tile(log_mean, (n, 1)) + np.log(rng.lognormal(0, 0.25, n))[:, None]
    batch = np.arange(n) % 2
    log_mu[batch == 1] += 0.15 * rng.standard_normal(len(genes)) * (rng.random(len(genes)) < 0.3)
    label = np.full(len(genes), "none", dtype=object)
    part = np.zeros(len(genes), dtype=int)
    changes = np.zeros((len(GROUPS), len(genes)))
    for name, by_group in effects.items():
        members = module[name]
        label[members] = name
        change = effect * np.array([by_group.get(g, 0.0) for g in group])
        loading = rng.normal(1, _LOADING, len(members))
        activity = _ACTIVITY * rng.standard_normal(n) * min(effect, 1)
        log_mu[:, members] += np.outer(activity + change, loading)
        for half in np.array_split(np.arange(len(members)), 2):
            own = _HALF * rng.standard_normal(n) * min(effect, 1)
            log_mu[:, members[half]] += np.outer(own, loading[half])
            part[members[half]] = 1 + part[members].max()
        changes[:, members] = np.outer([effect * by_group.get(g, 0.0) for g in GROUPS], loading) / np.log(2)
    mu = np.exp(log_mu)
    counts = rng.poisson(rng.gamma(1 / dispersion, mu * dispersion))
    names = [f"{tissue}-{animal}" for animal in animals["animal"]]
    table = pd.DataFrame(counts.T, index=pd.Index(genes, name="gene"), columns=names)
    sheet = pd.DataFrame(
        {"sample": names, "animal": animals["animal"], "group": group, "batch": np.where(batch, "b", "a")}
    )
    truth = pd.DataFrame({"tissue": tissue, "gene": genes, "module": label, "half": part})
    for g, values in zip(GROUPS, changes, strict=True):
        truth[g] = values
    return table, sheet, truth


def _behaviour(animals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for animal, group in zip(animals["animal"], animals["group"], strict=True):
        for k, ratio in enumerate(_RATIOS[group], start=1):
            alone = rng.uniform(45, 75)
            given = ("", *_GIVEN[group])[k - 1]
            rows.append((animal, f"SIT{k}", given, round(alone * ratio * rng.lognormal(0, 0.04), 1), round(alone, 1)))
    return pd.DataFrame(rows, columns=["animal", "test", "treatment", "with_target", "without_target"])
