"""What benchmarks print, put where README.md shows it."""

from __future__ import annotations

import platform
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def machine() -> str:
    """Processor of this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def show(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    before, _, rest = README.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not end:
        raise ValueError(f"{README}: no place for {name!r}")
    README.write_text(f"{before}<!-- {name} -->\n{text}\n{end}{after}", encoding="utf-8")
