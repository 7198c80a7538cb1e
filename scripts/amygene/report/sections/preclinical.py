"""Animal signatures: differential expression, overlaps, networks, and whether they follow the human map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from amygene.io.problems import some
from amygene.preclinical import columns
from amygene.preclinical.following import holding
from amygene.report import page
from amygene.report.page import Shown

#: rows of a table that the page shows; the file holds all
N_ROWS = 60
#: share of draws of animals in which the genes of a steady cluster are together
STEADY = 0.75


def bridges(maps: Mapping[str, tuple[Shown, Shown | None]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Signatures against every map.

    Parameters
    ----------
    maps
        Map -> ``_bridge.tsv`` and its picture (none if no signature was tested).
    """
    blocks: list[dict[str, Any]] = [page.heading("From mouse to the human map")]
    if not maps:
        return [*blocks, page.words("This study has no map, or no gene expression, to hold signatures against.")], []
    blocks.append(page.words(_BRIDGE))
    findings = []
    for name, (shown, figure) in maps.items():
        table = shown.content
        sentence = bridged(table, page.map_name(name))
        findings.append(sentence)
        blocks += [page.heading(page.map_name(name), 2), page.words(sentence, lost(table))]
        few = int((table["p_animals"].notna() & table["reason_animals"].notna()).sum())
        if few:
            blocks.append(
                page.warning(
                    f"{few} signatures are of contrasts with so few animals that no relabeling can give a p_animals below .05: they cannot count as following the map, whatever p_null is."
                )
            )
        if figure is not None:
            blocks.append(page.picture(figure, "Filled: signatures that follow the map."))
        best = table.sort_values("p_null", kind="stable").dropna(axis="columns", how="all")
        blocks.append(
            page.table(
                best.head(N_ROWS),
                shown.file,
                f"{min(N_ROWS, len(best))} of {len(best)} signatures, the smallest p first; marked: those that follow the map.",
                marked=partial(_among, set(table.index[holding(table)])),
                folded="signatures",
                meanings=columns.BRIDGE,
            )
        )
    return blocks, findings


def _among(rows: set[Any], row: pd.Series) -> bool:
    return row.name in rows


_BRIDGE = (
    "A signature is carried over by one-to-one orthologues. Its score is the mean correlation of its genes with the map (up, down, module), the difference of the two sides "
    "(up-down), or the mean weighted by the statistic of every gene (signed). The test asks whether the score is further from its mean than under null maps that are as smooth as "
    "the map within every structure. A signature of a contrast must also hold when the animals are relabeled (p_animals): genes are expressed together in the animals, so that a module which "
    "follows the map carries along any contrast of a few animals. p_coexpression, beside it, compares with random genes that are expressed together as much in the human brain; of a signed signature, with its weights on such genes."
)


def bridged(table: pd.DataFrame, name: str) -> str:
    """How many signatures follow the map, in words."""
    tested = table[table["p_null"].notna()]
    if tested.empty:
        return f"{name}: no signature has enough measured genes to be tested."
    found = tested[holding(tested)].sort_values("p_null", kind="stable")
    animals = " and, where animals were relabeled, p < .05" if tested["p_animals"].notna().any() else ""
    start = (
        f"{name}: {len(found)} of {len(tested)} animal signatures follow the map at q < .05 under null maps{animals}"
    )
    if found.empty:
        best = tested.loc[tested["p_null"].idxmin()]
        return f"{start}; the smallest p is that of {_named(best)} (p {page.p_words(best['p_null'])})."
    both = int((found["p_coexpression"] < 0.05).sum())
    listed = some(
        [f"{_named(r)} ({'with' if r['score'] > r['null_mean'] else 'against'} it)" for _, r in found.iterrows()], 4
    )
    return f"{start}: {listed}. {both} of them also stand out (p < .05) among random genes that are expressed together as much."


def _named(row: pd.Series) -> str:
    where = "" if pd.isna(row["tissue"]) else f" in {row['tissue']}"
    return f"{row['signature']} {row['kind']}{where}"


def lost(table: pd.DataFrame) -> str:
    """What share of genes the mapping loses, in words."""
    known = table["lost"].dropna()
    if known.empty:
        return ""
    return f"Of a signature's genes {100 * known.median():.0f} % (median; up to {100 * known.max():.0f} %) have no one-to-one orthologue that is measured in the map's regions."


def behaviour(shares: Shown, table: Shown, figure: Shown, improvement: float) -> list[dict[str, Any]]:
    """Responders."""
    rows = shares.content
    sentences = [
        f"{r['step']}: {r['n_responders']} of {r['n_animals']} animals improve by more than {improvement:g} % ({100 * r['share']:.0f} %, 95 % interval "
        f"{100 * r['share_low']:.0f} to {100 * r['share_high']:.0f} %)."
        for _, r in rows.iterrows()
    ]
    known = {c: columns.BEHAVIOUR.get(c, "see the JSON beside the table") for c in table.content}
    return [
        page.heading("Responders"),
        page.words(*sentences),
        page.picture(figure, "Dotted: a ratio of 1, below which an animal is susceptible at the first test."),
        page.table(table.content, table.file, folded="animals", meanings=known),
    ]


