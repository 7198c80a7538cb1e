"""The methods section of a study, written from the settings that were used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.report.references import cited
from amygene.report.sections import (
    cohort,
    connectivity,
    enrichment,
    evidence,
    genes,
    group,
    group_voxels,
    meta,
    preclinical,
    prediction,
    response,
    response_voxels,
    sites,
)

#: modules with something to say after connectivity, in the order of the data
_STAGES = (group, sites, prediction, response, genes, enrichment, meta, preclinical, evidence)


def methods(
    config: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, str],
    images: bool = False,
) -> tuple[list[str], list[str]]:
    """Paragraphs and references.

    Parameters
    ----------
    config
        The study's complete settings.
    models
        Contrast -> settings of its model.
    versions
        Of packages.
    images
        Whether connectivity was computed from images.

    Returns
    -------
    paragraphs, references : lists of str
        References in the order in which they are cited.
    """
    stages = [cohort, *_STAGES]
    if images:
        # after the same question about regions
        maps = {group: [group_voxels], response: [response_voxels]}
        stages = [connectivity, *(one for stage in _STAGES for one in (stage, *maps.get(stage, [])))]
    paragraphs = [text for stage in stages for text in stage.methods(config, models)]
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    paragraphs.append(
        f"Software. {listed}; workflow by Snakemake [{{snakemake}}], brain pictures by nilearn [{{nilearn}}]. Seed of all random draws: {config['seed']}."
    )
    return cited(paragraphs)
