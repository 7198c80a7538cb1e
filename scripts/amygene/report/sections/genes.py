"""Genes: which genes follow the map, and whether the tests hold their level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.genes.association import following
from amygene.nulls.choices import NULLS, made_by
from amygene.report import page
from amygene.report.page import Shown

#: genes that the page lists; the file holds all
N_GENES = 100


def own_map(name: str, brain: Shown, viewer: Shown) -> tuple[list[dict[str, Any]], list[str]]:
    """A map of the user's own on the brain; group maps are shown where the groups are compared."""
    return [page.heading(page.map_name(name)), page.picture(brain, "The map."), *page.viewer(viewer)], []


def part(
    name: str,
    used: Shown,
    genes: Shown,
    counts: Shown,
    components: Shown,
    figure: Shown,
    nulls: Shown,
    multiverse: Shown | None,
    warning: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings of one map.

    Parameters
    ----------
    name
        Of the map.
    used, genes, components, multiverse
        ``_map.tsv``, ``_genes.tsv``, ``_pls-components.tsv``, ``_multiverse.tsv``.
    counts
        ``_counts.json``.
    figure, nulls
        Pictures of the genes and of the null maps.
    warning
        Of the null maps, if they are a replicate of published practice.
    """
    found = " ".join(filter(None, [followers(genes.content, counts.content, name), warning]))
    left_out = used.content[~used.content["used"]]
    note = ", ".join(f"{r} ({why})" for r, why in zip(left_out["region"], left_out["reason"], strict=True))
    ordered = genes.content.assign(distance=lambda t: (t["r"] - t["null_mean"]).abs())
    best = ordered.sort_values(["p_null", "distance"], ascending=[True, False]).drop(columns="distance").head(N_GENES)
    best = best.dropna(axis="columns", how="all")
    marked = set(genes.content["gene"][following(genes.content)])
    blocks = [
        page.heading(page.map_name(name)),
        page.words(
            found, f"{int(used.content['used'].sum())} regions enter." + (f" Left out: {note}." if note else "")
        ),
        page.picture(
            figure,
            "Left: every gene. Right: how many genes pass the parametric false discovery rate under null maps (blue) and for the map (orange).",
        ),
        page.table(
            best,
            genes.file,
            f"The first {len(best)} genes; marked: those that follow the map.",
            marked=lambda r: r["gene"] in marked,
        ),
        page.picture(
            nulls,
            "Null maps against the map: where the orange line leaves the blue band, null maps do not keep the map's autocorrelation.",
        ),
        page.table(
            components.content, components.file, "Partial least squares: variance of the map that components explain."
        ),
    ]
    if multiverse is not None:
        blocks.append(
            page.table(
                multiverse.content,
                multiverse.file,
                "Other choices in processing expression, one changed at a time: a donor left out, samples of the left hemisphere only, samples "
                "mirrored across hemispheres, genes alike in all donors only (stable), genes normalised within structures. The nearer rho is to 1, "
                "the less the genes' correlations depend on the choice.",
            )
        )
    return blocks, [found]


def followers(table: pd.DataFrame, counts: Mapping[str, Any], name: str) -> str:
    """Genes that follow a map, in words."""
    p = counts["p_count"]
    verdict = "more than" if p < 0.05 else "no more than"
    best = table.loc[(table["r"] - table["null_mean"]).abs().idxmax()]
    groups = (
        f" and {int(following(table).sum())} of them also when groups are relabeled (p < .05)"
        if table["p_group"].notna().any()
        else ""
    )
    return (
        f"{page.map_name(name)}: {counts['genes_q_null']} of {counts['n_genes']} genes follow the map at q < .05 under null maps{groups}. Taking regions for "
        f"independent would give {counts['genes_q_parametric']}; that is {verdict} null maps give (median {counts['null_count_median']:.0f}, "
        f"p {page.p_words(p)}). The gene furthest from its null mean is {best['gene']} (r = {best['r']:.2f}, p {page.p_words(best['p_null'])})."
    )


def calibration(coverage: Shown, table: Shown, figure: Shown) -> tuple[list[dict[str, Any]], list[str]]:
    """Whether the tests hold their level on this atlas, and which regions lack expression.

    Parameters
    ----------
    coverage, table
        ``_coverage.tsv`` and ``_calibration.tsv``.
    figure
        Picture of the latter.
    """
    known = coverage.content["in_expression"]
    lacking = coverage.content.loc[~known, "region"]
    blocks = [
        page.heading("Do these tests hold their level?"),
        page.words(
            f"Expression is known in {int(known.sum())} of {len(known)} regions of the atlas."
            + (f" Without expression: {', '.join(lacking)}." if len(lacking) else ""),
            false_positives(table.content),
        ),
        page.picture(
            figure,
            "Random smooth maps against the real expression of this atlas: how often p < .05 by each way of testing. The last is the one used.",
        ),
        page.table(table.content, table.file, folded="numbers"),
    ]
    return blocks, []


def false_positives(table: pd.DataFrame) -> str:
    """How often unrelated maps look associated, in words."""
    used = table[table["null"].str.contains("stratified")]["rate"]
    naive = table[table["null"] == "parametric"]["rate"]
    return (
        f"With maps that have nothing to do with expression, the test used here gives p < .05 in {100 * used.min():.1f} to {100 * used.max():.1f} % of "
        f"genes; taking regions for independent gives {100 * naive.min():.0f} to {100 * naive.max():.0f} %."
    )


_MULTIVERSE = (
    "; correlations were compared with those after leaving each donor out, using the left hemisphere only, mirroring samples, keeping stable genes "
    "only, and normalising genes within structures"
)
_GROUPS = (
    " Beside that, the correlation with a map of group differences was compared with those of the maps that the relabeled groups of the group comparison give; an "
    "association counts if both tests find it, since a map without any effect of the groups keeps a spatial pattern that no null map knows."
)


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How maps were compared with gene expression."""
    expression = config["expression"]
    source = expression.get("source")
    if not source or not {"genes", "enrichment"} & set(config["stages"]):
        return []
    matrix = {
        "DK83": "the matrix of 83 Desikan-Killiany regions that imaging-transcriptomics publishes, made from the Allen Human Brain Atlas [{ahba}]",
        "abagen": f"microarray data of the Allen Human Brain Atlas [{{ahba}}] processed with abagen [{{abagen}}] ({_abagen_options(expression)})"
        + _MULTIVERSE * expression["multiverse"],
        "table": "a matrix supplied by the authors",
    }[source]
    return [
        f"Genes. Expression was {matrix}. Each map was correlated ({config['genes']['correlation'].capitalize()}) with every gene over the regions in which both are known. "
        f"P-values are two-sided around the mean of {config['permutations']['null_maps']} null maps, "
        f"{made_by(NULLS[config['genes']['nulls']])}."
        f"{_GROUPS if config['contrasts'] else ''} False discovery rates [{{bh}}] and family-wise p "
        "are over all genes. The number of genes at a parametric false discovery rate of .05 was compared with the same number under every null map. Partial "
        "least squares [{pls}] is a second view."
    ]


def _abagen_options(expression: Mapping[str, Any]) -> str:
    donors = "" if "all" in expression["donors"] else f"donors {', '.join(map(str, expression['donors']))}, "
    probes = "reannotated probes" if expression["reannotated"] else "probes as annotated"
    parts = [
        f"{donors}{probes}, intensity filter {expression['ibf_threshold']}, probe selection {expression['probe_selection']}, samples within "
        f"{expression['tolerance']} mm of a region"
    ]
    if expression["lr_mirror"]:
        parts.append(f"samples mirrored {expression['lr_mirror']}")
    within = " within cortex, subcortex and cerebellum" if expression["norm_structures"] else ""
    parts.append(
        f"samples normalised by {expression['sample_norm'] or 'nothing'} and genes by {expression['gene_norm'] or 'nothing'}{within}"
    )
    if expression["missing"]:
        parts.append(f"regions without samples filled by {expression['missing']}")
    if expression["stability"] > -1:
        parts.append(f"genes with a differential stability of at least {expression['stability']}")
    return ", ".join(parts)
