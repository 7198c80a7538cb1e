"""Treatment response: what changes, and what predicts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from amygene.models.columns import OF_CLUSTERS
from amygene.report import page
from amygene.report.names import classifier_name
from amygene.report.page import Shown
from amygene.response.levels import people_of

_EFFECTS = [
    "region", "n_participants", "f", "df1", "df2", "epsilon", "p", "q", "p_fwe", "partial_eta2", "g", "g_ci_low",
    "g_ci_high", "smallest_g", "f_mixed", "p_mixed",
]  # fmt: skip
_WITHIN = [
    "group", "from", "to", "region", "n_participants", "beta", "t", "df", "p", "q", "p_fwe", "g", "g_ci_low",
    "g_ci_high",
]  # fmt: skip
_CORRELATIONS = [
    "timepoint", "kind", "adjusted_for", "region", "n", "r", "r_ci_low", "r_ci_high", "p", "q", "p_fwe", "smallest_r",
]  # fmt: skip
_CONTROLS = [
    "timepoint", "region", "n_case", "n_control", "t", "p", "q", "p_fwe", "g", "g_ci_low", "g_ci_high",
    "p_equivalence", "power_equivalence", "smallest_g", "verdict",
]  # fmt: skip
#: rows of a folded table; the file has all
N_ROWS = 200
#: what an outcome is called when this is taken of it
_MEASURED = {
    "value": "{}", "change": "change of {}", "reduction": "reduction rate of {}", "responder": "response by {}",
    "remission": "remission by {}",
}  # fmt: skip
_PERFORMANCE = [
    "model", "features", "n", "auc", "auc_ci_low", "auc_ci_high", "p_permutation", "p_permutation_fwe",
    "balanced_accuracy", "sensitivity", "specificity", "majority_rate", "brier", "auc_minus_covariates", "p_covariates",
]  # fmt: skip


def steps(
    participants: pd.DataFrame,
    excluded: pd.DataFrame,
    excluded_sessions: pd.DataFrame,
    listed: pd.DataFrame,
    levels: Sequence[str],
) -> tuple[list[tuple[str, list[str]]], dict[str, list[str]]]:
    """Steps and groups of the flow chart of one model (`figures_response.flow`).

    Parameters
    ----------
    participants, excluded, excluded_sessions
        ``cohort/participants.tsv``, ``excluded.tsv``, ``excluded_sessions.tsv``.
    listed
        ``change-..._sessions.tsv``.
    levels
        The groups in their order.
    """
    out = excluded[excluded["contrast"] == "all"]
    reasons = _counted(out["reason"].str.replace(r" [-0-9.]+ is ", " is ", regex=True), len(out), "participant")
    boxes = [(f"{len(participants) + len(out)} participants", reasons)]
    sessions = _counted(
        excluded_sessions["reason"].str.replace(r" [-0-9.]+ is ", " is ", regex=True), len(excluded_sessions), "scan"
    )
    boxes.append((f"{len(participants)} participants in the cohort", sessions))
    people = listed.groupby("participant_id")["in_model"].any()
    gone = listed[~listed["in_model"] & ~listed["participant_id"].map(people)].drop_duplicates("participant_id")
    here = len(participants) - people.sum()
    why = gone["reason"].value_counts().to_dict()
    others = here - len(gone)
    lines = [f"{here} participants not in this model:"] if here else []
    lines += [f"{n} {reason}" for reason, n in why.items()] + (
        [f"{others} left out by the key where"] if others else []
    )
    boxes.append((f"{int(people.sum())} participants in this model", []))
    boxes[1] = (boxes[1][0], [*boxes[1][1], *lines])
    used = listed[listed["in_model"]]
    groups = {}
    for group in levels:
        own = used[used["group"].astype(str) == group]
        each = own.groupby("participant_id").size()
        times = own["timepoint"].value_counts(sort=False)
        groups[group] = [
            f"n = {len(each)}", *(f"{t}: {n}" for t, n in times.items()), f"more than one: {int((each > 1).sum())}",
        ]  # fmt: skip
    return boxes, groups


def _counted(reasons: pd.Series, n: int, what: str, limit: int = 5) -> list[str]:
    """Lines of a box of the excluded: how many, and the most frequent reasons."""
    if n == 0:
        return []
    counts = reasons.str.split("; ").str[0].value_counts()
    lines = [f"{k} {text if len(text) < 46 else text[:45] + '…'}" for text, k in counts.head(limit).items()]
    rest = int(counts.iloc[limit:].sum())
    return [f"{n} {what}{'s' if n > 1 else ''} excluded:", *lines] + ([f"{rest} for other reasons"] if rest else [])


def groups_part(change: str, flow: Shown, table: Shown, listed: pd.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings: who is in a model of change, and its groups at baseline."""
    used = listed[listed["in_model"]]
    sizes = used.drop_duplicates("participant_id")["group"].value_counts(sort=False)
    several = used.groupby("participant_id").size()
    told = f" ({', '.join(f'{n} {people_of(g)}' for g, n in sizes.items())})" if len(sizes) > 1 else ""
    words = (
        f"{len(several)} participants{told}, {len(used)} scans; "
        f"{int((several > 1).sum())} have more than one and tell about change."
    )
    shown = table_one(table.content)
    compared = page.table(
        shown,
        table.file,
        "Mean (standard deviation) or count (share); marked: p < .05, not corrected for the number of tests.",
        marked=lambda r: pd.notna(r["p"]) and r["p"] < 0.05,
        meanings=dict.fromkeys(shown.columns, "mean (standard deviation) or count (share)"),
    )
    blocks = [
        page.heading(f"Change: {change}"),
        page.words(words),
        page.picture(flow, "Who takes part, and why others do not."),
        page.heading("The groups at baseline", 2),
        compared if len(shown) else page.words("Neither the participants nor the outcomes say anything about them."),
    ]
    return blocks, [f"{change}. {words}"]


