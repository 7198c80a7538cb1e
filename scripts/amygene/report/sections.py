"""The sections of the report: what is shown of every stage, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from amygene.report import page, sentences

#: genes and sets that the page lists; the files hold all
N_GENES, N_SETS = 100, 50


@dataclass(frozen=True)
class Shown:
    """Something to show, with the name of the file it came from.

    ``content`` is a table (DataFrame), a picture (bytes), a viewer (str) or JSON (dict).
    """

    content: Any
    file: str


def cohort(
    participants: Shown,
    excluded: Shown,
    summary: Shown,
    qc: Shown,
    quality: Shown,
    contrasts: Mapping[str, Any],
    seed: str,
) -> dict[str, Any]:
    """Who takes part, and what the data are like."""
    described = demographics(summary.content)
    everywhere = described[described["site"] == "all"].drop(columns="site")
    by_site = described[described["site"] != "all"]
    reasons = excluded.content.assign(
        reason=excluded.content["reason"].str.replace(r" [-0-9.]+ is ", " is ", regex=True)
    )
    counted = reasons.groupby(["contrast", "step", "reason"]).size().rename("participants").reset_index()
    blocks = [
        page.words(
            *sentences.cohort(participants.content, excluded.content, contrasts),
            sentences.motion(qc.content, seed) or "",
        ),
        page.heading("Groups", 2),
        page.table(everywhere, summary.file, _DEMOGRAPHICS, marked=lambda r: r["p"] < 0.05, meanings=_COLUMNS),
        page.table(by_site, summary.file, "Per site.", folded="the same at every site", meanings=_COLUMNS),
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
            quality.content,
            quality.file,
            "Length of the series, mean connectivity and head motion; orange: cases, blue: controls, grey bars: medians. "
            "A cohort in order has similar lengths and connectivity in both groups of a site and little correlation with motion.",
        ),
        page.table(qc.content, qc.file, folded="every participant"),
    ]
    return {
        "id": "cohort",
        "title": "Cohort",
        "question": "Who is in, who is out, and what are the data like?",
        "blocks": blocks,
    }


_DEMOGRAPHICS = "Mean (standard deviation) or count (share); marked: p < .05, not corrected for the number of tests."
_COLUMNS = {
    "cases": "mean (standard deviation) or count (share)",
    "controls": "mean (standard deviation) or count (share)",
}


def demographics(summary: pd.DataFrame) -> pd.DataFrame:
    """The table of a paper from ``cohort/summary.tsv``: one cell per group."""
    rows = []
    for _, row in summary.iterrows():
        cells = {}
        for group, word in (("case", "cases"), ("control", "controls")):
            if pd.notna(row[f"{group}_mean"]):
                cells[word] = (
                    f"{row[f'{group}_mean']:.1f} ({row[f'{group}_sd']:.1f})"
                    if row[f"{group}_mean"] >= 1
                    else f"{row[f'{group}_mean']:.3f} ({row[f'{group}_sd']:.3f})"
                )
            elif row[f"n_{group}"]:
                cells[word] = f"{row[f'{group}_count']:.0f} ({100 * row[f'{group}_count'] / row[f'n_{group}']:.0f} %)"
            else:
                cells[word] = "–"
        kept = {k: row[k] for k in ("contrast", "site", "variable", "level")}
        tested = {k: row[k] for k in ("test", "statistic", "df", "p", "effect", "effect_size")}
        rows.append(kept | cells | tested)
    return pd.DataFrame(rows)


def group(entries: Sequence[Mapping[str, Any]], contrasts: Mapping[str, Any]) -> dict[str, Any]:
    """Where the groups differ.

    Parameters
    ----------
    entries
        Per contrast and seed: ``contrast``, ``seed``, and `Shown` ``roi``, ``brain``, ``viewer``, ``effects``,
        ``harmonisation``.
    """
    blocks: list[dict[str, Any]] = []
    for entry in entries:
        name, seed = entry["contrast"], entry["seed"]
        blocks += [
            page.heading(f"{name}: {seed}"),
            page.words(sentences.group(entry["roi"].content, contrasts[name], seed)),
            page.picture(
                entry["brain"].content,
                entry["brain"].file,
                "t of every region; blue: less in cases, red: more. Above the cortex, below all regions.",
            ),
        ]
        if entry["viewer"].content:
            blocks.append(page.viewer(entry["viewer"].content, "look through the brain"))
        blocks += [
            page.picture(entry["effects"].content, entry["effects"].file, "Regions with the largest differences."),
            page.table(
                entry["roi"].content.sort_values("p"),
                entry["roi"].file,
                "Marked: q < .05.",
                marked=lambda r: r["q"] < 0.05,
            ),
            page.heading("Ways to deal with sites", 2),
            page.picture(
                entry["harmonisation"].content,
                entry["harmonisation"].file,
                "Points on the line: the choice does not matter.",
            ),
        ]
    return {
        "id": "group",
        "title": "Group difference",
        "question": "Where do the groups differ?",
        "blocks": blocks,
    }


def sites(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Validation at held-out sites; entries with ``contrast``, ``seed``, `Shown` ``loso``, ``figure``, ``forest``."""
    blocks: list[dict[str, Any]] = []
    for entry in entries:
        blocks += [
            page.heading(f"{entry['contrast']}: {entry['seed']}"),
            page.words(sentences.sites(entry["loso"].content, entry["seed"])),
            page.picture(
                entry["figure"].content,
                entry["figure"].file,
                "Left, as often published: the map without a site against the map of everybody, with the band (grey) that relabelled groups "
                "give; a point inside its band shows nothing. Right: the site alone against all others. Numbers: cases / controls.",
            ),
            page.picture(
                entry["forest"].content,
                entry["forest"].file,
                "The regions with the largest differences at every site, and pooled (green).",
            ),
            page.table(entry["loso"].content, entry["loso"].file, folded="numbers"),
        ]
    return {
        "id": "sites",
        "title": "Held-out sites",
        "question": "Does it hold at a site that was left out?",
        "blocks": blocks,
    }


