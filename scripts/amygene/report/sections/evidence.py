"""Evidence: whether this study agrees with published findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from amygene.evidence.columns import CLAIMS, POOLED, RESPONSE
from amygene.io.problems import some
from amygene.report import page
from amygene.report.page import Shown

_COLUMNS = [
    "study", "population", "comparison", "region", "side", "target", "target_side", "direction", "relation", "note",
]  # fmt: skip
#: columns of findings that a contrast, or a map of treatment, can test
_ENDS = ["study", "region", "side", "target", "target_side", "direction"]
_CONTRAST = [
    *_ENDS, "seed_is", "n_connections", "mean_t", "agrees", "p_claim", "q_claim", "g", "g_ci_low", "g_ci_high", "note",
]  # fmt: skip
_TREATMENT = ["map", *_ENDS, "n_connections", "estimate", "ci_low", "ci_high", "p", "agrees"]


@dataclass(frozen=True)
class Tested:
    """One contrast: its name and groups, ``_claims.tsv``, ``_agreement.tsv`` and the picture."""

    name: str
    case: str
    control: str
    claims: Shown
    agreement: Shown
    figure: Shown


def part(
    findings: Shown,
    figure: Shown,
    tested: Sequence[Tested],
    treatment: Mapping[str, Shown],
    pooled: tuple[Shown, Shown] | None,
    simulated: bool = False,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings.

    Parameters
    ----------
    findings, figure
        ``_findings.tsv`` and its picture.
    tested
        Of every contrast.
    treatment
        Analysis -> ``_claims.tsv``.
    pooled
        ``pooled.tsv`` and its picture, where tables hold effect sizes.
    simulated
        Whether the cohort is.
    """
    blocks: list[dict[str, Any]] = [
        page.words(collected(findings.content)),
        page.picture(
            figure,
            "Published findings by region, a finding of connectivity at both of its ends. What they are about differs: colours.",
        ),
        page.table(
            findings.content.dropna(axis="columns", how="all"), findings.file, folded="all findings", meanings=CLAIMS
        ),
    ]
    if simulated:
        blocks.insert(
            0,
            page.warning(
                "The cohort is simulated: whether it agrees shows how this works and says nothing about the findings."
            ),
        )
    sentences = []
    for one in tested:
        claims = one.claims.content
        said = agreement(one.name, one.case, claims, one.agreement.content)
        sentences += said[:1]
        blocks += [page.heading(one.name), page.words(*said)]
        testable = claims[claims["testable"]]
        if len(testable):
            blocks += [
                page.picture(
                    one.figure,
                    "Findings that this study can test: size of the difference in this study, and the direction of the finding (arrow).",
                ),
                page.table(
                    testable[_CONTRAST],
                    one.claims.file,
                    "Marked: p < .05 in the direction of the finding.",
                    marked=partial(_low, "p_claim"),
                    meanings=CLAIMS,
                ),
                page.table(one.agreement.content, one.agreement.file, folded="agreement"),
            ]
        blocks.append(
            page.table(
                claims.loc[~claims["testable"], ["reason", *_COLUMNS]].sort_values("reason", kind="stable"),
                one.claims.file,
                folded="findings that this contrast cannot test, with the reason",
                meanings=CLAIMS,
            )
        )
    for analysis, table in treatment.items():
        own = table.content
        told = treated(analysis, own)
        sentences.append(told)
        testable = own[own["testable"]]
        blocks += [page.heading(analysis.replace("-", " ", 1)), page.words(told)]
        if len(testable):
            meanings = {**CLAIMS, **RESPONSE, "estimate": "mean over the finding's connections"}
            blocks.append(page.table(testable[_TREATMENT], table.file, meanings=meanings))
    if pooled is not None:
        blocks += [
            page.heading("Effect sizes pooled"),
            page.words(f"{len(pooled[0].content)} outcomes have effect sizes of two or more studies."),
            page.picture(
                pooled[1],
                "Studies (square: weight), the pooled effect (diamond) and where a further study may lie (dotted).",
            ),
            page.table(pooled[0].content, pooled[0].file, meanings=POOLED),
        ]
    return blocks, sentences


