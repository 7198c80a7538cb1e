"""Figures of animal signatures."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge
from matplotlib.patheffects import withStroke

from amygene.preclinical.following import holding
from amygene.report.style import CASE, CONTROL, DIVERGING, GREEN, GREY, MARK, SKY, short

#: colours of groups, in their order
PALETTE = (GREY, CASE, CONTROL, GREEN, MARK, SKY, "#E69F00", "#F0E442", "#000000")
#: colours of a direction
SIDES = {"up": CASE, "down": CONTROL, "neither": "#E4E4E4"}
#: genes of the union in the heat map, sets and bars in the others
N_UNION, N_BARS, N_TERMS = 2000, 12, 6
#: genes of a drawn module, and ties of each
N_DRAWN, N_TIES = 60, 3


def quality(samples: pd.DataFrame, distances: np.ndarray, order: Sequence[str]) -> Figure:
    """Principal components, library sizes and distances of samples.

    Parameters
    ----------
    samples
        ``_samples.tsv``.
    distances : array of shape (n_samples, n_samples)
    order
        Groups.
    """
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.6), width_ratios=[1.15, 0.9, 1.3])
    colour = dict(zip(order, PALETTE * 9, strict=False))
    for group in order:
        rows = samples[samples["group"] == group]
        axes[0].scatter(rows["pc1"], rows["pc2"], s=28, color=colour[group], label=short(group, 22), lw=0)
    shares = 100 * samples[["pc1_share", "pc2_share"]].iloc[0]
    axes[0].set(
        title="Principal components",
        xlabel=f"first ({shares['pc1_share']:.0f} % of variance)",
        ylabel=f"second ({shares['pc2_share']:.0f} %)",
    )
    axes[0].legend(frameon=False, fontsize=6.5, loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2)
    by_group = np.concatenate([np.flatnonzero(samples["group"] == g) for g in order])
    rows = samples.iloc[by_group].reset_index(drop=True)
    axes[1].barh(range(len(rows)), rows["library_size"] / 1e6, color=[colour[g] for g in rows["group"]])
    axes[1].set(title="Library size", xlabel="million counts", yticks=[])
    axes[1].invert_yaxis()
    shown = distances[np.ix_(by_group, by_group)].copy()
    np.fill_diagonal(shown, np.nan)
    drawn = axes[2].imshow(shown, cmap="cividis")
    edges = np.cumsum([(samples["group"] == g).sum() for g in order])[:-1] - 0.5
    for edge in edges:
        axes[2].axhline(edge, color="white", lw=0.7)
        axes[2].axvline(edge, color="white", lw=0.7)
    axes[2].set(title="Distances of samples", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes[2], shrink=0.8)
    return figure


def differential(table: pd.DataFrame) -> Figure:
    """Numbers of changed genes, and fold changes of all genes that any contrast changes.

    Parameters
    ----------
    table
        ``_de.tsv``.
    """
    contrasts = table["contrast"].drop_duplicates().tolist()
    up = [int((table.loc[table["contrast"] == c, "direction"] == 1).sum()) for c in contrasts]
    down = [int((table.loc[table["contrast"] == c, "direction"] == -1).sum()) for c in contrasts]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 0.28 * len(contrasts) + 2.4), width_ratios=[1, 1.4])
    y = np.arange(len(contrasts))
    left.barh(y, up, color=CASE, label="up")
    left.barh(y, [-n for n in down], color=CONTROL, label="down")
    reach = max([1, *up, *down])
    for i in y:
        left.text(up[i] + 0.02 * reach, i, str(up[i]), va="center", fontsize=7)
        left.text(-down[i] - 0.02 * reach, i, str(down[i]), va="center", ha="right", fontsize=7)
    left.set(title="Changed genes", yticks=y, xlim=(-1.25 * reach, 1.25 * reach), xlabel="down | up")
    left.set_yticklabels([short(c, 26) for c in contrasts], fontsize=8)
    left.xaxis.set_major_formatter(lambda x, _: f"{abs(x):g}")
    left.axvline(0, color="black", lw=0.6)
    left.invert_yaxis()
    left.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    union = table.groupby("gene")["direction"].apply(lambda d: (d != 0).any())
    wide = table.pivot(index="gene", columns="contrast", values="log2fc").loc[union[union].index, contrasts]
    wide = wide.reindex(wide.abs().max(axis=1).sort_values(ascending=False, kind="stable").index[:N_UNION])
    if wide.empty:
        right.text(0.5, 0.5, "no gene passes the thresholds", ha="center", va="center", transform=right.transAxes)
        right.set_axis_off()
        return figure
    wide = wide.iloc[_by_likeness(wide.fillna(0).to_numpy())]
    limit = float(np.nanquantile(wide.abs().to_numpy(), 0.98))
    drawn = right.imshow(wide, aspect="auto", cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
    shown = f"{len(wide)} largest of {union.sum()}" if len(wide) < union.sum() else f"{len(wide)}"
    right.set(title=f"Union of changed genes ({shown})", yticks=[], xticks=range(len(contrasts)))
    right.set_xticklabels([short(c, 20) for c in contrasts], rotation=40, ha="right", fontsize=8)
    figure.colorbar(drawn, ax=right, label="log2 fold change", shrink=0.8)
    return figure


def _by_likeness(values: np.ndarray) -> np.ndarray:
    """Order of rows in which like ones are neighbours: leaves of Ward's tree."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    return leaves_list(linkage(values, "ward")) if len(values) > 1 else np.arange(len(values))