def genes(entries: Sequence[Mapping[str, Any]], coverage: Shown, calibration: Shown, figure: Shown) -> dict[str, Any]:
    """Genes that follow each map.

    Parameters
    ----------
    entries
        Per map: ``name`` and `Shown` ``map``, ``genes``, ``counts``, ``components``, ``figure``, ``nulls``, and for a
        map of one's own ``brain`` and ``viewer``.
    coverage
        ``_coverage.tsv``.
    calibration, figure
        ``_calibration.tsv`` and its picture.
    """
    lacking = coverage.content.loc[~coverage.content["in_expression"], "region"]
    first = f"Expression is known in {int(coverage.content['in_expression'].sum())} of {len(coverage.content)} regions of the atlas."
    if len(lacking):
        first += f" Without expression: {', '.join(lacking)}."
    blocks: list[dict[str, Any]] = [page.words(first)]
    for entry in entries:
        used = entry["map"].content
        left_out = used[~used["used"]]
        note = ", ".join(f"{r} ({why})" for r, why in zip(left_out["region"], left_out["reason"], strict=True))
        blocks += [
            page.heading(entry["name"]),
            page.words(
                sentences.genes(entry["genes"].content, entry["counts"].content, entry["name"]),
                f"{int(used['used'].sum())} regions enter." + (f" Left out: {note}." if note else ""),
            ),
        ]
        if "brain" in entry:
            blocks.append(page.picture(entry["brain"].content, entry["brain"].file, "The map."))
            if entry["viewer"].content:
                blocks.append(page.viewer(entry["viewer"].content, "look through the brain"))
        ordered = entry["genes"].content.assign(distance=lambda t: (t["r"] - t["null_mean"]).abs())
        best = (
            ordered.sort_values(["p_null", "distance"], ascending=[True, False]).drop(columns="distance").head(N_GENES)
        )
        blocks += [
            page.picture(
                entry["figure"].content,
                entry["figure"].file,
                "Left: every gene. Right: how many genes pass the parametric false discovery rate under null maps (blue) and for the map (orange).",
            ),
            page.table(
                best,
                entry["genes"].file,
                f"The first {len(best)} genes; marked: q < .05 under null maps.",
                marked=lambda r: r["q_null"] < 0.05,
            ),
            page.picture(
                entry["nulls"].content,
                entry["nulls"].file,
                "Null maps against the map: where the orange line leaves the blue band, null maps do not keep the map's autocorrelation.",
            ),
            page.table(
                entry["components"].content,
                entry["components"].file,
                "Partial least squares: variance of the map that components explain.",
            ),
        ]
        if "multiverse" in entry:
            blocks.append(
                page.table(
                    entry["multiverse"].content,
                    entry["multiverse"].file,
                    "Other choices in processing expression, one changed at a time: a donor left out, samples of the left hemisphere only, samples "
                    "mirrored across hemispheres, genes alike in all donors only (stable), genes normalised within structures. The nearer rho is to 1, "
                    "the less the genes' correlations depend on the choice.",
                )
            )
    blocks += [
        page.heading("Do these tests hold their level?"),
        page.words(sentences.calibration(calibration.content)),
        page.picture(
            figure.content,
            figure.file,
            "Random smooth maps against the real expression of this atlas: how often p < .05 by each way of testing. The last is the one used.",
        ),
        page.table(calibration.content, calibration.file, folded="numbers"),
    ]
    return {"id": "genes", "title": "Genes", "question": "Which genes follow the map?", "blocks": blocks}