def table_one(groups: pd.DataFrame) -> pd.DataFrame:
    """One cell per group, as in a paper."""
    names = [g for g in dict.fromkeys(groups["group"]) if g != "all"]
    rows: list[dict[str, Any]] = []
    for (variable, level), own in groups[groups["group"] != "all"].groupby(
        ["variable", "level"], sort=False, dropna=False
    ):
        cells = {}
        for _, row in own.iterrows():
            if pd.notna(row["count"]):
                cells[row["group"]] = f"{row['count']:.0f} ({100 * row['count'] / row['n']:.0f} %)" if row["n"] else "–"
            else:
                digits = 1 if abs(row["mean"]) >= 1 else 3
                cells[row["group"]] = f"{row['mean']:.{digits}f} ({row['sd']:.{digits}f})"
        test = groups[(groups["variable"] == variable) & (groups["group"] == "all")]
        first = not any(r["variable"] == variable for r in rows)
        kept = ("test", "statistic", "df", "p", "effect", "effect_size")
        tested = {k: test.iloc[0][k] if first and len(test) else None for k in kept}
        rows.append({"variable": variable, "level": level} | {g: cells.get(g, "–") for g in names} | tested)
    frame = pd.DataFrame(rows)
    if len(frame):
        frame["level"] = frame["level"].where(frame["level"].notna(), None)
    return frame


