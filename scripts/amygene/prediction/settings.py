"""What the config must say of prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """Models that are tested are fitted, and the second study is another one."""
    prediction = config["prediction"]
    tested, models = prediction["tested"], prediction["models"]
    found = []
    if tested and not set(tested) & set(models):
        found.append(
            f"config key prediction.tested: {', '.join(tested)} is not among prediction.models ({', '.join(models)}); "
            "name one of them, or give [] for no permutation p"
        )
    if prediction.get("external", {}).get("study") == config["study"]:
        found.append(f"config key prediction.external.study: {config['study']} is this study; name another one")
    return found
