"""Do the groups change differently? Tables of one seed: group x time, its main effects, and change within groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from amygene.response.members import Measured
from amygene.stats import mixed_model
from amygene.stats.blocks import draw_keys
from amygene.stats.effect_size import hedges_g
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import blocks, monte_carlo_error, p_max, p_value, reaches
from amygene.stats.power import smallest_d
from amygene.stats.repeated_measures import GROUP, INTERACTION, TIME, Effect, Term, of_groups, paired_change

#: the effects of a model, the one that is asked about first
TERMS = (INTERACTION, TIME, GROUP)


@dataclass(frozen=True)
class Drawn:
    """How often chance reaches an effect, per outcome, and the largest F of every permutation."""

    exceedances: np.ndarray
    maxima: np.ndarray


def permute(terms: Sequence[tuple[Term, Effect]], seed: int, n_permutations: int) -> list[Drawn]:
    """Draw the permutations of several effects of the same measurements together."""
    counts = [np.where(np.isnan(effect.f), np.nan, 0.0) for _, effect in terms]
    maxima: list[list[np.ndarray]] = [[] for _ in terms]
    term = terms[0][0]
    for indices in blocks(0, n_permutations):
        keys = draw_keys(seed, indices, term.n_participants, term.n_measurements)
        for i, (one, effect) in enumerate(terms):
            drawn = one.draw(keys)[indices < n_permutations]
            counts[i] = counts[i] + reaches(drawn, effect.f).sum(axis=0)
            maxima[i].append(np.nanmax(drawn, axis=1, initial=0))
    return [Drawn(count, np.concatenate(largest)) for count, largest in zip(counts, maxima, strict=True)]


def effects(regions: Sequence[str], z: np.ndarray, measured: Measured, seed: int, n_permutations: int) -> pd.DataFrame:
    """``_effects.tsv``: a row per effect and region.

    Null hypotheses: group x time, the groups change alike; time, nobody changes on average; group, the groups do not
    differ, whenever they are measured. Family of q and p_fwe: the regions of one effect.

    Parameters
    ----------
    regions
        Names of the columns of z.
    z : array of shape (n_measurements, n_regions)
        Rows as `measured.frame`.
    """
    wanted = TERMS if len(measured.levels) > 1 else (TIME,)
    terms = [(name, Term(z, measured.design, name)) for name in wanted]
    fitted = [(term, term.fit()) for _, term in terms]
    drawn = permute(fitted, seed, n_permutations)
    columns = measured.design.columns()
    order = ["covariates", "covariates x time", TIME, GROUP, INTERACTION]
    stacked = np.hstack([np.ones((len(z), 1)), *(columns[name] for name in order)])
    labels = np.concatenate([["intercept"], *(np.repeat(name, columns[name].shape[1]) for name in order)])
    parts = []
    for (name, _), (_, effect), one in zip(terms, fitted, drawn, strict=True):
        table = _rows(regions, effect, one)
        table.insert(0, "model_term", name)
        mixed = mixed_model.fit(z, stacked, measured.design.participants, labels == name)
        table["f_mixed"], table["df2_mixed"], table["p_mixed"] = mixed.f, mixed.df2, mixed.p
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _rows(regions: Sequence[str], effect: Effect, drawn: Drawn) -> pd.DataFrame:
    n_draws = len(drawn.maxima)
    p = p_value(drawn.exceedances, n_draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effect.beta / effect.se
    g, low, high = hedges_g(t, effect.df2, effect.scale)
    return pd.DataFrame(
        {
            "region": list(regions),
            "n_participants": effect.n_participants,
            "f": effect.f,
            "df1": effect.df1,
            "df2": effect.df2,
            "epsilon": effect.epsilon,
            "p": p,
            "q": benjamini_hochberg(p),
            "p_fwe": p_max(effect.f, drawn.maxima),
            "partial_eta2": effect.partial_eta2,
            "beta": effect.beta,
            "se": effect.se,
            "t": t,
            "g": g,
            "g_ci_low": low,
            "g_ci_high": high,
            "smallest_g": [smallest_d(df, scale) for df, scale in zip(effect.df2, effect.scale, strict=True)],
            "p_parametric": effect.p,
            "p_error": monte_carlo_error(p, n_draws),
        }
    )


def within_groups(
    regions: Sequence[str], z: np.ndarray, measured: Measured, seed: int, n_permutations: int
) -> pd.DataFrame:
    """``_within.tsv``: change between every two times within each group, a row per group, pair of times and region.

    Null hypothesis: no change in the group (sessions are exchanged within participants). Family: the regions of one
    group and pair.
    """
    parts = []
    for g, level in enumerate(measured.levels):
        own = of_groups(measured.design, [g])
        for a, b in combinations(range(len(measured.timepoints)), 2):
            pair, design = paired_change(z[own], measured.design.subset(own), a, b)
            term = Term(pair, design, TIME)
            effect = term.fit()
            table = _rows(regions, effect, permute([(term, effect)], seed, n_permutations)[0])
            table.insert(0, "group", level)
            table.insert(1, "from", measured.timepoints[a])
            table.insert(2, "to", measured.timepoints[b])
            parts.append(table.drop(columns=["f", "df1", "epsilon", "partial_eta2"]).rename(columns={"df2": "df"}))
    return pd.concat(parts, ignore_index=True)


def trajectories(regions: Sequence[str], z: np.ndarray, measured: Measured) -> pd.DataFrame:
    """``_means.tsv``: mean connectivity per group, time and region, with its 95 % interval; not adjusted."""
    rows = []
    for g, level in enumerate(measured.levels):
        for t, time in enumerate(measured.timepoints):
            here = z[(measured.design.groups == g) & (measured.design.times == t)]
            n = (~np.isnan(here)).sum(axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.nansum(here, axis=0) / n
                sd = np.sqrt(np.nansum((here - mean) ** 2, axis=0) / (n - 1))
                reach = special.stdtrit(n - 1, 0.975) * sd / np.sqrt(n)
            rows.append(
                pd.DataFrame(
                    {
                        "group": level,
                        "timepoint": time,
                        "region": list(regions),
                        "n": n,
                        "mean": mean,
                        "sd": sd,
                        "mean_ci_low": mean - reach,
                        "mean_ci_high": mean + reach,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)
