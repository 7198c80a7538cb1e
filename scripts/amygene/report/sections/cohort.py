"""Cohort: who takes part, and what the data are like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from amygene.cohort.choices import FORMATS
from amygene.report import page
from amygene.report.page import Shown


def part(
    participants: Shown,
    excluded: Shown,
    summary: Shown,
    qc: Shown,
    quality: Shown,
    contrasts: Mapping[str, Any],
    seed: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings.

    Parameters
    ----------
    participants, excluded, summary, qc
        Tables of those names.
    quality
        Picture of the quality of the data.
    contrasts
        Of the config.
    seed
        The seed whose connectivity is compared with motion.
    """
    reasons = excluded.content.assign(
        reason=excluded.content["reason"].str.replace(r" [-0-9.]+ is ", " is ", regex=True)
    )
    counted = reasons.groupby(["contrast", "step", "reason"]).size().rename("participants").reset_index()
    findings = members(participants.content, excluded.content, contrasts)
    blocks = [
        page.words(*findings, *filter(None, (silent(qc.content), motion(qc.content, seed)))),
    ]
    if contrasts:
        described = demographics(summary.content)
        everywhere = described[described["site"] == "all"].drop(columns="site")
        by_site = described[described["site"] != "all"]
        blocks += [
            page.heading("Groups", 2),
            page.table(everywhere, summary.file, _DEMOGRAPHICS, marked=lambda r: r["p"] < 0.05, meanings=_COLUMNS),
            page.table(by_site, summary.file, "Per site.", folded="the same at every site", meanings=_COLUMNS),
        ]
    colours = "orange: cases, blue: controls, grey bars: medians" if contrasts else "grey bars: medians"
    moved = "mean_fd" in qc.content and qc.content["mean_fd"].notna().any()
    alike = " in both groups of a site" if contrasts else ""
    # what is known of every participant
    known = [
        *(["length of the series"] if "n_timepoints" in qc.content else []),
        "mean connectivity",
        *(["head motion"] if moved else []),
    ]
    pictured = " and ".join(filter(None, [", ".join(known[:-1]), known[-1]])).capitalize()
    similar = "lengths and connectivity" if "n_timepoints" in qc.content else "connectivity"
    blocks += [
        page.heading("Exclusions", 2),
        page.table(
            counted.sort_values("participants", ascending=False),
            excluded.file,
            "The file names every excluded participant with the exact reason.",
            meanings={"participants": "how many"},
        )
        if len(counted)
        else page.words("Nobody was excluded."),
        page.heading("Quality", 2),
        page.picture(
            quality,
            f"{pictured}; {colours}. A cohort in order has similar {similar}{alike}"
            f"{' and little correlation with motion' if moved else ''}.",
        ),
        page.table(qc.content, qc.file, folded="every participant"),
    ]
    return blocks, findings


_DEMOGRAPHICS = "Mean (standard deviation) or count (share); marked: p < .05, not corrected for the number of tests."
_COLUMNS = {
    "cases": "mean (standard deviation) or count (share)",
    "controls": "mean (standard deviation) or count (share)",
}


def members(
    participants: pd.DataFrame, excluded: pd.DataFrame, contrasts: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Who takes part, in words."""
    out = excluded[excluded["contrast"] == "all"]
    steps = ", ".join(f"{n} at the step {step}" for step, n in out["step"].value_counts().items())
    lines = [
        f"{len(participants)} of {len(participants) + len(out)} participants take part"
        + (f" at {participants['site'].nunique()} sites" if "site" in participants else "")
        + (
            f"; {len(out)} {'is' if len(out) == 1 else 'are'} excluded ({steps})."
            if len(out)
            else "; nobody is excluded."
        )
    ]
    for name, contrast in contrasts.items():
        role = participants[f"contrast-{name}"]
        n_case, n_control = int((role == "case").sum()), int((role == "control").sum())
        lines.append(f"Contrast {name}: {n_case} {contrast['case']} against {n_control} {contrast['control']}.")
    return lines


def silent(qc: pd.DataFrame) -> str:
    """In how many participants regions have no signal; of images the seeds' coverage says so."""
    if "n_constant" not in qc:
        return ""
    n = qc["n_constant"]
    if not (n > 0).any():
        return "Every region has signal in every participant."
    return (
        f"{int((n > 0).sum())} of {len(qc)} participants have regions without signal (at most {int(n.max())} regions); "
        "their connectivity is missing there, not 0."
    )


def motion(qc: pd.DataFrame, seed: str) -> str:
    """Whether connectivity follows motion."""
    if "mean_fd" not in qc or qc["mean_fd"].notna().sum() < 10:
        return "Head motion is not known (no column mean_fd); it could not be adjusted for."
    known = qc.dropna(subset=["mean_fd", f"mean_z_{seed}"])
    r = np.corrcoef(known["mean_fd"], known[f"mean_z_{seed}"])[0, 1]
    return f"Mean framewise displacement correlates with the mean connectivity of {seed} at r = {r:.2f}."


def demographics(summary: pd.DataFrame) -> pd.DataFrame:
    """The table of a paper from ``cohort/summary.tsv``: one cell per group."""
    rows = []
    for _, row in summary.iterrows():
        cells = {}
        for group, word in (("case", "cases"), ("control", "controls")):
            if pd.notna(row[f"{group}_mean"]):
                digits = 1 if row[f"{group}_mean"] >= 1 else 3
                cells[word] = f"{row[f'{group}_mean']:.{digits}f} ({row[f'{group}_sd']:.{digits}f})"
            elif row[f"n_{group}"]:
                cells[word] = f"{row[f'{group}_count']:.0f} ({100 * row[f'{group}_count'] / row[f'n_{group}']:.0f} %)"
            else:
                cells[word] = "–"
        kept = {k: row[k] for k in ("contrast", "site", "variable", "level")}
        tested = {k: row[k] for k in ("test", "statistic", "df", "p", "effect", "effect_size")}
        rows.append(kept | cells | tested)
    return pd.DataFrame(rows)


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How connectivity was computed."""
    if not FORMATS[config["cohort"]["format"]].has_participants:
        return []
    atlas = config["atlas"] if isinstance(config["atlas"], str) else config["atlas"]["name"]
    # what a seed of one's own is made of, beside its name
    seeds = [
        f"{s['name']}: {' and '.join(s['regions'])}" if "regions" in s else s["name"]
        for s in ({"name": s} if isinstance(s, str) else s for s in config["seeds"])
    ]
    sentence = FORMATS[config["cohort"]["format"]].sentence
    return [f"Connectivity. {sentence.format(seeds='; '.join(seeds), atlas=atlas)}"]
