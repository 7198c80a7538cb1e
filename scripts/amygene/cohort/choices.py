"""Formats that a cohort may come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amygene.io.choices import Choice, Registry

#: what is done with series of regions
_SERIES = (
    "For every participant the mean series of each seed ({seeds}) was correlated (Pearson) with the series of every "
    "other region of the atlas {atlas}, and correlations were Fisher z-transformed. Regions whose series did not vary "
    "(no coverage) are missing in that participant; every region rests on the participants in whom it is known."
)
#: keys of `cohort` that every format takes
COMMON = ("format", "select", "missing", "codes", "categorical", "faulty")
#: that every format with images takes, and that sheets of sessions bring
IMAGES = ("sessions", "space", "mask", "tr")
SESSIONS = ("session_table", "outcome_table", "timepoints")


def _no_sessions(cohort: Mapping[str, Any]) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class CohortFormat(Choice):
    """A format of cohorts; its place reads who may take part (`cohort.roster`), none has nobody.

    Its sentence says how series of regions become connectivity; what is done with images depends on their cleaning
    (`report.sections.connectivity`).

    Attributes
    ----------
    needs, takes
        Keys of the config's `cohort` that it cannot do without, and others that are its own.
    sheet
        The participants sheet that is made from what the format has; empty: the user's own.
    made
        What is there once the files of a bucket of participants are made; empty: they are the user's.
    session_table, outcome_table
        Sheets that are made; empty: the user's own, if there are any.
    simulated_sessions
        Sessions that the settings of a simulated cohort plan.
    atlases, holds
        Of series of regions that come with the format: the atlases, and how a message says so; empty: of any.
    space
        Label of the images' space, where the config gives none.
    series
        Whether participants may come with series of regions.
    simulated
        Whether the data are invented.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    sheet: str = ""
    made: str = ""
    session_table: str = ""
    outcome_table: str = ""
    simulated_sessions: Callable[[Mapping[str, Any]], Sequence[str]] = _no_sessions
    atlases: tuple[str, ...] = ()
    holds: str = ""
    space: str = "MNI"
    series: bool = True
    simulated: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of `cohort` that only this format and its like take."""
        return (*self.needs, *self.takes)

    @property
    def images(self) -> bool:
        """Whether participants may come with images."""
        return set(IMAGES) <= set(self.takes)

    @property
    def has_participants(self) -> bool:
        """Whether there is a cohort at all."""
        return bool(self.place)


_REST_META_MDD = (
    "AAL116", "HarvardOxford96", "HarvardOxford16", "Craddock200", "Zalesky980", "Dosenbach160", "Power264",
)  # fmt: skip

FORMATS: Registry[CohortFormat] = Registry(
    "cohort.format",
    CohortFormat("none", "", "no cohort", "", meaning="no cohort", series=False),
    CohortFormat(
        "simulated",
        "amygene.cohort.roster:of_simulated",
        "simulated series",
        _SERIES,
        meaning="made by the pipeline, with planted truth",
        takes=("simulated",),
        sheet="results/{study}/cohort/simulated/participants.tsv",
        made="results/{study}/cohort/simulated/ROISignals",
        session_table="results/{study}/cohort/simulated/sessions.tsv",
        outcome_table="results/{study}/cohort/simulated/outcomes.tsv",
        simulated_sessions=lambda cohort: ("pre", "post")[: cohort["simulated"]["sessions"]],
        atlases=("DK83",),
        holds="a simulated cohort is made in DK83,",
        simulated=True,
    ),
    CohortFormat(
        "table",
        "amygene.cohort.roster:of_table",
        "participants sheet",
        _SERIES,
        meaning="a participants sheet with a column timeseries or a column bold",
        needs=("participants",),
        takes=("scans", "first_column", "n_columns", *IMAGES, *SESSIONS),
    ),
    CohortFormat(
        "rest-meta-mdd",
        "amygene.cohort.roster:of_rest_meta_mdd",
        "REST-meta-MDD",
        _SERIES,
        meaning="a copy of the REST-meta-MDD release",
        needs=("root",),
        takes=("phenotypes", "series", "motion"),
        sheet="results/{study}/cohort/rest-meta-mdd/participants.tsv",
        atlases=_REST_META_MDD,
        holds=f"the files of REST-meta-MDD hold {', '.join(_REST_META_MDD)};",
    ),
    CohortFormat(
        "abide",
        "amygene.cohort.roster:of_abide",
        "ABIDE",
        _SERIES,
        meaning="downloaded by nilearn",
        needs=("root",),
        takes=("pipeline", "global_signal_regression", "url"),
        sheet="results/{study}/cohort/abide/participants.tsv",
        made="results/{study}/cohort/abide/{bucket}.downloaded",
        atlases=("AAL116",),
        holds="format abide has series of AAL116 only,",
    ),
    CohortFormat(
        "bids",
        "amygene.cohort.roster:of_bids",
        "fMRIPrep's derivatives",
        "",
        meaning="fMRIPrep's images and confounds",
        needs=("root",),
        takes=("participants", "derivatives", "task", "resolution", *IMAGES, *SESSIONS),
        sheet="results/{study}/cohort/bids/participants.tsv",
        space="MNI152NLin2009cAsym",
        series=False,
    ),
    CohortFormat(
        "simulated-bids",
        "amygene.cohort.roster:of_simulated_bids",
        "simulated images",
        "",
        meaning="such images, made by the pipeline",
        takes=("simulated_scans", *IMAGES),
        sheet="results/{study}/cohort/simulated-bids/participants.tsv",
        made="results/{study}/cohort/simulated-bids/{bucket}.made",
        # ratings stand in the participants sheet
        outcome_table="results/{study}/cohort/simulated-bids/participants.tsv",
        simulated_sessions=lambda cohort: cohort["simulated_scans"]["sessions"],
        space="MNI152NLin2009cAsym",
        series=False,
        simulated=True,
    ),
    CohortFormat(
        "ready",
        "amygene.cohort.roster:of_table",
        "ready connectivity",
        "Connectivity of each seed ({seeds}) with every other region of the atlas {atlas} was computed elsewhere; "
        "here it is Fisher z. Every region rests on the participants in whom it is known.",
        meaning="a table of participants x regions per seed, computed elsewhere",
        needs=("participants", "maps", "scale"),
        series=False,
    ),
)