def trajectories(table: pd.DataFrame, order: Sequence[str]) -> Figure | None:
    """Trajectories of every cluster: its genes, and their mean.

    Parameters
    ----------
    table
        ``_trajectories.tsv``.
    order
        Groups, columns of the table.
    """
    numbers = [c for c in sorted(table["cluster"].unique()) if c > 0]
    if not numbers:
        return None
    # a page is wide enough for four: fewer panels must not be blown up
    columns = 4
    rows = -(-len(numbers) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns + 0.4, 2.1 * rows + 0.9), squeeze=False, sharey=True, sharex=True
    )
    for axis, number in zip(axes.flat, numbers, strict=False):
        part = table[table["cluster"] == number]
        values = part[list(order)].to_numpy()
        axis.plot(values[:150].T, color=SKY, lw=0.5, alpha=0.35)
        axis.plot(values.mean(axis=0), color=CASE, lw=2, marker="o", ms=4)
        axis.axhline(0, color=GREY, lw=0.6)
        axis.set_title(
            f"Cluster {number}: {len(part)} genes\nstable {100 * part['stability_animals'].mean():.0f} %", fontsize=8.5
        )
        axis.set_xticks(range(len(order)), [short(g, 18) for g in order], rotation=45, ha="right", fontsize=7)
    for axis in axes.flat[len(numbers) :]:
        axis.set_axis_off()
    axes[0, 0].set_ylabel("mean, in s.d.\nover groups", fontsize=8)
    return figure


def ontology(table: pd.DataFrame) -> Figure | None:
    """First processes of every contrast and direction that has one at q < .05.

    Parameters
    ----------
    table
        ``_go.tsv``.
    """
    found = table[table["q_hypergeometric"] < 0.05].groupby(["contrast", "direction"], sort=False).head(N_TERMS)
    if found.empty:
        return None
    found = found.iloc[:40].iloc[::-1]
    figure, axis = plt.subplots(figsize=(8.5, 0.2 * len(found) + 1.1))
    # a q that is too small for a number is drawn as the smallest
    length = -np.log10(found["q_hypergeometric"].clip(lower=1e-300))
    axis.barh(range(len(found)), length, color=[SIDES[d] for d in found["direction"]])
    terms = found["set"].str.replace(r" \(GO:\d+\)$", "", regex=True)
    names = [f"{short(s, 56)} ({c})" for s, c in zip(terms, found["contrast"], strict=True)]
    axis.set_yticks(range(len(found)), names, fontsize=7)
    axis.set(title="Processes (red: up, blue: down)", xlabel="−log10 q")
    return figure


def sunbursts(modules: pd.DataFrame, enrichment: pd.DataFrame, contrasts: Sequence[str]) -> Figure | None:
    """One sunburst of the nested modules for every contrast, coloured by the direction that is enriched.

    Parameters
    ----------
    modules, enrichment
        ``_modules.tsv`` and ``_module-enrichment.tsv``.
    """
    if modules.empty:
        return None
    columns = min(5, len(contrasts))
    rows = -(-len(contrasts) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.15 * columns, 2.25 * rows), squeeze=False)
    for axis, contrast in zip(axes.flat, contrasts, strict=False):
        one = enrichment[enrichment["contrast"] == contrast].set_index("module")["direction"]
        _sunburst(axis, modules, one.to_dict())
        axis.set_title(short(contrast, 26), fontsize=8)
    for axis in axes.flat[len(contrasts) :]:
        axis.set_axis_off()
    return figure


