"""What a model does about sites."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SiteEffects:
    """One way to deal with sites, as far as computing goes; `models.choices` offers them.

    Attributes
    ----------
    name
        In the config.
    in_model
        Every site has an intercept of its own in the linear model.
    pooled
        The difference is estimated at every site and pooled with random effects.
    harmonise
        Place of what fits a harmonisation of connectivity, as `harmonisation.fit_combat`; empty without one. What was
        harmonised has no site in its model.
    """

    name: str
    in_model: bool = False
    pooled: bool = False
    harmonise: str = ""


COVARIATE = SiteEffects("covariate", in_model=True)
IGNORED = SiteEffects("none")
POOLED = SiteEffects("random-effects", pooled=True)