def overlaps(
    table: Shown, ranks: Shown, upset: Shown | None, venn: Shown | None, maps: Shown | None
) -> list[dict[str, Any]]:
    """Genes that contrasts and tissues share."""
    rows = table.content
    if rows.empty and ranks.content.empty:
        return []
    across = rows[rows["kind"].str.endswith(", tissues")]
    shared = across[across["q"] < 0.05]
    sentence = (
        f"Of {len(across)} lists that two or more tissues have, {len(shared)} share more genes than by chance (q < .05)."
        if len(across)
        else ""
    )
    blocks = [page.heading("Overlaps of contrasts and tissues"), page.words(sentence, _OVERLAP)]
    if upset is not None:
        blocks.append(page.picture(upset, "Genes in exactly the sets that are marked below."))
    if venn is not None:
        blocks.append(
            page.picture(venn, "Genes that change in one tissue, in both, and in the other; red: up, blue: down.")
        )
    if maps is not None:
        blocks.append(
            page.picture(
                maps,
                "Both rankings from the most up-regulated gene (left, below) to the most down-regulated; red: more genes shared than by chance.",
            )
        )
    blocks.append(
        page.table(
            rows.sort_values("p", kind="stable").head(N_ROWS),
            table.file,
            "Marked: q < .05.",
            marked=lambda r: bool(r["q"] < 0.05),
            folded="overlaps",
            meanings=columns.OVERLAPS,
        )
    )
    blocks.append(page.table(ranks.content, ranks.file, folded="rank-rank overlaps", meanings=columns.RANK_RANK))
    return blocks


_OVERLAP = "The tests take genes for independent; genes are expressed together, and contrasts with a group in common share its noise, so small p are expected between them without any effect."


