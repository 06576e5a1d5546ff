"""Text on rasters: in the report's typeface as far as it goes, and cut to a width."""

from __future__ import annotations

import unicodedata

import numpy as np
from PIL import ImageDraw, ImageFont

from reportgen.errors import FontMissingError
from reportgen.figures.run import PlainRun, Run, ShapedRun, shape
from reportgen.typefaces.chain import MAIN_FILES, OWN, Typefaces
from reportgen.typefaces.face import Face
from reportgen.typefaces.lack import describe_lack
from reportgen.typefaces.script import (
    is_invisible,
    is_mark,
    needs_shaping,
    split_clusters,
    split_directions,
)

TEXT_SIZE = 32
"""Pixels; 8.5 pt at ``PRINT_DPI``."""

LINE_HEIGHT = 38

INK = "black"
QUIET_INK = "#555555"
HAIRLINE = "#707070"

_ELLIPSIS = "…"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Lettering:
    """STIXGeneral at one size in pixels, and the other ``faces`` of the report for what it lacks.

    Pillow's basic layout, the same on every machine, sets one letter after the other. What joins or combines
    letters or runs from right to left is shaped. A line that no font has raises ``FontMissingError``.
    """

    def __init__(self, size: int, *, bold: bool = False, faces: Typefaces = OWN) -> None:
        self.size = size
        self._bold = bold
        self._faces = faces
        self._fonts: dict[Face, ImageFont.FreeTypeFont] = {}
        self._known: dict[str, list[Run]] = {}

    def legible(self, text: str) -> str:
        """Make one line of it: single spaces, and no invisible characters but those that shaping needs.

        Raises ``FontMissingError`` if it cannot be shown.
        """
        line = " ".join(unicodedata.normalize("NFC", text).split())
        if not needs_shaping(line):
            line = "".join(letter for letter in line if not is_invisible(letter))
        self._runs(line)
        return line

    def length(self, text: str) -> float:
        """Measure the advance width of a line, in pixels."""
        return sum(run.length for run in self._runs(text))

    def shorten(self, text: str, width: float) -> str:
        """Make text legible and, if it is wider than ``width`` pixels, cut it and end it with an ellipsis."""
        line = self.legible(text)
        if self.length(line) <= width:
            return line
        signs = split_clusters(line)
        for stop in range(len(signs) - 1, 0, -1):
            cut = "".join(signs[:stop]).rstrip() + _ELLIPSIS
            if self.length(cut) <= width:
                return cut
        return _ELLIPSIS

    def draw(
        self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: str, align: str
    ) -> None:
        """Draw a line with its baseline at ``at`` (x, y); ``align`` is left, centre or right."""
        x, baseline = at
        x -= self.length(text) * {"left": 0, "centre": 0.5, "right": 1}[align]
        for run in self._runs(text):
            run.draw(canvas, (x, baseline), fill)
            x += run.length

    def _runs(self, text: str) -> list[Run]:
        """Cut a line into what one font sets, from left to right as it is drawn."""
        if text not in self._known:
            self._known[text] = [self._run(face, letters) for face, letters in self._pieces(text)]
        return self._known[text]

    def _pieces(self, text: str) -> list[tuple[Face, str]]:
        pieces: list[tuple[Face, str]] = []
        for part, leftwards in split_directions(text):
            whole = self._faces.choose_whole(part, bold=self._bold) if leftwards else None
            divided = [(whole, part)] if whole else self._faces.divide(part, bold=self._bold)
            for face, letters in reversed(divided) if leftwards else divided:
                if face is None:
                    problem, remedy = describe_lack(text, self._faces)
                    raise FontMissingError(f"The figures cannot show {problem}", remedy)
                pieces.append((face, letters))
        return pieces

    def _run(self, face: Face, text: str) -> Run:
        # Sans-serif faces look a size larger than a book face such as STIX.
        size = self.size if face.file.name in MAIN_FILES else round(0.88 * self.size)
        if needs_shaping(text) or any(map(is_mark, text)):
            return ShapedRun(shape(text, face, size))
        if face not in self._fonts:
            layout = ImageFont.Layout.BASIC
            self._fonts[face] = ImageFont.truetype(face.file, size, face.index, layout_engine=layout)
        return PlainRun(self._fonts[face], text)


def number_text(value: float) -> str:
    """Write a number with three significant digits, a true minus sign and no trailing zeros."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        text = np.format_float_positional(float(f"{value:.3g}"), trim="-")
        return text.replace("-", "\N{MINUS SIGN}")
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
