"""Site effects: how sites are dealt with when groups are compared or participants are classified."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from amygene.io.choices import Choice, Registry
from amygene.models.site_effects import COVARIATE, IGNORED, POOLED, SiteEffects


@dataclass(frozen=True)
class SiteEffectsChoice(Choice):
    """One way to deal with sites; the place, if there is one, is that of what fits a harmonisation.

    Attributes
    ----------
    in_model, pooled
        As of `SiteEffects`.
    training, estimated
        What prediction harmonises a training part with, and what it estimates for an unseen site, in the methods text.
    side_by_side
        Has rows in every ``_harmonisation.tsv``, which compares ways to deal with sites; else in those of contrasts
        that choose it.
    """

    in_model: bool = False
    pooled: bool = False
    training: str = ""
    estimated: str = ""
    side_by_side: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of `SiteEffects`, for the params of a rule."""
        return asdict(SiteEffects(self.name, self.in_model, self.pooled, self.place))


SITE_EFFECTS = Registry(
    "contrasts.<name>.site_effects",
    SiteEffectsChoice(
        COVARIATE.name,
        "",
        label="site as covariate",
        sentence="Every site had an intercept of its own.",
        meaning="every site has its own intercept",
        in_model=True,
    ),
    SiteEffectsChoice(
        IGNORED.name,
        "",
        label="site ignored",
        sentence="Sites were not modelled.",
        meaning="sites are ignored",
    ),
    SiteEffectsChoice(
        "combat",
        "amygene.models.harmonisation:fit_combat",
        label="ComBat",
        sentence="Connectivity was first harmonised across sites with ComBat, which kept group and covariates "
        "[{combat}].",
        reference="combat",
        meaning="harmonised by ComBat first, sites' means and variances",
        training="ComBat [{combat}]",
        estimated="shift and spread of ComBat",
    ),
    SiteEffectsChoice(
        "combat-mean",
        "amygene.models.harmonisation:fit_combat_mean",
        label="ComBat, means only",
        sentence="Connectivity was first harmonised across sites with ComBat without its variance step, which kept "
        "group and covariates [{combat}].",
        reference="combat",
        meaning="harmonised by ComBat first, sites' means only",
        training="ComBat without its variance step [{combat}]",
        estimated="the shift of ComBat",
        # the table of earlier studies stays as it is
        side_by_side=False,
    ),
    SiteEffectsChoice(
        POOLED.name,
        "",
        label="random effects",
        sentence="The difference was estimated at every site and pooled with random effects [{dl}], standard errors "
        "after Hartung and Knapp [{hk}].",
        reference="dl",
        meaning="estimated at every site and pooled",
        pooled=True,
    ),
)
#: of the prediction
HARMONISATIONS = Registry(
    "prediction.harmonise", *(way for way in SITE_EFFECTS.values() if way.place), SITE_EFFECTS[IGNORED.name]
)
