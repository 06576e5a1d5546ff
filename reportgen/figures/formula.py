"""Formulas, set by matplotlib's mathtext in the typeface of the text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

_UNITS_PER_EM = 1000
_MARGIN = 10
"""Room, in thousandths of an em, that keeps smoothed edges from being cut."""

_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}


class _FineOutlines(TextToPath):
    """Outlines in thousandths of an em: mathtext rounds baselines to whole units."""

    # Not documented by matplotlib, whose version pyproject.toml bounds.
    FONT_SCALE = float(_UNITS_PER_EM)


@dataclass(frozen=True)
class Formula:
    """A formula as SVG, its size in em; ``depth`` is how far it reaches below the baseline of the text.

    In HTML: ``width`` and ``height`` as they are, ``vertical-align`` = −``depth``.
    """

    svg: bytes
    width: float
    height: float
    depth: float


def formula(tex: str) -> Formula:
    r"""Set mathtext such as ``r"$W_2 = \frac{W_1 - F + 2P}{S} + 1$"`` in STIX, as outlines.

    Raises ``ValueError`` with the position of the mistake if it cannot be parsed, has a character that the
    font lacks, or draws nothing.
    """
    font = FontProperties(family="STIXGeneral", math_fontfamily="stix")
    with _strict():
        # As outlines, since WeasyPrint prints MathML's a/b as ab, without a word.
        vertices, codes = _FineOutlines().get_text_path(font, tex, ismath=True)
    if not len(vertices):
        raise ValueError(f"{tex!r} draws nothing")
    outline = Path(vertices, codes)
    box = outline.get_extents()
    left, right = np.floor(box.x0) - _MARGIN, np.ceil(box.x1) + _MARGIN
    # Depth is never negative: what ends above the baseline, such as a minus, reaches down to it.
    # SVG counts downwards.
    top, bottom = np.floor(-box.y1) - _MARGIN, max(0.0, np.ceil(-box.y0)) + _MARGIN
    width, height, depth = (float(size) / _UNITS_PER_EM for size in (right - left, bottom - top, bottom))
    # In the colour of the text around it, which is light on a dark page.
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}em" height="{height:g}em" '
        f'viewBox="{left:.0f} {top:.0f} {right - left:.0f} {bottom - top:.0f}">'
        f'<path fill="currentColor" d="{_data(outline)}"/></svg>'
    )
    return Formula(svg.encode(), width, height, depth)


class _Refusal(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # logging lets an error of emit() through to whoever logged.
        raise ValueError(record.getMessage())


@contextmanager
def _strict() -> Iterator[None]:
    """Make an error of what mathtext only warns of: it draws a dummy for a character it does not have."""
    logger, refusal = logging.getLogger("matplotlib.mathtext"), _Refusal(logging.WARNING)
    logger.addHandler(refusal)
    try:
        yield
    finally:
        logger.removeHandler(refusal)


def _data(outline: Path) -> str:
    """Write a path as the ``d`` of an SVG path, in whole units, which are finer than any printer's dot."""
    parts = []
    for vertices, code in outline.iter_segments(simplify=False, curves=True):
        points = np.asarray(vertices).reshape(-1, 2) * (1, -1)
        command = _COMMANDS[code]
        parts.append(
            command if command == "Z" else command + " ".join(f"{value:.0f}" for value in points.ravel())
        )
    return "".join(parts)