def _sunburst(axis: Axes, modules: pd.DataFrame, direction: Mapping[str, str]) -> None:
    """Rings of modules; a module covers the angle of its genes within its parent."""
    angles = {"": (0.0, 360.0)}
    sizes = modules.set_index("module")["n_genes"].to_dict()
    parents = modules["parent"].fillna("").to_numpy()
    whole = {"": float(modules.loc[modules["level"] == 1, "n_genes"].sum())} | sizes
    used: dict[str, float] = {}
    for module, parent, level in zip(modules["module"], parents, modules["level"], strict=True):
        start, end = angles[parent]
        begin = start + used.get(parent, 0.0)
        width = (end - start) * sizes[module] / whole[parent]
        used[parent] = used.get(parent, 0.0) + width
        angles[module] = (begin, begin + width)
        radius = 0.34 + 0.22 * level
        axis.add_patch(
            Wedge((0, 0), radius, 90 - begin - width, 90 - begin, width=0.21, ec="white", lw=0.8,
                  fc=SIDES[direction.get(module, "neither")])
        )  # fmt: skip
        if level == 1 and width > 20:
            middle = np.deg2rad(90 - begin - width / 2)
            axis.text(0.455 * np.cos(middle), 0.455 * np.sin(middle), module, ha="center", va="center", fontsize=6)
    reach = 0.36 + 0.22 * modules["level"].max()
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.set_axis_off()


def network(ties: Mapping[str, np.ndarray], members: pd.DataFrame, module: str) -> Figure:
    """The strongest genes of a module and their strongest ties, hubs named.

    Parameters
    ----------
    ties
        ``gene``, ``row``, ``column``, ``tie``.
    members
        ``_members.tsv``.
    """
    import igraph

    part = members[members["module"] == module].head(N_DRAWN)
    number = {g: i for i, g in enumerate(ties["gene"].tolist())}
    inside = np.full(len(number), -1)
    inside[[number[g] for g in part["gene"]]] = np.arange(len(part))
    kept = (inside[ties["row"]] >= 0) & (inside[ties["column"]] >= 0)
    square = np.zeros((len(part), len(part)))
    square[inside[ties["row"][kept]], inside[ties["column"][kept]]] = ties["tie"][kept]
    square += square.T
    # of every gene the strongest for what its neighbours have: the strongest of all would be a star
    strength = square.sum(axis=0)
    relative = square / np.sqrt(np.maximum(np.outer(strength, strength), 1e-12))
    near = np.argsort(-relative, axis=1, kind="stable")[:, :N_TIES]
    pairs = np.column_stack([np.repeat(np.arange(len(part)), near.shape[1]), near.ravel()])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = pairs[square[pairs[:, 0], pairs[:, 1]] > 0]
    weight = square[pairs[:, 0], pairs[:, 1]]
    graph = igraph.Graph(n=len(part), edges=pairs.tolist())
    angle = 2 * np.pi * np.arange(len(part)) / len(part)
    begin = np.column_stack([np.cos(angle), np.sin(angle)])
    # from a circle, and with random moves of one seed, so that the same module gives the same picture
    igraph.set_random_number_generator(random.Random(1))
    place = np.array(graph.layout_fruchterman_reingold(weights=weight.tolist(), seed=begin.tolist(), niter=800).coords)
    figure, axis = plt.subplots(figsize=(5.4, 4.8))
    for (a, b), w in zip(pairs, weight, strict=True):
        axis.plot(*place[[a, b]].T, color=GREY, lw=0.3 + 1.2 * w / weight.max(), alpha=0.5, zorder=1)
    hub = (part["q_hub"] < 0.05).to_numpy()
    size = 25 + 120 * (part["strength"] / part["strength"].max()).to_numpy() ** 2
    axis.scatter(place[:, 0], place[:, 1], s=size, color=np.where(hub, CASE, SKY), lw=0, zorder=2)
    halo = [withStroke(linewidth=2, foreground="white")]
    for i in np.flatnonzero(hub)[:15]:
        axis.annotate(part["gene"].iloc[i], place[i], fontsize=7, ha="center", va="bottom", style="italic", zorder=3,
                      xytext=(0, 4), textcoords="offset points", path_effects=halo)  # fmt: skip
    axis.set_title(f"{module}: {len(part)} strongest genes (red: hubs)")
    axis.set_axis_off()
    return figure