def change_part(
    change: str, seed: str, effects: Shown, within: Shown, trajectories: Shown, forest: Shown
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Blocks and findings of one model and seed."""
    table = effects.content
    # of two times it is 1, and says nothing
    shown = [c for c in _EFFECTS if c != "epsilon" or (table[c] < 1).any()]
    terms = list(dict.fromkeys(table["model_term"]))
    found = [_effect_words(table[table["model_term"] == term], term) for term in terms]
    first = table[table["model_term"] == terms[0]]
    power = first["smallest_g"].dropna().median()
    limits = (
        f"The sample finds an effect of {terms[0]} of g = {power:.2f} in one region with a power of 80 % (p < .05, without correction for the number "
        "of regions); smaller ones it would mostly miss."
        if pd.notna(power)
        else ""
    )
    changed = _within_words(within.content)
    blocks = [
        page.heading(f"{change}: change of {seed}"),
        page.words(*found, limits, changed),
        page.picture(
            trajectories,
            f"Mean connectivity (95 % CI, not adjusted) of the regions with the largest F of {terms[0]}; they were chosen for it.",
        ),
        page.picture(forest, f"The strongest regions, {terms[0]}, with 95 % CI."),
    ]
    for term in terms:
        blocks.append(
            _folded(
                table[table["model_term"] == term],
                ["model_term"],
                shown,
                effects.file,
                "Marked: q < .05. f_mixed and p_mixed: a random intercept instead of strata, which also learns from those who were measured once.",
                term,
            )
        )
    blocks.append(
        _folded(
            within.content,
            ["group", "from", "to"],
            _WITHIN,
            within.file,
            "Later minus earlier; marked: q < .05. That one group changes and another does not is no difference between them.",
            "change within each group",
            {"group": "group of the model"},
        )
    )
    none = first["f"].notna().any() and not (first[["q", "p_fwe"]] < 0.05).any(axis=None)
    told = f"{_begun(terms[0])}: no region at q < .05 or family-wise p < .05. {limits}" if none else found[0]
    return blocks, [page.finding(change, seed, told.strip())]


def _folded(
    table: pd.DataFrame, families: list[str], columns: Sequence[str], file: str, caption: str, name: str,
    meanings: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A folded table of the strongest regions: as many of every family as make `N_ROWS`, and all at q < .05."""
    groups = table.groupby(families, sort=False)
    rank = groups["p"].rank(method="first", na_option="bottom")
    kept = table[(rank <= N_ROWS // groups.ngroups) | (table["q"] < 0.05)].sort_values("p", kind="stable")
    whole = len(kept) == len(table)
    return page.table(
        kept[list(columns)],
        file,
        caption if whole else f"{caption} The {len(kept)} of {len(table)} rows with the smallest p; all are in",
        marked=lambda r: r["q"] < 0.05,
        folded=f"{name}, {'every region' if whole else 'the strongest regions'}",
        meanings=meanings,
    )


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]


def _effect_words(rows: pd.DataFrame, term: str) -> str:
    q, family = int((rows["q"] < 0.05).sum()), int((rows["p_fwe"] < 0.05).sum())
    known = rows.dropna(subset="f")
    if known.empty:
        return f"{_begun(term)} cannot be estimated."
    best = known.loc[known["f"].idxmax()]
    size = (
        f"g = {best['g']:.2f} ({best['g_ci_low']:.2f} to {best['g_ci_high']:.2f})"
        if pd.notna(best["g"])
        else f"partial eta² = {best['partial_eta2']:.2f}"
    )
    return (
        f"{_begun(term)}: {q} of {len(known)} regions at q < .05, {family} at family-wise p < .05; the strongest is {best['region']}, "
        f"F({best['df1']:.0f}, {best['df2']:.0f}) = {best['f']:.1f}, {size}, family-wise p {page.p_words(best['p_fwe'])}."
    )


def _within_words(within: pd.DataFrame) -> str:
    parts = [
        f"{group}, {a} to {b}: {int((own['q'] < 0.05).sum())}"
        for (group, a, b), own in within.groupby(["group", "from", "to"], sort=False)
    ]
    return "Regions that change within a group (q < .05): " + "; ".join(parts) + "."


def measured(label: str, measure: str) -> str:
    """What is correlated: an outcome, its change, its reduction rate, ..."""
    return _MEASURED[measure].format(label)


def association_part(
    name: str, seed: str, correlations: Shown, scatters: Mapping[str, Shown], names: tuple[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Blocks and findings of one association and seed.

    Parameters
    ----------
    scatters
        Follow-up -> picture.
    names
        Of the connectivity and of the outcome.
    """
    table = correlations.content
    best = _strongest_correlations(table)
    limits = [
        f"{own['smallest_r'].median():.2f} at {time} ({own['n'].max():.0f} participants)"
        for time, own in table.groupby("timepoint", sort=False)
    ]
    blocks = [
        page.heading(f"{name}: {seed} and the outcome"),
        page.words(
            f"{_begun(names[1])} against {names[0]} of {seed}.",
            f"Correlations below {' and '.join(limits)} would mostly be missed (power 80 %, one region).",
            _few_carry_it(best),
        ),
        page.table(
            best,
            correlations.file,
            "The strongest region of each kind of correlation; marked: any region at q or family-wise p < .05. Every row is a family of tests of its own.",
            marked=lambda r: bool(r[_Q] or r[_FAMILY]),
            meanings=_CORRELATED,
        ),
    ]
    for time, shown in scatters.items():
        blocks.append(
            page.picture(
                shown,
                f"{time}: the regions with the largest Pearson correlation; they were chosen for it, so it is too large.",
            )
        )
    blocks.append(
        _folded(
            table,
            ["timepoint", "kind", "adjusted_for"],
            _CORRELATIONS,
            correlations.file,
            "Marked: q < .05.",
            "every kind and adjustment",
            _CORRELATED,
        )
    )
    return blocks, [page.finding(name, seed, _association_finding(best, names))]


_NAMES = {"pearson": "Pearson", "spearman": "Spearman"}
_Q, _FAMILY = "regions at q < .05", "regions at p_fwe < .05"
_CORRELATED = {
    "r": "correlation of connectivity and outcome",
    "n": "participants",
    _Q: "how many",
    _FAMILY: "how many, with a family-wise p below .05",
}


def _strongest_correlations(table: pd.DataFrame) -> pd.DataFrame:
    """A row per follow-up, kind and adjustment: how many regions were found, and the strongest."""
    rows = []
    for (time, kind, adjusted), own in table.groupby(["timepoint", "kind", "adjusted_for"], sort=False):
        top = own.loc[own["p_parametric"].idxmin()] if own["r"].notna().any() else own.iloc[0]
        found = {_Q: int((own["q"] < 0.05).sum()), _FAMILY: int((own["p_fwe"] < 0.05).sum())}
        shown = top[["n", "region", "r", "r_ci_low", "r_ci_high", "p_fwe"]].to_dict()
        rows.append({"timepoint": time, "kind": kind, "adjusted_for": adjusted} | found | shown)
    return pd.DataFrame(rows)


def _few_carry_it(best: pd.DataFrame) -> str:
    """A warning where values find what their ranks do not."""
    found = best.set_index(["timepoint", "adjusted_for", "kind"])[[_Q, _FAMILY]].any(axis=1).unstack("kind")
    only = found.index[found["pearson"] & ~found["spearman"]].get_level_values("timepoint").unique()
    if only.empty:
        return ""
    return (
        f"At {' and '.join(map(str, only))} Pearson finds regions where Spearman finds none: a few participants with extreme values may "
        "carry the correlation."
    )


def _association_finding(best: pd.DataFrame, names: tuple[str, str]) -> str:
    """How many regions at every follow-up, by every kind of correlation."""
    times = []
    for time, own in best.groupby("timepoint", sort=False):
        counts = [
            f"{row[_Q]} ({row[_FAMILY]}) by {_NAMES[row['kind']]}"
            + ("" if row["adjusted_for"] == "nothing" else f" given {row['adjusted_for']}")
            for _, row in own.iterrows()
        ]
        times.append(f"{', '.join(counts) if own[[_Q, _FAMILY]].any(axis=None) else 'none'} at {time}")
    return f"{_begun(names[1])} and {names[0]}, regions at q < .05 (in brackets: at family-wise p < .05): {'; '.join(times)}."


def families_part(tables: Sequence[pd.DataFrame]) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings: how many families of correlations there are, and how many have a region by chance.

    Parameters
    ----------
    tables
        ``_correlations.tsv`` of every association and seed.
    """
    smallest = pd.concat(
        [table.groupby(["timepoint", "kind", "adjusted_for"], sort=False)["p_fwe"].min() for table in tables]
    )
    # a family that could not be tested has no p
    n, found = int(smallest.notna().sum()), int((smallest < 0.05).sum())
    said = (
        f"All associations together: {found} of {n} families of correlations (association, seed, follow-up, kind and adjustment) have a region at family-wise p < .05; "
        f"where nothing goes with any outcome, {0.05 * n:.1f} would on average. Families of the same participants go together, so their number by chance varies more than that of independent ones."
    )
    return [page.heading("Associations by chance"), page.words(said)], [said]


def normalisation_part(
    name: str, seed: str, controls: Shown, picture: Shown, margin: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings: patients against controls at every time, region by region."""
    table = controls.content
    first = table[table["timepoint"] == table["timepoint"].iloc[0]]
    different = int((first["verdict"] == "different").sum())
    found = [
        f"At {first['timepoint'].iloc[0]} {different} of {first['g'].notna().sum()} regions differ from controls (q < .05)."
    ]
    found += _later_words(table, margin, "region", different)
    if not different:
        found.append("Nothing that could have normalised was found.")
    blocks = [
        page.heading(f"{name}: {seed} of patients and controls"),
        page.words(*found, _equivalence_words(table, margin, "region")),
        page.picture(
            picture,
            f"Difference from controls (Hedges g) before and after; within the green band it would not matter ({margin:g} standard deviations). Regions "
            "chosen because they differ at first tend to differ less at a second look, treated or not (regression to the mean).",
        ),
        page.table(
            table.sort_values(["timepoint", "p"], kind="stable")[_CONTROLS],
            controls.file,
            "Marked: q < .05.",
            marked=lambda r: r["q"] < 0.05,
            folded="every region and time",
        ),
    ]
    return blocks, [f"{name}, {seed}. {' '.join(found)}"]


def cluster_normalisation_part(
    name: str, seed: str, controls: Shown, picture: Shown, margin: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings: the clusters of voxels that differed from controls at baseline, at every time."""
    table = controls.content
    heading = page.heading(f"{name}: clusters of {seed}, patients and controls")
    if table.empty:
        found = [
            "No cluster of voxels differs from controls at baseline, so there is nothing that could have normalised."
        ]
        return [heading, page.words(*found)], [f"{name}, {seed}, voxels. {found[0]}"]
    baseline = table["timepoint"].iloc[0]
    n = int((table["timepoint"] == baseline).sum())
    found = [
        f"At {baseline} {_number(n, 'cluster')} {'differs' if n == 1 else 'differ'} from controls (family-wise p < .05)."
    ]
    found += _later_words(table, margin, "cluster", n)
    blocks = [
        heading,
        page.words(*found, _equivalence_words(table, margin, "cluster")),
        page.picture(
            picture,
            f"Mean connectivity of every cluster that differs at {baseline}, patients minus controls; within the green band the difference would not matter "
            f"({margin:g} standard deviations). The clusters were chosen where the difference at {baseline} is largest, so it is too large there (black), and smaller later, "
            "treated or not (regression to the mean); controls who were seen once count with the same scan at every time.",
        ),
        page.table(
            table[[*_CONTROLS[:2], "formed_by", "n_voxels", *_CONTROLS[2:-1], "n_equivalent", "verdict"]],
            controls.file,
            "Marked: q < .05. Numbers of clusters are those of the baseline's table.",
            marked=lambda r: r["q"] < 0.05,
            folded="every cluster and time",
            meanings=OF_CLUSTERS,
        ),
    ]
    return blocks, [f"{name}, {seed}, voxels. {' '.join(found)}"]


def _later_words(table: pd.DataFrame, margin: float, thing: str, different: int) -> list[str]:
    """What became of those that differed at baseline, and how many are shown to be like controls, time by time."""
    found = []
    for time in dict.fromkeys(table["timepoint"][table["timepoint"] != table["timepoint"].iloc[0]]):
        own = table[table["timepoint"] == time]
        counts = own["verdict"].value_counts()
        if different:
            told = ", ".join(f"{counts.get(v, 0)} {v}" for v in ("normalised", "still different", "undecided"))
            found.append(f"Of {'these' if different > 1 else 'it'}, at {time}: {told}.")
        alike = int((own["p_equivalence"] < 0.05).sum())
        found.append(
            f"At {time} the difference is shown to be smaller than {margin:g} standard deviations in {_number(alike, thing)} (p of equivalence < .05)."
        )
    return found


def _number(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


def _equivalence_words(table: pd.DataFrame, margin: float, thing: str) -> str:
    """What the sample could show: equivalence, and a difference; of the last time, which has the fewest patients."""
    last = table[table["timepoint"] == table["timepoint"].iloc[-1]]
    power, least = last["power_equivalence"].median(), last["smallest_g"].median()
    if pd.isna(power):
        return ""
    return (
        f"At {last['timepoint'].iloc[0]} the sample ({last['n_case'].max():.0f} patients, {last['n_control'].max():.0f} controls) finds a difference of g = {least:.2f} in one {thing} with a power of "
        f"80 % (p < .05); where there is none, it shows equivalence within {margin:g} standard deviations with a probability of {100 * power:.0f} %."
    )


def prediction_part(
    name: str, performance: Shown, areas: Shown, roc: Shown, replicate: pd.DataFrame, noise: Shown, words: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings: response of one participant predicted from connectivity at baseline."""
    table = performance.content
    clinical = table[table["features"] == "covariates"].iloc[0]
    others = table[table["features"] != "covariates"]
    best = others.loc[others["auc"].idxmax()]
    tested = others.dropna(subset="p_permutation_fwe")
    said = (
        f"Nested cross-validation of {int(best['n'])} participants ({int(best['n_case'])} responders): the best of {len(others)} classifiers of "
        f"connectivity ({classifier_name(best['model'], best['features'])}) has an area of {best['auc']:.2f} ({best['auc_ci_low']:.2f} to "
        f"{best['auc_ci_high']:.2f}); the clinical baseline alone has {clinical['auc']:.2f} ({clinical['auc_ci_low']:.2f} to {clinical['auc_ci_high']:.2f})"
    )
    if pd.notna(best["p_covariates"]):
        said += f" (difference {best['auc_minus_covariates']:.2f}, p {page.p_words(best['p_covariates'])}, not corrected for taking the best)"
    if len(tested):
        top = tested.loc[tested["auc"].idxmax()]
        verdict = (
            "predicts response better than by chance"
            if top["p_permutation_fwe"] < 0.05
            else "is not shown to predict response"
        )
        said += f". Connectivity {verdict} (p {page.p_words(top['p_permutation_fwe'])} over the tested classifiers)"
    one = replicate.iloc[0]
    paper = (
        f"The published way, an ROC curve of the {int(one['n_edges'])} edge{'s' if one['n_edges'] > 1 else ''} that separate the groups in the same patients, gives {one['auc']:.2f}. "
        f"With shuffled groups it gives {one['noise_mean']:.2f} on average and up to {one['noise_95']:.2f} in 95 of 100 (p {page.p_words(one['p_noise'])}): optimistic, for comparison only."
    )
    blocks = [
        page.heading(f"Prediction: {name}"),
        page.words(words, said + ".", paper),
        page.picture(areas, "Every classifier; covariates alone: the clinical baseline without connectivity."),
        page.picture(roc, "ROC curves of the cross-validation, with bootstrap band of the first classifier."),
        page.table(table[[c for c in _PERFORMANCE if c in table]], performance.file, "More columns in the file."),
        page.warning(
            "Replicate: the edges were chosen with the groups of the very patients they classify. The grey areas are what that gives when there is nothing to find."
        ),
        page.picture(
            noise,
            "Areas of the published procedure with shuffled groups (grey; dotted: 95th percentile) and with the true ones (pink).",
        ),
    ]
    return blocks, [f"{name}. {said}.", f"{name}. {paper}"]


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How treatment response was analysed."""
    if "response" not in config["stages"]:
        return []
    asked, draws = config["response"], config["permutations"]["response"]
    return [
        text
        for kind, text in (
            ("outcomes", _outcomes_text(asked)),
            ("changes", _changes_text(asked["changes"], draws)),
            ("associations", _associations_text(asked, draws)),
            ("normalisation", _normalisation_text(asked["normalisation"], draws)),
            ("predictions", _predictions_text(config)),
        )
        if asked[kind]
    ]


def _outcomes_text(asked: Mapping[str, Any]) -> str:
    parts = []
    for name, rule in asked["outcomes"].items():
        limits = []
        if "responder" in rule:
            limits.append(f"response a reduction of at least {100 * rule['responder']:g} %")
        if "remission" in rule:
            limits.append(
                f"remission a value of {'at most' if rule['better'] == 'lower' else 'at least'} {rule['remission']:g}"
            )
        called = f": {rule['label']}" if "label" in rule else ""
        floor = f", after its lowest value {rule['floor']:g} was taken off" if rule["floor"] else ""
        parts.append(f"{name}{called}{floor}" + (f" ({', '.join(limits)})" if limits else ""))
    rates = any(one["measure"] == "reduction" for one in asked["associations"].values())
    if rates or any("responder" in rule for rule in asked["outcomes"].values()):
        parts.insert(0, "The reduction rate is the improvement as a share of the baseline [{leucht}]")
    return f"Outcomes. {'; '.join(parts)}."


def _changes_text(changes: Mapping[str, Mapping[str, Any]], draws: int) -> str:
    models = []
    for name, one in changes.items():
        groups = one["groups"]
        who = (
            "one group"
            if groups is None
            else " and ".join(map(str, groups["levels"]))
            if "levels" in groups
            else f"{groups['outcome']} {groups['measure']}s and others at {groups['timepoint']}"
        )
        adjusted = [*one["covariates"], *(f"{c} x time" for c in one["covariates_by_time"])]
        models.append(f"{name} ({who}{'; covariates ' + ', '.join(adjusted) if adjusted else ''})")
    return (
        f"Change with treatment. Models of group x time: {'; '.join(models)}. Every effect was tested against the error of its own stratum, time and group x time within and group between "
        "participants (type II, as in R's aov); for two groups and two times the F of group x time is the squared t of the change scores. Participants with a missing session keep those they have; a "
        "model with a random intercept per participant (restricted likelihood, Satterthwaite's degrees of freedom [{lmertest}]) is reported beside it. For more than two times parametric p use "
        f"Greenhouse and Geisser's correction. p-values rest on {draws} permutations [{{fl}}] of whole participants (those with the same sessions; group and group x time) or of sessions within "
        "participants (time, and change within groups) [{blocks}], as (1 + b) / (1 + m) [{phipson}]; q is the false discovery rate over the regions of a seed [{bh}], family-wise p from the largest F. "
        "Effect sizes are Hedges g in standard deviations of the change with exact intervals [{hedges}]."
    )


def _associations_text(asked: Mapping[str, Any], draws: int) -> str:
    parts = [
        measured(one["outcome"], one["measure"])
        + f" with {'connectivity at baseline' if one['connectivity'] == 'baseline' else 'the change of connectivity'}"
        + (f", also given {', '.join(one['covariates'])}" if one["covariates"] else "")
        for one in asked["associations"].values()
    ]
    return (
        f"Connectivity and outcome. Pearson and Spearman correlations: {'; '.join(parts)}. Partial correlations are those of residuals (of ranks for Spearman); intervals by Fisher's z, for Spearman with the "
        f"variance of Bonett and Wright [{{bonett}}]; p from {draws} permutations of the outcome's residuals [{{fl}}]. Every seed, follow-up, kind and adjustment is a family of q and family-wise p of its "
        "own: of 20 without any association about one has a region at family-wise p < .05."
    )


def _normalisation_text(comparisons: Mapping[str, Mapping[str, Any]], draws: int) -> str:
    parts = [
        f"{one['case']} against {one['control']} with a margin of {one['margin']:g} standard deviations"
        for one in comparisons.values()
    ]
    return (
        f"Normalisation. {'; '.join(parts)}: patients at every timepoint were compared with controls (linear model, {draws} permutations). A region is called normalised where it differed at baseline (q < .05) and two "
        "one-sided tests [{tost}] show that the difference is smaller than the margin; absence of significance is not taken for it."
    )


def _predictions_text(config: Mapping[str, Any]) -> str:
    chosen = config["prediction"]
    return (
        f"Prediction of response. Responders were told from the others by connectivity at baseline in nested cross-validation ({chosen['folds']} folds, {chosen['repeats']} repeats; models, tuning, intervals and permutation p as "
        "in the classification of groups, scikit-learn [{sklearn}], DeLong's intervals [{delong}]); a logistic regression of the outcome's baseline and clinical columns is the comparison. For comparison only, edges "
        "with p < .001 between responders and others (or the strongest) were averaged and an ROC curve drawn in the same patients; the same was done with 1,000 shuffled groups to show what that gives on noise."
    )