def _low(column: str, row: pd.Series) -> bool:
    return row[column] < 0.05


def collected(findings: pd.DataFrame) -> str:
    """What the tables of findings hold, in words."""
    connectivity = int((findings["measure"] == "connectivity").sum())
    about = findings["population"].fillna("not stated").value_counts()
    people = some([f"{name} ({n})" for name, n in about.items()], 4)
    return (
        f"{len(findings)} findings of {findings['study'].nunique()} studies, {connectivity} of them of connectivity. They are about: {people}. "
        "The bars count findings; they do not weigh studies, and what was not significant is seldom reported."
    )


def agreement(contrast: str, case: str, claims: pd.DataFrame, counted: pd.DataFrame) -> list[str]:
    """How many findings agree, and why others cannot be tested, in words."""
    testable = claims[claims["testable"]]
    n = len(testable)
    reasons = claims["reason"].value_counts()
    why = f"Reasons: {some([f'{reason} ({count})' for reason, count in reasons.items()], 12)}." if len(reasons) else ""
    if n == 0:
        return [f"{contrast}: none of {len(claims)} published findings of connectivity can be tested here.", why]
    agree = int(testable["agrees"].astype(bool).sum())
    row = counted.iloc[0]
    chance = "one finding alone is not counted"
    if pd.notna(row["p_agree"]):
        chance = f"{row['null_agree']:.1f} on average when groups are relabeled, p {page.p_words(row['p_agree'])}; with their sizes, p {page.p_words(row['p_score'])}"
    single = testable[testable["q_claim"] < 0.05]
    alone = (
        f" {len(single)} alone at q < .05 in their direction: {some(single['study'], 4)}."
        if len(single)
        else " None alone at q < .05 in its direction."
    )
    people = some(testable["population"].dropna().unique(), 4)
    return [
        f"{contrast}: {agree} of {n} published findings of connectivity that can be tested have this study's sign ({chance}).{alone}",
        f"The findings are about {people}; this study's cases are {case}.",
        f"{len(claims) - n} of {len(claims)} findings cannot be tested by this contrast. {why}",
    ]


def treated(analysis: str, table: pd.DataFrame) -> str:
    """Findings about treatment against maps of treatment, in words."""
    name = analysis.replace("-", " ", 1)
    testable = table[table["testable"]]
    if testable.empty:
        return f"{name}: none of {table['claim'].nunique()} published findings of connectivity can be tested here."
    parts = [
        f"{int(rows['agrees'].astype(bool).sum())} of {len(rows)} ({label})"
        for label, rows in testable.groupby("map", sort=False)
    ]
    return f"{name}: published findings about treatment with this study's sign: {', '.join(parts)}; how many chance gives is not known for them."


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How findings were held against the maps."""
    if "evidence" not in config["stages"]:
        return []
    review = "kotoula" if any("kotoula2023" in table for table in config["evidence"]["tables"]) else ""
    source = " of a review of treatment-resistant depression [{kotoula}]" if review else ""
    text = [
        f"Published findings. Tables of findings{source} were mapped to regions of the atlas; networks are the regions whose largest part lies in a network of "
        "[{yeo}]. A finding of connectivity at rest could be tested if one of its ends holds a seed, it gives a direction, and it is about what the map compares; for all others "
        "the reason is given."
    ]
    if models:
        text[0] += (
            f" Its statistic is the mean t over its connections, its p one-sided in its direction over {config['permutations']['group']} relabelings of the groups, and its size Hedges g of the "
            "participants' mean over these connections. How many findings agree in sign was counted under the same relabelings, which keep the dependence between connections."
        )
    text[0] += (
        " Where tables hold effect sizes, they were pooled with random effects [{dl},{hk}] with a prediction interval; small studies were looked at by Egger's regression [{egger}]."
    )
    return text
