"""matplotlib drawings in the report's style, as SVG that is the same on every machine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from reportgen.figures.figure import MM_PER_INCH, POINTS_PER_INCH, Picture

TEXT_POINTS = 8.5
"""The size of lettering in print, as in montages."""

MM = 1 / MM_PER_INCH
"""Inches, which is what matplotlib counts in."""

_STYLE = MappingProxyType(
    {
        "font.family": ["STIXGeneral", "DejaVu Sans"],
        "font.size": TEXT_POINTS,
        "axes.titlesize": TEXT_POINTS,
        "axes.labelsize": TEXT_POINTS,
        "xtick.labelsize": TEXT_POINTS,
        "ytick.labelsize": TEXT_POINTS,
        "mathtext.fontset": "stix",
        "axes.linewidth": 0.5,
        "xtick.major.width": 0.5,
        "ytick.major.width": 0.5,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "svg.fonttype": "path",
        "svg.hashsalt": "reportgen",
    }
)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the report's style, whatever a ``matplotlibrc`` of the user says; nothing of it stays."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def svg_picture(figure: Figure) -> Picture:
    """Encode a figure as SVG, cut to what is drawn, with outlines for letters and without a time stamp.

    Call it within ``house_style``. The picture's size is in points.
    """
    buffer = io.BytesIO()
    # Half a point keeps the outer half of a line on the edge.
    box = figure.get_tightbbox().padded(0.5 / POINTS_PER_INCH)
    metadata: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", bbox_inches=box, metadata=metadata)
    width, height = (round(side * POINTS_PER_INCH) for side in (box.width, box.height))
    return Picture(buffer.getvalue(), "image/svg+xml", width, height)
