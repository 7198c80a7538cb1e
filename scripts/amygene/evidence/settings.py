"""What the config must say of published findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """Findings are held against contrasts of the study."""
    if "evidence" not in config["stages"]:
        return []
    known = config["contrasts"]
    listed = ", ".join(known) or "there are none"
    return [
        f"config key evidence.contrasts: {name} is no contrast of this study ({listed})"
        for name in config["evidence"]["contrasts"]
        if name not in known
    ]
