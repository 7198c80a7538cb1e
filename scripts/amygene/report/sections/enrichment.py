"""Enrichment: which processes and cells follow the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from amygene.genes.association import following
from amygene.io.problems import some
from amygene.report import page
from amygene.report.page import Shown

#: sets that the page lists; the file holds all
N_SETS = 50


@dataclass(frozen=True)
class Collection:
    """What is shown of one collection: its name, ``_sets.tsv``, pictures, and what not every collection has.

    That is ``_gsea.tsv``, and of a collection made from expression in classes ``_fisher.tsv`` and its picture.
    """

    name: str
    sets: Shown
    bubbles: Shown
    network: Shown
    gsea: Shown | None
    fisher: Shown | None = None
    classes: Shown | None = None


def part(name: str, collections: Sequence[Collection]) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings of one map."""
    blocks: list[dict[str, Any]] = [page.heading(page.map_name(name))]
    for collection in collections:
        table = collection.sets.content
        blocks += [
            page.heading(collection.name, 2),
            page.words(enriched(table, collection.name)),
            page.picture(collection.bubbles, "Sets with the smallest p; area: number of genes."),
        ]
        if collection.classes is not None and collection.fisher is not None:
            blocks += [
                page.words(over_represented(collection.fisher.content)),
                page.picture(
                    collection.classes,
                    "Genes specific to a class (specificity index): the test under null maps, and the replicate.",
                ),
            ]
        if following(table).sum() > 4:
            blocks.append(page.picture(collection.network, "Significant sets; lines join sets that share genes."))
        best = table.assign(size=lambda t: t["z_null"].abs()).sort_values(["p_null", "size"], ascending=[True, False])
        best = best.drop(columns="size").head(N_SETS).dropna(axis="columns", how="all")
        marked = set(table["set"][following(table)])
        blocks.append(
            page.table(
                best,
                collection.sets.file,
                f"The first {len(best)} of {len(table)} sets; marked: those that follow the map.",
                marked=partial(_among, marked),
                folded="sets",
            )
        )
        if collection.gsea is not None:
            blocks.append(
                page.table(
                    collection.gsea.content.sort_values("p_gsea").head(N_SETS),
                    collection.gsea.file,
                    "Its null is random genes: p-values are too small.",
                    folded="replicate: gene set enrichment analysis",
                )
            )
        if collection.fisher is not None:
            blocks.append(
                page.table(
                    collection.fisher.content.sort_values(["threshold", "p_fisher"], ascending=[False, True]),
                    collection.fisher.file,
                    "It takes genes and regions for independent: p-values are too small.",
                    folded="replicate: Fisher's exact test of specific genes",
                )
            )
    return blocks, [counted({c.name: c.sets.content for c in collections}, name)]


def _among(sets: set[str], row: pd.Series) -> bool:
    return row["set"] in sets


def enriched(table: pd.DataFrame, collection: str) -> str:
    """Enriched sets of a collection, in words."""
    found = table[following(table)].sort_values("p_null")
    replicate = int((table["q_hypergeometric"] < 0.05).sum())
    end = f" The hypergeometric replicate gives {replicate}."
    if found.empty:
        best = table.loc[table["p_null"].idxmin()]
        return (
            f"{collection}: none of {len(table)} sets at q < .05; the smallest p is that of {best['set']} (p {page.p_words(best['p_null'])})."
            + end
        )
    both = int((found["p_coexpression"] < 0.05).sum())
    return (
        f"{collection}: {len(found)} of {len(table)} sets at q < .05, {both} of them also stand out (p < .05) among random sets that are expressed "
        f"together as much; first: {some(found['set'], 3)}." + end
    )


def over_represented(fisher: pd.DataFrame) -> str:
    """Classes that the replicate finds, threshold by threshold, in words."""
    parts = [
        f"{int((rows['q_fisher'] < 0.05).sum())} of {len(rows)} at pSI < {threshold:g}"
        for threshold, rows in fisher.groupby("threshold", sort=False)
    ]
    return (
        f"Fisher's exact test of the parametric gene list, a replicate, finds classes at q < .05: {', '.join(parts)}."
    )


def counted(tables: Mapping[str, pd.DataFrame], name: str) -> str:
    """Numbers of enriched sets of all collections, and the first of them, in words."""
    parts = [f"{int(following(t).sum())} of {len(t)} in {collection}" for collection, t in tables.items()]
    best = pd.concat(tables.values()).assign(size=lambda t: t["z_null"].abs())
    groups = " and p < .05 when groups are relabeled" if best["p_group"].notna().any() else ""
    best = best[following(best)].sort_values(["p_null", "size"], ascending=[True, False])
    first = f"; first: {some(best['set'], 3)}" if len(best) else ""
    return f"{page.map_name(name)}: sets at q < .05 under null maps{groups}: {', '.join(parts)}{first}."


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How gene sets were tested."""
    if "enrichment" not in config["stages"] or not config["expression"].get("source"):
        return []
    limits = config["enrichment"]
    names = [c if isinstance(c, str) else c["name"] for c in limits["collections"]]
    score = "mean correlation" if limits["score"] == "mean_r" else "mean absolute correlation"
    groups = " and against the maps of relabeled groups" if config["contrasts"] else ""
    made = [c for c in limits["collections"] if isinstance(c, dict) and "gmt" not in c]
    replicate = " and gene set enrichment analysis [{gsea}]" if limits["gsea"] else ""
    return [
        f"Gene sets. The score of a set ({', '.join(names)}; {limits['min_size']} to {limits['max_size']} measured genes) is the {score} of its genes with the map. It was "
        f"tested against the same null maps [{{fulcher}}]{groups}, and beside that against {limits['random_sets']} random sets of the same size and co-expression [{{wei}}]. "
        "False discovery rates are over each collection. Over-representation of the parametric gene list among the measured genes (hypergeometric)"
        f"{replicate} is shown as a replicate only: it takes genes and regions for independent. Significant sets were clustered by shared genes (kappa at least .3 "
        "[{metascape}])." + _specificity(made)
    ]


def _specificity(made: Sequence[Mapping[str, Any]]) -> str:
    """How collections were made from expression."""
    if not made:
        return ""
    spans = [c["name"] for c in made if "brainspan" in c]
    source = (
        f" {', '.join(spans)}: BrainSpan's RNA sequencing, samples averaged by region and stage of development [{{kang}}]."
        if spans
        else ""
    )
    return (
        f" Sets of {', '.join(c['name'] for c in made)} hold the genes specific to each class of an expression table, by the specificity index and its p (pSI) from "
        f"independent draws of expression in every class [{{dougherty}}].{source} The gene list was also tested for over-representation among genes below several "
        "thresholds of pSI by Fisher's exact test [{csea}], again as a replicate only."
    )
