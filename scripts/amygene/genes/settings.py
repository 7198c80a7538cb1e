"""What the config must say of maps of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """A map is a table or an image."""
    return [
        f"config key maps.{name}: give either table or image"
        for name, entry in config["maps"].items()
        if ("table" in entry) == ("image" in entry)
    ]
