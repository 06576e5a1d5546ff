"""Text on rasters: in the report's typeface as far as it goes, and cut to a width."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw, ImageFont, features

from reportgen.errors import RenderError
from reportgen.figures.font import choose_single_font, divide_by_font, report_fonts
from reportgen.figures.script import is_invisible, is_mark, name_scripts, needs_shaping, split_directions

TEXT_SIZE = 32
"""Pixels; 8.5 pt at ``PRINT_DPI``."""

LINE_HEIGHT = 38

INK = "black"
QUIET_INK = "#555555"
HAIRLINE = "#707070"

_ELLIPSIS = "…"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class _Run:
    """Letters that stand together, and the font that sets them."""

    font: ImageFont.FreeTypeFont
    text: str


class Lettering:
    """STIXGeneral at one size in pixels, DejaVu Sans for what it lacks, a font of the machine for the rest.

    Pillow's basic layout, the same on every machine, sets one letter after the other. Scripts that join
    letters, combine them or run from right to left are laid out by Raqm. A line that no font has, or that
    cannot be laid out, raises ``RenderError`` instead of being drawn wrong.
    """

    def __init__(self, size: int, *, bold: bool = False) -> None:
        self.size = size
        self._bold = bold
        self._main = report_fonts(bold=bold)[0]
        self._faces: dict[tuple[str, bool], ImageFont.FreeTypeFont] = {}
        self._known: dict[str, list[_Run]] = {}

    def legible(self, text: str) -> str:
        """Make one line of it: single spaces, and no invisible characters but those that shaping needs.

        Raises ``RenderError`` if it cannot be shown.
        """
        line = " ".join(unicodedata.normalize("NFC", text).split())
        if not needs_shaping(line):
            line = "".join(letter for letter in line if not is_invisible(letter))
        self._runs(line)
        return line

    def length(self, text: str) -> float:
        """Measure the advance width of a line, in pixels."""
        return sum(run.font.getlength(run.text) for run in self._runs(text))

    def shorten(self, text: str, width: float) -> str:
        """Make text legible and, if it is wider than ``width`` pixels, cut it and end it with an ellipsis."""
        line = self.legible(text)
        if self.length(line) <= width:
            return line
        for stop in range(len(line) - 1, 0, -1):
            cut = line[:stop].rstrip() + _ELLIPSIS
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
            canvas.text((x, baseline), run.text, fill=fill, font=run.font, anchor="ls")
            x += run.font.getlength(run.text)

    def _runs(self, text: str) -> list[_Run]:
        """Cut a line into what one font sets, from left to right as it is drawn."""
        if text not in self._known:
            shaped = self._is_shaped(text)
            self._known[text] = [
                _Run(self._face(file, shaped=shaped), letters) for file, letters in self._pieces(text)
            ]
        return self._known[text]

    def _pieces(self, text: str) -> list[tuple[str, str]]:
        pieces: list[tuple[str, str]] = []
        for part, leftwards in split_directions(text):
            whole = choose_single_font(part, bold=self._bold) if leftwards else None
            divided = [(whole, part)] if whole else divide_by_font(part, bold=self._bold)
            pieces += reversed(divided) if leftwards else divided
        return pieces

    def _is_shaped(self, text: str) -> bool:
        if needs_shaping(text):
            if not features.check("raqm"):
                raise RenderError(
                    f"The figures cannot show “{text}”: {name_scripts(text)} letters are joined or run from "
                    "right to left, and Pillow has no Raqm here to lay them out.",
                    "Install Pillow's own wheel (python -m pip install --force-reinstall pillow), "
                    "or write the name in other letters.",
                )
            return True
        return any(map(is_mark, text)) and bool(features.check("raqm"))

    def _face(self, file: str, *, shaped: bool) -> ImageFont.FreeTypeFont:
        key = (file, shaped)
        if key not in self._faces:
            # Sans-serif faces look a size larger than a book face such as STIX.
            size = self.size if file == self._main else round(0.88 * self.size)
            engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
            self._faces[key] = ImageFont.truetype(file, size, layout_engine=engine)
        return self._faces[key]


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