def behaviour(
    table: pd.DataFrame, tests: pd.DataFrame, shares: pd.DataFrame, pairs: Mapping[str, Sequence[str]]
) -> Figure:
    """Ratios of every animal from test to test, and shares of responders.

    Parameters
    ----------
    table, shares
        ``behaviour.tsv`` and ``responders.tsv``.
    tests : DataFrame, animals x tests
        Ratios.
    pairs
        Step -> test before, test after.
    """
    steps = shares["step"].tolist()
    figure, axes = plt.subplots(
        1, len(steps) + 1, figsize=(2.9 * len(steps) + 2.6, 2.9), width_ratios=[1.2] * len(steps) + [1]
    )
    known = table.set_index("animal")
    for axis, step in zip(axes[:-1], steps, strict=True):
        before, after = (tests[name] for name in pairs[step])
        for label, colour in (("non-responder", CONTROL), ("responder", CASE)):
            rows = known.index[known[step] == label]
            axis.plot([0, 1], np.column_stack([before[rows], after[rows]]).T, color=colour, lw=0.9, alpha=0.7)
            axis.plot([], [], color=colour, label=label)
        axis.axhline(1, color=GREY, lw=0.8, ls=":")
        axis.set(title=short(step, 20), ylabel="social-interaction ratio", xlim=(-0.15, 1.15))
        axis.set_xticks([0, 1], [before.name, after.name], fontsize=8)
    axes[0].legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(0, -0.12), ncols=2)
    y = np.arange(len(steps))
    low, high = (np.abs(shares[c] - shares["share"]).to_numpy() for c in ("share_low", "share_high"))
    axes[-1].barh(y, 100 * shares["share"], color=CASE, height=0.5)
    axes[-1].errorbar(
        100 * shares["share"].to_numpy(), y, xerr=[100 * low, 100 * high], fmt="none", color="black", lw=1
    )
    axes[-1].set_yticks(y, [f"{s}\n(n = {n})" for s, n in zip(steps, shares["n_animals"], strict=True)], fontsize=8)
    axes[-1].set(title="Responders", xlabel="per cent (95 % interval)", xlim=(0, 100), ylim=(len(steps) - 0.4, -0.6))
    return figure


