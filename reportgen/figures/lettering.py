"""Text on raster images: in the report's typeface where it has the characters, cut to a width."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw, ImageFont

from reportgen.errors import FontMissingError
from reportgen.typefaces.choice import describe_lack
from reportgen.typefaces.face import MAIN_FILES, OWN, Face, Typefaces
from reportgen.typefaces.script import (
    is_invisible,
    is_mark,
    needs_shaping,
    split_clusters,
    split_directions,
)

_DOTS = 72
"""Dots an inch at which a size in points is one in pixels."""

_SCALE = 100
"""Pixels; outlines are taken at one size, and then enlarged or reduced."""

_MARGIN = 2


class Run(Protocol):
    """Text that can be drawn on a line, with its extent."""

    @property
    def length(self) -> float:
        """The advance width in pixels."""

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], fill: str) -> None:
        """Draw it with the left end of its baseline at ``at`` (x, y)."""


@dataclass(frozen=True)
class PlainRun:
    """Letters set one after the other from left to right."""

    font: ImageFont.FreeTypeFont
    text: str

    @property
    def length(self) -> float:
        """The advance width in pixels."""
        return self.font.getlength(self.text)

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], fill: str) -> None:
        """Draw it with the left end of its baseline at ``at`` (x, y)."""
        canvas.text(at, self.text, fill=fill, font=self.font, anchor="ls")


@dataclass(frozen=True)
class Outline:
    """Shaped letters: their contours in pixels, y upwards from the baseline, and the advance width."""

    path: Path
    advance: float


@dataclass(frozen=True)
class ShapedRun:
    """Letters joined, combined and ordered as their script asks for."""

    outline: Outline

    @property
    def length(self) -> float:
        """The advance width in pixels."""
        return self.outline.advance

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], fill: str) -> None:
        """Draw it with the left end of its baseline at ``at`` (x, y)."""
        # A space has no outline, and so no extent.
        if not np.size(self.outline.path.vertices):
            return
        box = self.outline.path.get_extents()
        left, top = np.floor(at[0] + box.x0) - _MARGIN, np.floor(at[1] - box.y1) - _MARGIN
        width, height = np.ceil([at[0] + box.x1 - left, at[1] - box.y0 - top]).astype(int) + _MARGIN
        renderer = RendererAgg(width, height, _DOTS)
        transform = Affine2D().translate(at[0] - left, height - (at[1] - top))
        lines = renderer.new_gc()
        # Agg would draw the outline as well, and letters would be bolder.
        lines.set_linewidth(0)
        renderer.draw_path(lines, self.outline.path, transform, (0, 0, 0, 1))
        # The coverage alone: bitmap() paints it in the colour that is asked for.
        ink = Image.fromarray(np.asarray(renderer.buffer_rgba())[..., 3].copy())
        canvas.bitmap((left, top), ink, fill=fill)


def shape(text: str, face: Face, size: float) -> Outline:
    """Set ``text`` in one face, ``size`` pixels an em, with all that the font and the script ask for.

    matplotlib brings HarfBuzz with it, so the outcome does not depend on what the machine has installed.
    """
    font = FT2Font(str(face.file), face_index=face.index)
    font.set_size(_SCALE, _DOTS)
    # Not documented by matplotlib, whose version pyproject.toml bounds.
    placed, glyphs, _ = TextToPath().get_glyphs_with_font(font, text)
    vertices, codes = [np.empty((0, 2))], [np.empty(0, Path.code_type)]
    for glyph, x, y, scale in placed:
        points, kinds = glyphs[glyph]
        vertices.append(np.asarray(points).reshape(-1, 2) * scale + (x, y))
        codes.append(np.asarray(kinds, Path.code_type))
    # Unhinted, as hinting rounds the advance to whole pixels.
    font.set_text(text, flags=LoadFlags.NO_HINTING)
    # FreeType counts in 64ths of a pixel.
    advance = font.get_width_height()[0] / 64
    path = Path(np.concatenate(vertices) * (size / _SCALE), np.concatenate(codes))
    return Outline(path, advance * size / _SCALE)


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
        # Composed, as fonts have most letters with their marks.
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
        # By clusters: a cut between a letter and its marks would leave another letter.
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
            # Arabic letters join those beside them only if one font sets them all.
            whole = self._faces.choose_whole(part, bold=self._bold) if leftwards else None
            divided = [(whole, part)] if whole else self._faces.divide(part, bold=self._bold)
            # As they are drawn: of what runs leftwards the first piece is the rightmost.
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
            # Pillow's other one, Raqm, is there on some machines only, and spaces letters otherwise.
            layout = ImageFont.Layout.BASIC
            self._fonts[face] = ImageFont.truetype(face.file, size, face.index, layout_engine=layout)
        return PlainRun(self._fonts[face], text)


def number_text(value: float) -> str:
    """Write a number with three significant digits, a true minus sign and no trailing zeros."""
    # Three digits, as explore.js writes values in the page, too.
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        # Rounded by way of a float: as a format .3g would write 1.23e+05.
        text = np.format_float_positional(float(f"{value:.3g}"), trim="-")
        return text.replace("-", "\N{MINUS SIGN}")
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
