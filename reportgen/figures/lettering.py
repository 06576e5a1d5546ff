"""Text on rasters: the report's typeface, a second one for what it lacks, and text cut to a width."""

from __future__ import annotations

import unicodedata
from functools import cached_property
from itertools import groupby
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import ImageDraw, ImageFont

TEXT_SIZE = 32
"""Pixels; 8.5 pt at ``PRINT_DPI``."""

LINE_HEIGHT = 38

INK = "black"
QUIET_INK = "#555555"
HAIRLINE = "#707070"

_ELLIPSIS = "…"
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Lettering:
    """STIXGeneral at one size in pixels, with DejaVu Sans for the characters it lacks.

    Both fonts come with matplotlib, and Pillow's basic layout is the same on every machine. It sets
    right-to-left scripts from left to right.
    """

    def __init__(self, size: int, *, bold: bool = False) -> None:
        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        files = (
            ("STIXGeneralBol.ttf", "DejaVuSans-Bold.ttf") if bold else ("STIXGeneral.ttf", "DejaVuSans.ttf")
        )
        self.size = size
        self._files = tuple(str(folder / file) for file in files)
        # DejaVu Sans looks a size larger than a book face such as STIX.
        self._fonts = tuple(
            ImageFont.truetype(file, points, layout_engine=ImageFont.Layout.BASIC)
            for file, points in zip(self._files, (size, round(0.88 * size)), strict=True)
        )

    @cached_property
    def _main_characters(self) -> frozenset[int]:
        return frozenset(FT2Font(self._files[0]).get_charmap())

    @cached_property
    def _fallback_characters(self) -> frozenset[int]:
        return frozenset(FT2Font(self._files[1]).get_charmap())

    def legible(self, text: str) -> str:
        """Make one line of it: white space single, and U+FFFD for every character that neither font has."""
        line = " ".join(unicodedata.normalize("NFC", text).split())
        return "".join(letter if self._font_of(letter) is not None else _UNKNOWN for letter in line)

    def length(self, text: str) -> float:
        """Measure the advance width of legible text, in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

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
        """Draw legible text with its baseline at ``at`` (x, y); ``align`` is left, centre or right."""
        x, baseline = at
        x -= self.length(text) * {"left": 0, "centre": 0.5, "right": 1}[align]
        for font, run in self._runs(text):
            canvas.text((x, baseline), run, fill=fill, font=font, anchor="ls")
            x += font.getlength(run)

    def _font_of(self, letter: str) -> ImageFont.FreeTypeFont | None:
        if ord(letter) in self._main_characters:
            return self._fonts[0]
        return self._fonts[1] if ord(letter) in self._fallback_characters else None

    def _runs(self, text: str) -> list[tuple[ImageFont.FreeTypeFont, str]]:
        pairs = [(self._font_of(letter) or self._fonts[1], letter) for letter in text]
        return [
            (font, "".join(letter for _, letter in run)) for font, run in groupby(pairs, lambda pair: pair[0])
        ]


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