def overview(read: Sequence[tuple[Shown, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """What every tissue and every ready signature holds: tables, and what their columns mean."""
    return [page.table(shown.content, shown.file, "What was read.", meanings=known) for shown, known in read]


def tissue(
    name: str,
    figures: Mapping[str, Shown],
    samples: Shown,
    contrasts: Shown,
    over_groups: Shown,
    shapes: Shown,
    processes: Shown,
    modules: Shown,
    enrichment: Shown,
    strongest: str | None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """One tissue.

    Parameters
    ----------
    figures
        ``quality``, ``differential``, and what there is of ``trajectories``, ``processes``, ``modules``, ``network``.
    samples, contrasts, over_groups, shapes, processes, modules, enrichment
        The tissue's tables.
    strongest
        Module of the picture ``network``.
    """
    table = contrasts.content
    counts = [
        f"{c} {int((part['direction'] == 1).sum())} up, {int((part['direction'] == -1).sum())} down"
        for c, part in table.groupby("contrast", sort=False)
    ]
    differing = int((over_groups.content["q"] < 0.05).sum())
    finding = f"{name}: {differing} of {len(over_groups.content)} genes differ over groups at q < .05 (likelihood-ratio test); {'; '.join(counts)}."
    odd = samples.content["median_distance"]
    far = samples.content["sample"][odd > odd.median() + 5 * 1.4826 * (odd - odd.median()).abs().median()]
    blocks = [
        page.heading(name),
        page.words(finding),
        page.picture(figures["quality"], "Samples by group, on variance-stabilised counts."),
    ]
    if len(far):
        blocks.append(
            page.warning(f"Far from all other samples: {some(far)}. Look at them before you trust their group.")
        )
    blocks.append(page.table(samples.content, samples.file, folded="samples", meanings=columns.SAMPLES))
    blocks.append(
        page.picture(
            figures["differential"],
            "Genes beyond the thresholds; their log2 fold changes in all contrasts, like genes side by side.",
        )
    )
    best = table[table["direction"] != 0].sort_values("p", kind="stable").dropna(axis="columns", how="all")
    blocks.append(
        page.table(
            best.head(N_ROWS),
            contrasts.file,
            f"The first {min(N_ROWS, len(best))} of {len(best)} changes.",
            folded="genes",
            meanings=columns.DIFFERENTIAL,
        )
    )
    if "processes" in figures:
        blocks.append(
            page.picture(
                figures["processes"], "Over-represented processes, the orthologues of the tested genes as background."
            )
        )
    else:
        blocks.append(page.words("No process is over-represented at q < .05."))
    blocks.append(
        page.table(
            processes.content.head(N_ROWS), processes.file, folded="processes", meanings=columns.ONTOLOGY,
            marked=lambda r: bool(r["q_hypergeometric"] < 0.05),
        )
    )  # fmt: skip
    if "trajectories" in figures:
        small = int((shapes.content["cluster"] == 0).sum())
        blocks.append(
            page.picture(
                figures["trajectories"],
                f"Genes that differ over groups, clustered by shape; {small} are in no cluster that is large enough. Stable: how often two genes of the cluster fall together when "
                "the animals of every group are drawn anew.",
            )
        )
        blocks.append(page.words(steadiness(shapes.content)))
    found = modules.content
    if found.empty:
        return [*blocks, page.words("The network has no module that is large enough.")], [finding]
    hit = enrichment.content[enrichment.content["direction"] != "neither"]
    blocks.append(
        page.words(
            f"The co-expression network has {int((found['level'] == 1).sum())} modules, cut into {int((found['level'] > 1).sum())} smaller ones. "
            f"{hit['module'].nunique()} hold more changed genes of some contrast than by chance."
        )
    )
    blocks.append(
        page.picture(
            figures["modules"],
            "Modules and the modules inside them; red: up-regulated genes are enriched at q < .05, blue: down-regulated.",
        )
    )
    if strongest:
        blocks.append(page.picture(figures["network"], "Size: sum of ties inside the module."))
    blocks.append(page.table(found, modules.file, folded="modules", meanings=columns.MODULES))
    blocks.append(
        page.table(
            enrichment.content, enrichment.file, folded="modules and contrasts", meanings=columns.MODULE_ENRICHMENT,
            marked=lambda r: r["direction"] != "neither",
        )
    )  # fmt: skip
    return blocks, [finding]


def steadiness(table: pd.DataFrame) -> str:
    """Which clusters of trajectories hold when animals are drawn anew, in words."""
    found = table[table["cluster"] > 0].groupby("cluster")[["stability", "stability_animals"]].mean()
    loose = found.index[found["stability_animals"] < STEADY]
    which = f"all but cluster {some(loose, 6)}" if 0 < len(loose) < len(found) else "none" if len(loose) else "all"
    return (
        f"Of {len(found)} clusters of trajectories {which} keep their genes together in {100 * STEADY:.0f} % of the draws of animals or more (on average "
        f"{100 * found['stability_animals'].mean():.0f} %; with 80 % of the genes drawn {100 * found['stability'].mean():.0f} %)."
    )


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How animal signatures were made and held against maps."""
    if "preclinical" not in config["stages"]:
        return []
    one = config["preclinical"]
    limits, network = one["thresholds"], one["network"]
    texts: list[str] = []
    if "tissues" in one:
        covariates = f" with {_listed(one['covariates'])} in the model" if one["covariates"] else ""
        shrunk = "; fold changes were also shrunk [{apeglm}]" if one["shrinkage"] else ""
        texts.append(
            f"Animal tissues. Genes with {one['min_count']} counts in {one['min_samples']} samples were tested with negative-binomial models [{{deseq2}}] fitted by PyDESeq2 "
            f"[{{pydeseq2}}]{covariates}: Wald tests of {len(one['contrasts'])} contrasts{shrunk}, and a likelihood-ratio test over all groups with the same dispersions. A gene counts as "
            f"changed with |log2 fold change| > {limits['log2fc']:g}, p < {limits['p']:g} and false discovery rate < {limits['q']:g}. Genes that differ over groups were clustered by the "
            f"correlation of their trajectories (average linkage, number of clusters by silhouette); {config['permutations']['preclinical']} draws of genes, and of animals within their "
            "groups, tell how steady a cluster is [{monti}]. Up- and down-regulated genes were looked up in "
            f"{one['collection']} (hypergeometric, the orthologues of the tested genes as background). Overlaps were tested exactly [{{superexact}}] and by ranks [{{rrho}}]. "
            f"The signed co-expression network [{{wgcna}}] of the {network['genes']} most variable genes, with ties where correlations are positive at a false discovery rate of .01, was cut by "
            f"Leiden's algorithm [{{leiden}}] on three nested scales (modules of {network['min_size']} genes or more); hub genes by shuffling a module's ties."
        )
    if "responders" in one:
        texts.append(
            f"Responders. An animal responds if its social-interaction ratio rises by more than {one['responders']['improvement']:g} % from one test to the next, and is susceptible if "
            "it is below 1 at the first [{golden}]."
        )
    if config["expression"].get("source"):
        table = "a table of the study's own" if "orthologues" in one else "Ensembl"
        texts.append(
            f"From animal to human. Genes were carried over by one-to-one orthologues ({table}). Signatures (up, down, their difference, all genes weighted by their statistic, modules) "
            f"with {one['min_size']} measured genes or more were tested against each map under its null maps [{{fulcher}}], with false discovery rates over all signatures of a map; those of contrasts also under {config['permutations']['preclinical']} "
            "relabelings of the animals; and beside that against random genes of the same number and co-expression [{wei}] (signed ones: against their weights on random genes of the same co-expression)."
        )
    return texts


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
