"""Expression of an atlas's regions from the Allen Human Brain Atlas's microarray data, through abagen.

`regional_expression` runs in abagen's environment (envs/abagen): what this module imports must be there too.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: donors of the atlas, and the files that abagen reads of each
DONORS = (9861, 10021, 12876, 14380, 15496, 15697)
FILES = ("MicroarrayExpression.csv", "Ontology.csv", "PACall.csv", "Probes.csv", "SampleAnnot.csv")
#: settings that abagen takes as they are
PASSED_ON = (
    "ibf_threshold", "probe_selection", "lr_mirror", "sample_norm", "gene_norm", "norm_structures", "missing",
    "tolerance", "reannotated",
)  # fmt: skip
#: fewest regions over which two donors are compared
MIN_REGIONS = 5
#: our structures in abagen's words
_STRUCTURES = {"cortex": "cortex", "subcortex": "subcortex/brainstem", "cerebellum": "cerebellum"}


def chosen_donors(donors: Sequence[int | str]) -> list[int]:
    """The donors that ``expression.donors`` names; ``all`` is all six."""
    return [d for d in DONORS if d in donors or "all" in donors]


def donor_folder(donor: int) -> str:
    """Name of a donor's folder, as the Allen Institute gives it."""
    return f"normalized_microarray_donor{donor}"


