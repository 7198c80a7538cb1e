"""Meta-analysis: where published effects converge, at regions and in networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from amygene.meta.columns import CLUSTERS, DECODING, NETWORK, RECEPTORS, SIMILARITY, TARGETS
from amygene.nulls.choices import WHOLE_BRAIN, made_by
from amygene.report import page
from amygene.report.page import Shown

#: rows of a table that the page shows; the file holds all
N_ROWS = 30


def overview(analyses: Shown, notes: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """All analyses of convergence in one table, as papers have it.

    Parameters
    ----------
    analyses
        ``analyses.tsv``.
    notes
        What was done to the foci.
    """
    table = analyses.content
    made = table[table["reason"].isna()]
    found = made[made["n_significant"] > 0]
    names = "; ".join(f"{_name(r)} at {r['places']}" for _, r in found.iterrows())
    sentence = (
        f"Published effects: {len(made)} {'analysis' if len(made) == 1 else 'analyses'} of convergence made, {len(table) - len(made)} refused (fewer than 12 experiments). "
        + (f"Effects converge in {len(found)}: {names}." if len(found) else "Effects converge in none.")
    )
    columns = [
        "comparison",
        "subgroup",
        "n_experiments",
        "n_foci",
        "n_subjects",
        "p_fwe",
        "places",
        "n_draws",
        "reason",
    ]
    blocks = [
        page.words(*notes),
        page.words(sentence),
        page.table(
            table[columns],
            analyses.file,
            "Smallest family-wise p of a cluster; marked: below .05. With p above .05 in the first 1,000 sets of random foci the analysis ends early.",
            marked=lambda r: bool(r["p_fwe"] < 0.05),
            meanings=CLUSTERS,
        ),
    ]
    return blocks, [sentence]


def _name(row: pd.Series) -> str:
    return row["comparison"] if row["subgroup"] == "all" else f"{row['comparison']}, {row['subgroup']}"


def comparison(
    name: str,
    clusters: Shown,
    experiments: Shown,
    convergence: Shown,
    contributions: Shown | None,
    leave_out: Shown | None,
    note: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """One comparison: foci, clusters, and who makes them.

    Parameters
    ----------
    clusters, experiments, leave_out
        ``_clusters.tsv``, ``_contributions.tsv``, ``_leave-out.tsv``.
    convergence, contributions
        Pictures.
    note
        Of the clusters' sidecar.
    """
    table = clusters.content
    significant = table[table["p_fwe"] < 0.05]
    words = [f"{note[:1].upper()}{note[1:]}."]
    for _, row in significant.iterrows():
        own = experiments.content[experiments.content["cluster"] == row["cluster"]]
        main = own[own["share"] >= 1]
        words.append(
            f"Cluster {row['cluster']}: {row['n_voxels']} voxels around {row['centre_x']:.0f}, {row['centre_y']:.0f}, {row['centre_z']:.0f} "
            f"(peak {row['peak_x']:.0f}, {row['peak_y']:.0f}, {row['peak_z']:.0f}), family-wise p {page.p_words(row['p_fwe'])}; {row['aal']}. "
            f"{len(main)} of {len(own)} experiments give 1 % or more of it."
        )
        if leave_out is not None:
            rest = leave_out.content[leave_out.content["cluster"] == row["cluster"]]
            lost = rest[rest["p_fwe"] >= 0.05]["experiment"]
            words.append(
                f"Without each experiment in turn it stays significant {len(rest) - len(lost)} of {len(rest)} times"
                + (f"; not without {', '.join(lost)}." if len(lost) else ".")
            )
    blocks = [
        page.heading(name),
        page.words(*words),
        page.picture(convergence, "Above: every focus. Below: where they lie together."),
    ]
    if contributions is not None:
        blocks.append(
            page.picture(
                contributions,
                "Left: share of each experiment in the cluster. Middle: p when it is left out. Right: shares by category.",
            )
        )
    blocks.append(
        page.table(
            table.head(N_ROWS),
            clusters.file,
            f"The {min(N_ROWS, len(table))} largest of {len(table)} clusters; marked: family-wise p < .05.",
            marked=lambda r: bool(r["p_fwe"] < 0.05),
            folded="clusters",
            meanings=CLUSTERS,
        )
    )
    if leave_out is not None and len(leave_out.content):
        blocks.append(
            page.table(leave_out.content, leave_out.file, folded="without each experiment", meanings=CLUSTERS)
        )
    return blocks, []


def coactivation(active: Shown, decoding: Shown, note: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What is active together with the clusters of a comparison, and what those studies are about."""
    blocks = [page.heading("Co-activation and decoding", 2), page.words(note)]
    if len(active.content):
        blocks.append(
            page.table(
                active.content.head(N_ROWS),
                active.file,
                "Where the studies that report the cluster converge; marked: family-wise p < .05.",
                marked=lambda r: bool(r["p_fwe"] < 0.05),
                folded="co-activation",
                meanings=CLUSTERS,
            )
        )
        blocks.append(
            page.table(
                decoding.content.head(N_ROWS),
                decoding.file,
                "Terms in their abstracts; marked: q < .05.",
                marked=lambda r: bool(r["q"] < 0.05),
                meanings=DECODING,
            )
        )
    return blocks, []