def upset(exclusive: pd.DataFrame, kinds: Sequence[str]) -> Figure | None:
    """Genes in exactly these sets: bars above, which sets below.

    Parameters
    ----------
    exclusive
        ``exclusive.tsv``.
    kinds
        One panel for each.
    """
    shown = [k for k in kinds if (exclusive["kind"] == k).sum() > 1]
    if not shown:
        return None
    columns = 2
    rows = -(-len(shown) // columns)
    figure = plt.figure(figsize=(10.5, 3.1 * rows))
    for place, panel in zip(shown, figure.subfigures(rows, columns, squeeze=False).flat, strict=False):
        part = exclusive[exclusive["kind"] == place].head(N_BARS)
        names = list(dict.fromkeys(n for row in part["sets"] for n in row.split(" & ")))
        above, below = panel.subplots(2, 1, sharex=True, height_ratios=[2, 0.28 * len(names) + 0.3])
        x = np.arange(len(part))
        side = place.split(";")[0]
        above.bar(x, part["n_genes"], color=SIDES[side], width=0.65)
        for i, n in enumerate(part["n_genes"]):
            above.text(i, n, str(n), ha="center", va="bottom", fontsize=7)
        above.set_title(place, fontsize=9, pad=9)
        above.tick_params(labelbottom=False, bottom=False)
        above.set_ylabel("genes", fontsize=8)
        for i, row in enumerate(part["sets"]):
            rows_in = [names.index(n) for n in row.split(" & ")]
            below.scatter([i] * len(names), range(len(names)), s=14, color="#DDDDDD", lw=0)
            below.plot([i] * len(rows_in), rows_in, color="black", marker="o", ms=4, lw=1)
        below.set_yticks(range(len(names)), [short(n, 24) for n in names], fontsize=7)
        below.tick_params(left=False)
        below.set(ylim=(len(names) - 0.5, -0.5), xlim=(-0.6, max(5.6, len(part) - 0.4)), xticks=[])
        below.spines[:].set_visible(False)
    return figure


def venn(exclusive: pd.DataFrame, contrasts: Sequence[str], tissues: tuple[str, str]) -> Figure:
    """Changed genes of every contrast in one tissue, in both, and in the other.

    Parameters
    ----------
    exclusive
        ``exclusive.tsv``.
    """
    counts = exclusive.set_index(["kind", "sets"])["n_genes"].to_dict()
    columns = min(5, len(contrasts))
    rows = -(-len(contrasts) // columns)
    figure, axes = plt.subplots(2 * rows, columns, figsize=(2.1 * columns, 2.6 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for i, contrast in enumerate(contrasts):
        for k, side in enumerate(("up", "down")):
            axis = axes[2 * (i // columns) + k, i % columns]
            for x, colour in ((-0.5, 1.0), (0.5, 0.5)):
                axis.add_patch(Circle((x, 0), 0.85, fc=SIDES[side], alpha=0.35 * colour, ec=SIDES[side], lw=1))
            for x, sets in ((-0.85, tissues[0]), (0, " & ".join(tissues)), (0.85, tissues[1])):
                axis.text(
                    x,
                    0,
                    str(counts.get((f"{side}; {contrast}, tissues", sets), 0)),
                    ha="center",
                    va="center",
                    fontsize=8,
                )
            axis.text(-1.3, -0.95, tissues[0], fontsize=6.5)
            axis.text(1.3, -0.95, tissues[1], fontsize=6.5, ha="right")
            axis.set(xlim=(-1.45, 1.45), ylim=(-1.05, 0.95), aspect="equal")
            if side == "up":
                axis.set_title(short(contrast, 24), fontsize=8)
    return figure


def rank_ranks(table: pd.DataFrame, maps: np.ndarray, n: int = 8) -> Figure | None:
    """Rank-rank maps of the pairs that are most alike or unlike.

    Parameters
    ----------
    table
        ``rank-rank.tsv``.
    maps : array of shape (n_pairs, k, k)
        -log10 p with a sign.
    """
    if table.empty:
        return None
    # across tissues first: contrasts of one tissue share animals
    across = np.array(
        [a.split(", ")[-1] == b.split(", ")[-1] for a, b in zip(table["one"], table["other"], strict=True)]
    )
    chosen = np.lexsort((-table["largest"].abs().to_numpy(), ~across))[:n]
    columns = min(4, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.5 * columns + 0.6, 2.6 * rows), squeeze=False)
    reach = max(3.0, float(np.abs(maps[chosen]).max()))
    for axis, i in zip(axes.flat, chosen, strict=False):
        drawn = axis.imshow(maps[i].T, origin="lower", cmap=DIVERGING, vmin=-reach, vmax=reach)
        axis.set_xlabel(short(table["one"].iloc[i], 26), fontsize=7)
        axis.set_ylabel(short(table["other"].iloc[i], 26), fontsize=7)
        axis.set(xticks=[], yticks=[])
        axis.set_title(f"rho = {table['rho'].iloc[i]:.2f}", fontsize=8)
    for axis in axes.flat[len(chosen) :]:
        axis.set_axis_off()
    figure.colorbar(drawn, ax=axes, shrink=0.7, label="−log10 p (blue: fewer than by chance)")
    return figure


def bridge(table: pd.DataFrame) -> Figure | None:
    """Distance of every signature's score from its null mean.

    Parameters
    ----------
    table
        ``_bridge.tsv``.
    """
    known = table[table["p_null"].notna()].copy()
    if known.empty:
        return None
    tissue = known["tissue"].fillna("")
    known["row"] = np.where(tissue == "", known["signature"], tissue + ", " + known["signature"])
    kinds = [k for k in ("up", "down", "up-down", "signed", "module") if (known["kind"] == k).any()]
    differential_kinds = [k for k in kinds if k != "module"]
    panels = [(differential_kinds, "Contrasts")] if differential_kinds else []
    panels += [(["module"], "Modules")] if "module" in kinds else []
    n_rows = [known.loc[known["kind"].isin(k), "row"].nunique() for k, _ in panels]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(5.0 * len(panels) + 0.3, 0.24 * max(n_rows) + 1.5), squeeze=False, sharex=True
    )
    colours = {"up": CASE, "down": CONTROL, "up-down": MARK, "signed": GREEN, "module": SKY}
    shapes = {"up": "^", "down": "v", "up-down": "D", "signed": "s", "module": "o"}
    for axis, (shown, title) in zip(axes[0], panels, strict=True):
        part = known[known["kind"].isin(shown)]
        rows = part["row"].drop_duplicates().tolist()
        for kind in shown:
            one = part[part["kind"] == kind]
            y = [rows.index(r) for r in one["row"]]
            found = holding(one).to_numpy()
            face = np.where(found, colours[kind], "none")
            axis.scatter(
                one["z_null"], y, s=34, marker=shapes[kind], c=face, edgecolors=colours[kind], lw=0.9, zorder=2
            )
            axis.scatter([], [], s=34, marker=shapes[kind], c=colours[kind], label=kind)
        axis.axvline(0, color=GREY, lw=0.8)
        axis.set_yticks(range(len(rows)), [short(r, 30) for r in rows], fontsize=7)
        axis.set(title=title, ylim=(len(rows) - 0.4, -0.6), xlabel="z under null maps (filled: follows the map)")
        axis.grid(axis="y", color="#EEEEEE", lw=0.6)
        if title == "Contrasts":
            axis.legend(frameon=False, fontsize=7, ncols=len(shown), loc="upper left", bbox_to_anchor=(-0.1, -0.1))
    return figure
