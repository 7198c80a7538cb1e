"""What a person calls the designs and classifiers of prediction."""

from __future__ import annotations

from amygene.prediction.choices import CLASSIFIERS

_DESIGNS = {
    "cross-validation": "cross-validation",
    "leave-site-out": "site left out",
    "external": "second study",
    "replicate": "replicate (optimistic)",
}
_UNSEEN_SITES = {"none": ", as it is", "site controls": ", harmonised by its controls"}
#: features of the classifier that knows no connectivity
BASELINE = "covariates"


def design_name(design: str, unseen_site: str) -> str:
    """A design and variant."""
    return _DESIGNS[design] + _UNSEEN_SITES.get(unseen_site, "")


def classifier_name(model: str, features: str) -> str:
    """A classifier."""
    return "covariates alone" if features == BASELINE else f"{CLASSIFIERS[model].label}, {features}"
