"""Seeds: what is connected with the rest of the brain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amygene.problems import some


def seed_regions(seed: str, atlas: str, table: Iterable[Mapping[str, str]], own: Mapping[str, list[str]]) -> list[str]:
    """Regions of an atlas that make up a seed.

    Parameters
    ----------
    seed
        Name of the seed. One that neither the config nor the table of seeds knows is taken for the name
        of a region.
    atlas
        Name of the atlas.
    table
        Rows of config/seeds.tsv: seed, atlas, regions (separated by ``;``).
    own
        Seeds that the config defines itself: name -> regions.
    """
    if seed in own:
        return list(own[seed])
    for row in table:
        if row["seed"] == seed and row["atlas"] == atlas:
            return [region.strip() for region in row["regions"].split(";")]
    return [seed]


def check_seeds(seeds: Mapping[str, list[str]], labels: Iterable[str], atlas: str) -> list[str]:
    """Problems of seeds whose regions the atlas does not have."""
    known = set(labels)
    problems = []
    for seed, regions in seeds.items():
        absent = [r for r in regions if r not in known]
        if absent:
            problems.append(
                f"config key seeds: {seed} stands for {some(absent)}, which the atlas {atlas} does not have; "
                f"add a row to config/seeds.tsv or name regions of the atlas (such as {some(sorted(known), 3)})"
            )
    return problems