def networks(
    regions: Mapping[str, Shown], canonical: Mapping[str, Shown], brains: Mapping[str, Shown], figure: Shown,
    unmapped: Mapping[str, Shown], settings: Mapping[str, Mapping[str, Any]], note: str,
) -> tuple[list[dict[str, Any]], list[str]]:  # fmt: skip
    """Convergent connectivity of the comparisons.

    Parameters
    ----------
    regions, canonical, unmapped
        Comparison (or difference) -> ``_network.tsv``, ``_canonical.tsv``, ``_unmapped.tsv``.
    brains, figure
        Pictures of the comparisons' maps, and of the canonical networks.
    settings
        Comparison -> what the sidecar says of it.
    note
        About the connectome.
    """
    blocks = [page.heading("Networks"), page.words(_NETWORKS, note)]
    findings = []
    for name, shown in regions.items():
        table, nets = shown.content, canonical[name].content
        strong = nets[nets["q"] < 0.05]
        verdict = (
            ", ".join(
                f"{r['network']} ({'more' if r['z_value'] > 0 else 'less'}, q {page.p_words(r['q'])})"
                for _, r in strong.iterrows()
            )
            or "no canonical network"
        )
        sentence = f"{name}: {int((table['q'] < 0.05).sum())} of {len(table)} regions and {verdict} differ from random foci at q < .05."
        findings.append(f"Network convergence, {sentence}")
        words = [sentence]
        if name in settings:
            s = settings[name]
            words.append(
                f"{s['foci']} foci of {s['experiments']} experiments lie in a region (median distance {s['median_distance']:.1f} mm), {s['foci_without_region']} "
                f"have none within 10 mm. Weighting by sample size or not gives similar maps (r = {s['r_unweighted']:.2f})."
            )
        blocks += [page.heading(name, 2), page.words(*words)]
        if name in brains:
            blocks.append(
                page.picture(brains[name], "z of convergent connectivity; red: more than random foci, blue: less.")
            )
        blocks.append(
            page.table(
                table.sort_values("p", kind="stable"),
                shown.file,
                "Marked: q < .05.",
                marked=lambda r: bool(r["q"] < 0.05),
                folded="regions",
                meanings=NETWORK,
            )
        )
        blocks.append(page.table(nets, canonical[name].file, folded="canonical networks", meanings=NETWORK))
        if name in unmapped and len(unmapped[name].content):
            blocks.append(page.table(unmapped[name].content, unmapped[name].file, folded="foci without a region"))
    blocks += [
        page.heading("Canonical networks", 2),
        page.picture(figure, "Points: foci of the experiments; grey: random foci."),
    ]
    return blocks, findings


_NETWORKS = (
    "Foci need not lie together to lie in one circuit: their connectivity in a normative connectome, averaged within and then over experiments, is held "
    "against that of random foci."
)