def enrichment(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Gene sets that follow each map; entries with ``name``, ``collection``, `Shown` ``sets``, ``bubbles``, ``network``, maybe ``gsea``."""
    blocks: list[dict[str, Any]] = []
    shown = None
    for entry in entries:
        if entry["name"] != shown:
            shown = entry["name"]
            blocks.append(page.heading(shown))
        table = entry["sets"].content.assign(size=lambda t: t["z_null"].abs())
        best = table.sort_values(["p_null", "size"], ascending=[True, False]).drop(columns="size").head(N_SETS)
        blocks += [
            page.heading(entry["collection"], 2),
            page.words(sentences.sets(entry["sets"].content, entry["collection"])),
            page.picture(
                entry["bubbles"].content,
                entry["bubbles"].file,
                "Sets with the smallest p; area: number of genes.",
            ),
        ]
        if (entry["sets"].content["q_null"] < 0.05).sum() > 4:
            blocks.append(
                page.picture(
                    entry["network"].content,
                    entry["network"].file,
                    "Significant sets; lines join sets that share genes.",
                )
            )
        blocks.append(
            page.table(
                best,
                entry["sets"].file,
                f"The first {len(best)} of {len(table)} sets; marked: q < .05.",
                marked=lambda r: r["q_null"] < 0.05,
                folded="sets",
            )
        )
        if "gsea" in entry:
            blocks.append(
                page.table(
                    entry["gsea"].content.sort_values("p_gsea").head(N_SETS),
                    entry["gsea"].file,
                    "Its null is random genes: p-values are too small.",
                    folded="replicate: gene set enrichment analysis",
                )
            )
    return {
        "id": "enrichment",
        "title": "Gene sets",
        "question": "Which processes and cells follow the map?",
        "blocks": blocks,
    }


def settings(
    paragraphs: Sequence[str],
    references: Sequence[str],
    config: str,
    versions: Mapping[str, str],
    resources: Mapping[str, Any],
    files: pd.DataFrame,
) -> list[dict[str, Any]]:
    """Methods text, settings, versions, data with licences, and the list of files."""
    data = pd.DataFrame(
        [
            {
                "package": f"{name} {entry['version']}",
                "what": entry["what"],
                "licence": entry["licence"],
                "citation": entry["citation"],
            }
            for name, entry in resources.items()
        ]
    )
    methods = [
        page.words(*paragraphs),
        page.heading("References", 2),
        page.points([f"{i}. {text}" for i, text in enumerate(references, 1)]),
    ]
    about = [
        page.code(config, "settings"),
        page.table(
            pd.DataFrame({"package": list(versions), "version": list(versions.values())}),
            "report/provenance.json",
            "Versions.",
        ),
    ]
    if len(data):
        about += [
            page.heading("Data that came with packages", 2),
            *(
                page.words(f"{r['package']}: {r['what']}. Licence: {r['licence']}. {r['citation']}.")
                for _, r in data.iterrows()
            ),
        ]
    about += [
        page.heading("Files", 2),
        page.table(
            files,
            "report/provenance.json",
            "Every file this page was made from, with its hash.",
            folded="files",
        ),
    ]
    return [
        {
            "id": "methods",
            "title": "Methods",
            "question": "How was it done? (text for a paper, from the settings used)",
            "blocks": methods,
        },
        {"id": "about", "title": "Settings and files", "question": "", "blocks": about},
    ]
