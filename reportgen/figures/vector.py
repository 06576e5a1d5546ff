"""matplotlib drawings in the report's style, as SVG that is identical on every machine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from reportgen.errors import FontMissingError
from reportgen.figures.figure import MM_PER_INCH, POINTS_PER_INCH, Picture
from reportgen.typefaces.choice import describe_lack, find_lack
from reportgen.typefaces.face import MAIN_FILES, Face, Typefaces, report_face
from reportgen.typefaces.script import is_plain

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


def font_families(text: str, faces: Typefaces) -> list[str]:
    """The families that set a plain text: one that has all of it, if there is one, and then all others.

    Call it within ``house_style``. Raises ``FontMissingError`` if no font has a character.
    """
    usual = list(matplotlib.rcParams["font.family"])
    if is_plain(text):
        return usual
    if find_lack(text, faces):
        problem, remedy = describe_lack(text, faces)
        raise FontMissingError(f"The plots cannot show {problem}", remedy)
    whole = faces.choose_whole(text)
    extra = [_family(face) for face in (*faces.named, *faces.found)]
    first = [] if whole is None or whole == report_face(MAIN_FILES[0]) else [_family(whole)]
    return list(dict.fromkeys((*first, *usual, *extra)))


def _family(face: Face) -> str:
    """A name of its own for a face, by which matplotlib finds this one and no namesake."""
    name = f"{face.file}, face {face.index}"
    fonts = font_manager.fontManager.ttflist
    if all(entry.name != name for entry in fonts):
        entry = font_manager.ttfFontProperty(FT2Font(str(face.file), face_index=face.index))
        fonts.append(replace(entry, name=name, style="normal", weight=400))
    return name


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