def joins(
    similarity: Shown,
    similarity_figure: Shown,
    targets: Shown,
    targets_figure: Shown,
    receptors: tuple[Shown, Shown, Shown] | None,
    run_maps: Sequence[str],
    names: Mapping[str, str],
    warning: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The meta-analytic maps beside the other maps of the run, targets of stimulation, and receptors.

    Parameters
    ----------
    similarity, targets
        ``_similarity.tsv`` and ``_targets.tsv``, and their pictures.
    receptors
        ``_receptor-maps.tsv``, ``_receptor-clusters.tsv`` and their picture.
    run_maps
        Group maps and maps of the user's own.
    names
        Map -> what a person calls it.
    warning
        Of the null maps, if they are a replicate of published practice.
    """
    table = similarity.content.assign(
        map=lambda t: t["map"].map(names).fillna(t["map"]), other=lambda t: t["other"].map(names).fillna(t["other"])
    )
    own = similarity.content["map"].isin(run_maps) & similarity.content["other"].str.startswith("meta-")
    findings = [
        f"{names.get(r['map'], r['map'])} and {names.get(r['other'], r['other'])}: r = {r['r']:.2f}, p {page.p_words(r['p_null'])} under null maps."
        for _, r in similarity.content[own & similarity.content["r"].notna()].iterrows()
    ]
    if warning:
        findings.append(warning)
    blocks = [
        page.heading("Beside the other maps"),
        page.words(*findings),
        page.picture(
            similarity_figure,
            "Maps of the groups, of convergence, and of the connectivity of clusters and targets. Maps of the same foci, or circuits of "
            "neighbouring places, are alike by construction.",
        ),
        page.table(
            table,
            similarity.file,
            "Marked: q < .05.",
            marked=lambda r: bool(r["q_null"] < 0.05),
            folded="numbers",
            meanings=SIMILARITY,
        ),
        page.heading("Targets of stimulation", 2),
        page.picture(targets_figure, "Circles: targets; stars: centres of significant clusters."),
        page.table(targets.content, targets.file, "Distances in mm.", meanings=TARGETS),
    ]
    if receptors is not None:
        maps, clusters, figure = receptors
        n = int((maps.content["q_null"] < 0.05).sum())
        sentence = (
            f"Receptors: {n} of {len(maps.content)} correlations of a map with a receptor reach q < .05 under null maps"
            + (
                f"; {int((clusters.content['q_null'] < 0.05).sum())} receptors are denser or less dense in a cluster than surrogates."
                if len(clusters.content)
                else "."
            )
        )
        findings.append(sentence)
        blocks += [
            page.heading("Receptors", 2),
            page.words(sentence),
            page.picture(
                figure,
                "Left: correlation of maps with receptors; tested around the mean of the null maps, which keep each structure's mean, so that a large one need "
                "be no finding. Right: density in significant clusters, against surrogates of the receptor's map.",
            ),
            page.table(
                maps.content.assign(map=maps.content["map"].map(names).fillna(maps.content["map"])),
                maps.file,
                marked=lambda r: bool(r["q_null"] < 0.05),
                folded="correlations",
                meanings=RECEPTORS,
            ),
        ]
        if len(clusters.content):
            blocks.append(
                page.table(
                    clusters.content,
                    clusters.file,
                    marked=lambda r: bool(r["q_null"] < 0.05),
                    folded="densities",
                    meanings=RECEPTORS,
                )
            )
    return blocks, findings


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How published effects were brought together."""
    if "meta" not in config["stages"]:
        return []
    meta, draws = config["meta"], config["permutations"]
    space = (
        "the MNI152 brain"
        if meta["mask"] == "brain"
        else "grey matter of the MNI152 brain (probability, smoothed by 8 mm, above .1)"
    )
    text = [
        "Convergence at regions. Foci reported in Talairach space were transformed to MNI space [{lancaster}]; experiments on overlapping samples counted as one. "
        f"Activation likelihood estimation [{{eickhoff}},{{turkeltaub}}] used kernels that depend on sample size [{{kernel}}], in voxels of 2 mm of {space}. ALE values were "
        f"compared with their exact distribution under independence; voxels with p < {meta['voxel_p']:g} that share faces made clusters, whose family-wise p is the share of "
        f"{draws['meta']} sets of random foci, as many per experiment, with a cluster at least as large. Where after 1000 sets no cluster could become significant "
        "(99.99 % confidence) the analysis ended. Analyses of fewer than 12 experiments were not made [{power}]. An experiment's share in a cluster is what the ALE "
        "values lose without it"
        + (
            f"; analyses were repeated without each experiment ({draws['meta_followup']} sets)."
            if meta["leave_out"]
            else "."
        )
    ]
    if "connectome" in meta:
        source = (
            "a published connectome"
            if "matrix" in meta["connectome"]
            else f"the mean Fisher z of the controls of {meta['connectome']['controls']}"
        )
        text.append(
            f"Convergence in networks [{{cash}}]. Each focus took the region nearest to it (within 10 mm). The regions' connectivity, from {source}, was averaged over the foci of an "
            f"experiment and then over experiments, weighted by sample size (unweighted as a check), and compared with {draws['meta_network']} sets of random foci anywhere in the "
            "regions (two-tailed). Means over canonical networks [{yeo}] weight each region by its voxels in the network; false discovery rates [{bh}] are over regions and over networks."
        )
    text.append(
        f"Maps beside each other. Maps were correlated over regions and tested against {draws['null_maps']} null maps, {made_by(WHOLE_BRAIN[meta['nulls']])}."
        + (
            " Receptor maps of one target were z-scored, averaged by sample size, and tested likewise [{hansen}]."
            if meta.get("receptors")
            else ""
        )
    )
    if meta.get("database") is not None:
        text.append(
            "Co-activation and decoding. Studies of the database with a focus within a significant cluster went into an analysis of convergence of their own [{macm}], with the kernel of "
            f"{meta['database']['n_subjects']} participants; terms were tested by one-sided binomial tests of P(active | term) against P(active) [{{neurosynth}}]."
        )
    return text
