"""Which animals respond? Social-interaction ratios, susceptibility at the first test, improvement between two tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given

#: an animal whose ratio is below is susceptible (Golden et al. 2011, Nat Protoc 6:1183)
SUSCEPTIBLE = 1.0


def read_tests(path: str | Path) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Read tests of animals: ``animal``, ``test``, and ``with_target`` and ``without_target`` (seconds) or ``ratio``.

    Returns
    -------
    ratios : DataFrame
        One row per animal, one column per test, the social-interaction ratio in each (missing if it was not tested):
        time in the interaction zone with the other animal over time without it.
    given : DataFrame or None
        The same of the column ``treatment``, if there is one: what the animal was given before the test.

    Raises
    ------
    InputError
        One message: absent columns, cells that are no numbers, negative times, no time without the target, an animal
        that was tested twice in one test.
    """
    table = read_given(path, dtype=str, keep_default_na=False)
    timed = {"with_target", "without_target"} <= set(table)
    missing = [c for c in ("animal", "test") if c not in table]
    if missing or not (timed or "ratio" in table):
        needed = [*missing, *([] if timed or "ratio" in table else ["ratio (or with_target and without_target)"])]
        raise InputError(f"{path}: has no column {some(needed)}; its columns are {some(table.columns)}")
    problems = []
    for column in ("with_target", "without_target") if timed else ("ratio",):
        cells = table[column]
        table[column] = pd.to_numeric(cells, errors="coerce")
        bad = table[column].isna() & ~cells.isin(["", "n/a", "NA"])
        if bad.any():
            problems.append(f"{path}: column {column}: found {some(map(repr, cells[bad]), 4)} where a number belongs")
        if (table[column] < 0).any():
            problems.append(f"{path}: column {column}: {some(table['animal'][table[column] < 0])} below 0")
    if timed:
        still = table["animal"][table["without_target"] == 0]
        if len(still):
            problems.append(
                f"{path}: without_target is 0 for {some(still)}, which has no ratio; leave the cell empty or exclude it"
            )
    twice = table[table.duplicated(["animal", "test"])]
    if len(twice):
        problems.append(f"{path}: {some(twice['animal'] + ' in ' + twice['test'])} stands twice")
    raise_if_any(problems)
    if timed:
        table["ratio"] = table["with_target"] / table["without_target"]
    tests, animals = list(dict.fromkeys(table["test"])), list(dict.fromkeys(table["animal"]))
    ratios, given = (
        table.pivot(index="animal", columns="test", values=column)[tests].loc[animals] if column in table else None
        for column in ("ratio", "treatment")
    )
    return ratios, given


def stratified(
    ratios: pd.DataFrame, given: pd.DataFrame | None, steps: Mapping[str, tuple[str, str]], improvement: float
) -> pd.DataFrame:
    """Susceptible at the first test; responder in every step of treatment.

    A responder's ratio rises by more than `improvement` per cent of what it was (Gyles et al. 2026: 25).

    Parameters
    ----------
    ratios, given : DataFrames, animals x tests
        From `read_tests`. With `given` only animals count that were given the step's treatment before its second test.
    steps
        Treatment -> test before, test after.
    improvement : float
        Per cent.

    Returns
    -------
    DataFrame
        animal, susceptible (yes, no), and for every step ``{step}_change`` (per cent) and ``{step}`` (responder,
        non-responder); empty for an animal without one of the tests, or that was given something else.

    Raises
    ------
    InputError
        A test is unknown.
    """
    unknown = [t for pair in steps.values() for t in pair if t not in ratios]
    if unknown:
        raise InputError(
            f"config key preclinical.responders.steps: no animal has test {some(unknown)}; "
            f"tests are {some(ratios.columns)}"
        )
    first = ratios[ratios.columns[0]]
    table = pd.DataFrame({"animal": ratios.index.astype(str)})
    table["susceptible"] = np.where(first.isna(), "", np.where(first < SUSCEPTIBLE, "yes", "no"))
    for step, (before, after) in steps.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            change = (100 * (ratios[after] - ratios[before]) / ratios[before]).to_numpy()
        # a ratio of 0 has no per cent: any interaction at all is a response
        start = (ratios[before] == 0).to_numpy()
        change = np.where(start & (ratios[after] == 0).to_numpy(), 0.0, change)
        if given is not None:
            change = np.where((given[after] == step).to_numpy(), change, np.nan)
        table[f"{step}_change"] = change
        table[step] = np.where(np.isnan(change), "", np.where(change > improvement, "responder", "non-responder"))
    return table


def shares(table: pd.DataFrame, steps: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Share of responders of every step with its exact 95 % interval (Clopper-Pearson).

    Returns
    -------
    DataFrame
        step, n_animals, n_responders, share, share_low, share_high.
    """
    from scipy.stats import beta

    rows = []
    for step in steps:
        n, k = int((table[step] != "").sum()), int((table[step] == "responder").sum())
        low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
        high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
        share = k / n if n else np.nan
        rows.append((step, n, k, share, low if n else np.nan, high if n else np.nan))
    return pd.DataFrame(rows, columns=["step", "n_animals", "n_responders", "share", "share_low", "share_high"])
