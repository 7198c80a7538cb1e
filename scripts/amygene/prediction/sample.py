"""What a classifier may see: edges, covariates, site and group of every participant of a contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, some
from amygene.models.design import members


@dataclass(frozen=True)
class Sample:
    """Arrays of n participants, p edges and q columns of covariates.

    Attributes
    ----------
    participants : array of str, shape (n,)
    edges : array of shape (n, p)
        Fisher z, missing as NaN.
    seeds, regions : arrays of str, shape (p,)
        What each edge joins.
    case : array of shape (n,)
        1 for cases, 0 for controls.
    covariates : array of shape (n, q)
        Numbers, and a 0/1 column per level of a category; none missing.
    names : array of str, shape (q,)
        The covariate that each column belongs to.
    sites : array of int, shape (n,)
        Positions in `site_names`.
    site_names : array of str
    strata : array of int, shape (n,)
        Participants of one stratum are exchangeable under the null hypothesis; always of one site.
    external : array of bool, shape (n,)
        Participants of the second study, which is never trained on.
    """

    participants: np.ndarray
    edges: np.ndarray
    seeds: np.ndarray
    regions: np.ndarray
    case: np.ndarray
    covariates: np.ndarray
    names: np.ndarray
    sites: np.ndarray
    site_names: np.ndarray
    strata: np.ndarray
    external: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """What `Sample(**arrays)` takes."""
        return dict(vars(self))


def make_sample(
    connectivity: Mapping[str, pd.DataFrame],
    participants: pd.DataFrame,
    contrast: str,
    *,
    seed_regions: Mapping[str, Sequence[str]],
    covariates: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
    second: tuple[Mapping[str, pd.DataFrame], pd.DataFrame, str] | None = None,
    second_name: str = "",
) -> Sample:
    """Put the tables of the earlier stages together.

    Parameters
    ----------
    connectivity
        Seed -> participants (index) x regions. An edge that two seeds share (left with right amygdala) enters once.
    participants
        Of the contrast: ``cohort/contrast-{contrast}_participants.tsv``.
    contrast
        Its name.
    seed_regions
        Seed -> its regions.
    covariates, categorical, exchange_within
        Of the contrast and the cohort.
    second
        Connectivity, participants and contrast of a second study to test on; its sites are named after it.
    second_name
        Its name.

    Raises
    ------
    InputError
        The second study lacks a seed, a region, a covariate or one of the groups, or has participants with a missing
        covariate.
    """
    frame = members(participants, contrast).reset_index(drop=True)
    edges = _edges(connectivity, frame)
    frame = frame.assign(_role=frame[f"contrast-{contrast}"], _external=False)
    if second is not None:
        other, other_edges = _second_study(second, second_name, list(edges.columns), covariates)
        edges = pd.concat([edges, other_edges], ignore_index=True)
        if "site" not in frame:
            frame["site"] = "all"
        frame = pd.concat([frame, other], ignore_index=True)
    edges = edges.loc[:, ~_repeats(list(edges.columns), seed_regions)]
    columns, names = _covariates(frame, covariates, categorical)
    sites = pd.Categorical(frame["site"].astype(str) if "site" in frame else ["all"] * len(frame))
    within = frame[exchange_within].astype(str) if exchange_within in frame else pd.Series("all", index=frame.index)
    return Sample(
        participants=frame["participant_id"].to_numpy(dtype=str),
        edges=edges.to_numpy(dtype=float),
        seeds=np.array([seed for seed, _ in edges.columns], dtype=str),
        regions=np.array([region for _, region in edges.columns], dtype=str),
        case=(frame["_role"] == "case").to_numpy(dtype=float),
        covariates=columns,
        names=names,
        sites=sites.codes.astype(int),
        site_names=sites.categories.to_numpy(dtype=str),
        strata=np.unique(np.stack([sites.codes, pd.Categorical(within).codes]), axis=1, return_inverse=True)[1],
        external=frame["_external"].to_numpy(dtype=bool),
    )


def _edges(connectivity: Mapping[str, pd.DataFrame], frame: pd.DataFrame) -> pd.DataFrame:
    """Participants x (seed, region), in the order of `frame`."""
    parts = {seed: z.loc[frame["participant_id"]].reset_index(drop=True) for seed, z in connectivity.items()}
    return pd.concat(parts, axis=1)


def _repeats(edges: list[tuple[str, str]], seed_regions: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Which edges join the same regions as an earlier one: left with right amygdala, right with left."""
    seen: set[frozenset[tuple[str, ...]]] = set()
    repeated = np.zeros(len(edges), dtype=bool)
    for j, (seed, region) in enumerate(edges):
        key = frozenset({tuple(seed_regions[seed]) or (seed,), (region,)})
        repeated[j] = key in seen
        seen.add(key)
    return repeated


def _second_study(
    second: tuple[Mapping[str, pd.DataFrame], pd.DataFrame, str],
    name: str,
    wanted: list[tuple[str, str]],
    covariates: Sequence[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Participants and edges of the second study, or what is wrong with them."""
    connectivity, participants, contrast = second
    column, problems = f"contrast-{contrast}", []
    if column not in participants:
        found = [c.removeprefix("contrast-") for c in participants if c.startswith("contrast-")]
        raise InputError(
            f"config key prediction.external: study {name} has no contrast {contrast}; found {some(found) or 'none'}"
        )
    frame = members(participants, contrast).reset_index(drop=True)
    for covariate in covariates:
        if covariate != "site" and covariate not in frame:
            problems.append(f"config key prediction.external: study {name} has no covariate {covariate}")
        elif covariate != "site" and (lacking := frame.loc[frame[covariate].isna(), "participant_id"]).size:
            problems.append(
                f"config key prediction.external: study {name}, covariate {covariate} is missing in {some(lacking)}; "
                f"put it among the covariates of that study's contrast {contrast}"
            )
    for word in ("case", "control"):
        if not (frame[column] == word).any():
            problems.append(f"config key prediction.external: study {name} has no {word} in contrast {contrast}")
    edges = _edges(connectivity, frame)
    absent = [f"{seed} with {region}" for seed, region in wanted if (seed, region) not in edges]
    if absent:
        problems.append(f"config key prediction.external: study {name} lacks the edges {some(absent)}")
    if problems:
        raise InputError(problems)
    sites = frame["site"].astype(str) if "site" in frame else pd.Series("all", index=frame.index)
    frame = frame.assign(
        _role=frame[column],
        _external=True,
        site=f"{name}/" + sites,
        participant_id=f"{name}/" + frame["participant_id"].astype(str),
    )
    return frame, edges[wanted]


def _covariates(
    frame: pd.DataFrame, covariates: Sequence[str], categorical: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Covariates as numbers, a column per level of a category; nothing is estimated here.

    Levels that only the second study has get no column: no model could learn one, and the number of columns must not
    depend on who else is tested.
    """
    own = ~frame["_external"].astype(bool)
    columns, names = [], []
    for covariate in covariates:
        values = frame[covariate]
        if covariate in categorical or values.dtype == object:
            text = values.astype(str)
            levels = sorted(text[own].unique())
            # two levels are one column; more have one each, since who is the reference must not matter to a penalty
            used = levels[1:] if len(levels) == 2 else levels
            columns += [(text == level).to_numpy(dtype=float) for level in used]
            names += [covariate] * len(used)
        else:
            columns.append(values.to_numpy(dtype=float))
            names.append(covariate)
    return (np.column_stack(columns) if columns else np.empty((len(frame), 0))), np.array(names, dtype=str)
