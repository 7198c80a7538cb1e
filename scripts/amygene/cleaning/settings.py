"""What cannot be right in any cleaning of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """A band has its edges in order, and filtered images are not cleaned by what is not filtered."""
    cleaning = config["cleaning"]
    found = []
    band = cleaning["band_pass"]
    if band is not None and None not in band and band[0] >= band[1]:
        found.append(f"config key cleaning.band_pass: {band}: give [lowest, highest] in Hz")
    if cleaning["filtered"] and cleaning["strategy"] != "none":
        found.append(
            f"config key cleaning.strategy is {cleaning['strategy']}, but the images are filtered already: confounds "
            "that are not filtered alike would bring back what the filter took away (Lindquist 2019); use none, or "
            "images before the filter"
        )
    return found
