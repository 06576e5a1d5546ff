"""matplotlib drawings in the report's style, as SVG that is the same on every machine."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import matplotlib
from matplotlib import font_manager, ft2font
from matplotlib.figure import Figure

from reportgen.errors import RenderError
from reportgen.figures.figure import MM_PER_INCH, POINTS_PER_INCH, Picture
from reportgen.figures.font import choose_fonts, report_fonts
from reportgen.figures.script import name_scripts, needs_shaping

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


def font_families(texts: Iterable[str]) -> list[str]:
    """The families that plain text needs: those of the style, then the machine's for what these lack.

    Call it within ``house_style``. Raises ``RenderError`` if no font has a character, and if matplotlib
    would set the letters of a script in a row that must be joined or run from right to left.
    """
    families = list(matplotlib.rcParams["font.family"])
    for text in texts:
        if needs_shaping(text) and not hasattr(ft2font, "__libraqm_version__"):
            raise RenderError(
                f"The plots cannot show “{text}”: this matplotlib does not lay out {name_scripts(text)}.",
                "Install matplotlib 3.11 or newer, or write the name in other letters.",
            )
        files = choose_fonts(text).values()
        families += [_family(file) for file in sorted(set(files) - {*report_fonts()})]
    return list(dict.fromkeys(families))


def _family(file: str) -> str:
    """The name by which matplotlib finds a font file, which it may have to be told of."""
    manager = font_manager.fontManager
    if all(entry.fname != file for entry in manager.ttflist):
        manager.addfont(file)
    return next(entry.name for entry in manager.ttflist if entry.fname == file)


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
