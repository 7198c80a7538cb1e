"""One look for all figures: colours that colour-blind readers tell apart, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from amygene.io.files import replacing

mpl.use("agg")
mpl.rcParams.update(
    {
        "font.size": 9,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "figure.dpi": 100,
        "savefig.dpi": 160,
        "svg.hashsalt": "amygene",
        "text.parse_math": False,  # a dollar sign in a name is a dollar sign
        "figure.constrained_layout.use": True,
    }
)

#: Okabe and Ito's palette
CASE, CONTROL, MARK, GREY, GREEN, SKY = "#D55E00", "#0072B2", "#CC79A7", "#8A8A8A", "#009E73", "#56B4E9"
#: blue is less in cases, red more
DIVERGING = "RdBu_r"


def save(figure: Figure, svg: str | Path, png: str | Path) -> None:
    """Write a figure as SVG and PNG, and close it."""
    # without the time of writing and the program's version the same figure gives the same bytes
    for path, silent in ((svg, "Date"), (png, "Software")):
        with replacing(path) as beside:
            figure.savefig(beside, format=Path(path).suffix[1:], bbox_inches="tight", metadata={silent: None})
    plt.close(figure)


def short(name: str, width: int = 44) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= width else name[: width - 1] + "…"