def check_donors(folder: str | Path, donors: Sequence[int]) -> None:
    """Check that every file of the donors is there.

    Raises
    ------
    InputError
        With all that is missing.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"config key expression.donors_folder: there is no folder {folder}")
    found = sorted(f.name for f in folder.glob("normalized_microarray_donor*"))
    if not found:
        raise InputError(
            f"config key expression.donors_folder: {folder} holds no folder normalized_microarray_donor*; "
            f"found {some(sorted(f.name for f in folder.iterdir()), 4) or 'nothing'}"
        )
    problems = []
    for donor in donors:
        name = donor_folder(donor)
        absent = [file for file in FILES if not (folder / name / file).is_file()]
        if name not in found:
            problems.append(f"{folder}: there is no {name}; name the donors that there are in expression.donors")
        elif absent:
            problems.append(f"{folder / name}: {some(absent)} is missing")
    raise_if_any(problems)


def check_probes(probes: Sequence[str], reannotated: Sequence[str], name: str | Path) -> None:
    """Check that every reannotated probe is one of a donor's probes: abagen looks all of them up.

    Raises
    ------
    InputError
        With how many are missing.
    """
    absent = pd.Index(reannotated).difference(pd.Index(probes))
    if len(absent):
        raise InputError(
            f"{name}: {len(absent)} of {len(reannotated)} reannotated probes are missing ({some(absent, 3)}); "
            "set expression.reannotated: false for files that do not hold all of AHBA's probes"
        )


def atlas_info(regions: pd.DataFrame) -> pd.DataFrame:
    """The atlas's table as abagen wants it: id, label, hemisphere, structure.

    With it a sample goes only to regions of its own hemisphere and structure.
    """
    return pd.DataFrame(
        {
            "id": regions["index"].to_numpy(),
            "label": regions["region"].to_numpy(),
            "hemisphere": regions["hemisphere"].to_numpy(),
            "structure": regions["structure"].map(_STRUCTURES).to_numpy(),
        }
    )


def atlas_image(image: Nifti1Image, regions: pd.DataFrame, tolerance: float, name: str) -> Nifti1Image:
    """The atlas's image as abagen can use it.

    Parameters
    ----------
    image
        Region numbers in MNI space.
    regions
        Regions to keep; other numbers become background.
    tolerance
        Distance in mm at which a sample still belongs to a region.
    name
        Of the file, for messages.

    Returns
    -------
    Nifti1Image
        Axes along those of MNI space and ascending, since abagen takes the three entries of the affine that are
        not 0 for the voxel sizes; with an empty margin wider than the tolerance, since it moves a sample outside
        of the image to a voxel at one of its ends.

    Raises
    ------
    InputError
        The axes of the image are oblique.
    """
    import nibabel

    canonical = nibabel.as_closest_canonical(nibabel.funcs.squeeze_image(image))
    affine = canonical.affine.copy()
    voxel = np.diag(affine)[:3]
    if not np.allclose(affine[:3, :3], np.diag(voxel), atol=1e-4 * voxel.min()):
        raise InputError(f"{name}: its axes are oblique to those of MNI space; resample it to a grid of MNI space")
    numbers = np.asanyarray(canonical.dataobj).round().astype(np.int32)
    numbers[~np.isin(numbers, regions["index"])] = 0
    margin = np.ceil(tolerance / voxel).astype(int) + 2
    affine[:3, 3] -= margin * voxel
    affine[:3, :3] = np.diag(voxel)
    return nibabel.Nifti1Image(np.pad(numbers, [(m, m) for m in margin]), affine)


@dataclass(frozen=True)
class Expression:
    """Result of `regional_expression`.

    Attributes
    ----------
    matrix : DataFrame of shape (n_regions, n_genes)
        In the atlas's order, index named ``region``; NaN throughout where no sample is.
    samples : DataFrame
        region, n_samples.
    n_unstable
        Genes that the cut of differential stability left out.
    """

    matrix: pd.DataFrame
    samples: pd.DataFrame
    n_unstable: int


def regional_expression(
    image: Nifti1Image, regions: pd.DataFrame, folder: str | Path, settings: Mapping[str, Any], name: str
) -> Expression:
    """Regions x genes from the samples of the donors.

    abagen (Markello 2021, eLife 10:e72129) filters probes by intensity, chooses one per gene, assigns samples to
    regions, normalises samples and genes within each donor and averages samples within region and donor. Donors
    are averaged here, with equal weight, as abagen does, so that differential stability can be had as well.

    Parameters
    ----------
    image, regions
        Atlas.
    folder
        Holds the donors' folders.
    settings
        `PASSED_ON`, and ``donors`` (numbers), ``stability`` (genes with less differential stability are left out;
        -1 keeps all) and ``left_only`` (leave out regions of the right hemisphere, and with them their samples).
    name
        Of the image, for messages.

    Raises
    ------
    InputError
        Files are missing, no sample is in the atlas, or no gene is left.
    """
    from amygene.expression import abagen_compat

    check_donors(folder, settings["donors"])
    abagen = abagen_compat.load()
    probes = Path(folder) / donor_folder(settings["donors"][0]) / "Probes.csv"
    if settings["reannotated"]:
        listed = pd.read_csv(Path(abagen.__path__[0]) / "data" / "reannotated.csv.gz").dropna(subset="entrez_id")
        check_probes(pd.read_csv(probes)["probe_name"], listed["probe_name"], probes)
    kept = regions[regions["hemisphere"] != "R"] if settings["left_only"] else regions
    with _as_abagen_wants(folder, settings["donors"]) as data_dir:
        by_donor, counts = abagen.get_expression_data(
            atlas_image(image, kept, settings["tolerance"], name),
            atlas_info(kept),
            data_dir=data_dir,
            donors=[str(d) for d in settings["donors"]],
            return_donors=True,
            return_counts=True,
            verbose=1,
            **{key: settings[key] for key in PASSED_ON},
        )
    if not counts.to_numpy().any():
        raise InputError(
            f"{name}: no sample lies within {settings['tolerance']} mm of a region; is the image in MNI space?"
        )
    matrix = average_donors(list(by_donor.values()))
    n_measured = matrix.shape[1]
    if settings["stability"] > -1:
        stability = differential_stability(by_donor, counts)
        matrix = matrix.loc[:, stability[matrix.columns] >= settings["stability"]]
    if matrix.shape[1] == 0:
        raise InputError(
            f"config keys expression.ibf_threshold and stability leave no gene ({n_measured} before the cut of "
            "differential stability); lower them"
        )
    names = regions.set_index("index")["region"]
    matrix = matrix.reindex(names.index)
    matrix.index = pd.Index(names, name="region")
    n_samples = counts.sum(axis=1).reindex(names.index, fill_value=0).astype(int)
    samples = pd.DataFrame({"region": names.to_numpy(), "n_samples": n_samples.to_numpy()})
    return Expression(matrix.rename_axis(columns=None), samples, n_measured - matrix.shape[1])


@contextmanager
def _as_abagen_wants(folder: str | Path, donors: Sequence[int]) -> Iterator[str]:
    """A folder with the donors below ``microarray``, where abagen looks; it downloads what it does not find."""
    with tempfile.TemporaryDirectory() as data_dir:
        microarray = Path(data_dir) / "microarray"
        microarray.mkdir()
        for donor in donors:
            (microarray / donor_folder(donor)).symlink_to((Path(folder) / donor_folder(donor)).resolve())
        yield data_dir


def average_donors(by_donor: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Mean over donors of regions x genes, each donor with the same weight.

    A gene that is missing in a region with samples could not be normalised there (it does not vary in the donor)
    and is left out, as abagen does.
    """
    mean = pd.concat([frame.astype(float) for frame in by_donor]).groupby(level=0).mean()
    measured = mean.dropna(axis=0, how="all")
    return mean.loc[:, measured.notna().all(axis=0)]


def differential_stability(by_donor: Mapping[str, pd.DataFrame], counts: pd.DataFrame) -> pd.Series:
    """How much a gene's pattern over regions is the same in all donors (Hawrylycz 2015, Nat Neurosci 18:1832).

    Mean over pairs of donors of Spearman's correlation over the regions in which both have samples; regions that
    were filled do not count, and neither do pairs with fewer than `MIN_REGIONS` regions.

    Parameters
    ----------
    by_donor
        Donor -> regions x genes.
    counts
        Samples, regions x donors.

    Returns
    -------
    Series
        By gene; missing for a gene that varies in no pair of donors.
    """
    pairs = []
    for one, other in itertools.combinations(by_donor, 2):
        both = counts.index[(counts[one] > 0) & (counts[other] > 0)]
        if len(both) >= MIN_REGIONS:
            x, y = (by_donor[donor].loc[both].astype(float).rank() for donor in (one, other))
            pairs.append(x.corrwith(y))
    genes = next(iter(by_donor.values())).columns
    return pd.concat(pairs, axis=1).mean(axis=1) if pairs else pd.Series(np.nan, index=genes)
