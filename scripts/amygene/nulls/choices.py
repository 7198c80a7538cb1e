"""Null models: what a map is compared with when it is held against genes, receptors or other maps."""

from __future__ import annotations

from dataclasses import dataclass

from amygene.io.choices import Choice, Registry


@dataclass(frozen=True)
class NullModel(Choice):
    """One way of making null maps; the function at its place has the signature of `moran.null_maps`.

    Attributes
    ----------
    cortex_only
        Regions of other structures are left out; else each structure has null maps of its own.
    warning
        What the report says beside results, if these null maps are shown only to compare with published work.
    """

    cortex_only: bool = False
    warning: str = ""


NULLS = Registry(
    "genes.nulls",
    NullModel(
        "moran",
        "amygene.nulls.moran:null_maps",
        label="Moran spectral randomisation",
        sentence="Moran spectral randomisation [{moran}], which keeps the map's mean, variance and autocorrelation",
        reference="moran",
        meaning="keep the map's mean, variance and autocorrelation within each structure",
    ),
    NullModel(
        "variogram",
        "amygene.nulls.variogram:null_maps",
        label="variogram-matching surrogates",
        sentence="surrogates whose variogram follows the map's [{variogram}] (structures with fewer than ten regions: "
        "Moran spectral randomisation [{moran}])",
        reference="variogram",
        meaning="follow the map's variogram within each structure and keep each structure's mean",
    ),
    NullModel(
        "spin",
        "amygene.nulls.spin:null_maps",
        label="spin",
        sentence="rotations of the cortex [{spin}]; other structures were left out",
        reference="spin",
        meaning="rotate the cortex and leave other structures out",
        cortex_only=True,
    ),
    NullModel(
        "shuffled",
        "amygene.nulls.shuffled:null_maps",
        label="shuffled within structure",
        sentence="shuffling regions, a replicate of published practice that ignores spatial autocorrelation",
        meaning="shuffle the regions of each structure, a replicate: ignores spatial autocorrelation, 20 to 70 % "
        "false positives",
        warning="This is a replicate of published practice: these null maps ignore spatial autocorrelation, which "
        "gives 20 to 70 % false positives.",
    ),
)
#: of maps that are compared over all structures
WHOLE_BRAIN = Registry("meta.nulls", *(null for null in NULLS.values() if not null.cortex_only))


def made_by(null: NullModel) -> str:
    """How its null maps are made, for the methods text."""
    if null.cortex_only:
        return f"made by {null.sentence}"
    within = "made separately in cortex, subcortex and cerebellum by"
    return f"{within} {null.sentence}, so that differences between structures do not count as association"
