"""Letters that stand together in one font, set one after the other or shaped, and drawn on a raster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.path import Path
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw, ImageFont

from reportgen.typefaces.face import Face

_DOTS = 72
"""Dots an inch at which a size in points is one in pixels."""

_SCALE = 100
"""Pixels; outlines are taken at one size, and then enlarged or reduced."""

_MARGIN = 2


class Run(Protocol):
    """What can be drawn on a line, and how far it reaches."""

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
        if not np.size(self.outline.path.vertices):
            return
        box = self.outline.path.get_extents()
        left, top = np.floor(at[0] + box.x0) - _MARGIN, np.floor(at[1] - box.y1) - _MARGIN
        width, height = np.ceil([at[0] + box.x1 - left, at[1] - box.y0 - top]).astype(int) + _MARGIN
        renderer = RendererAgg(width, height, _DOTS)
        place = Affine2D().translate(at[0] - left, height - (at[1] - top))
        lines = renderer.new_gc()
        lines.set_linewidth(0)
        renderer.draw_path(lines, self.outline.path, place, (0, 0, 0, 1))
        ink = Image.fromarray(np.asarray(renderer.buffer_rgba())[..., 3].copy())
        canvas.bitmap((left, top), ink, fill=fill)


def shape(text: str, face: Face, size: float) -> Outline:
    """Set ``text`` in one face, ``size`` pixels an em, with all that the font and the script ask for.

    matplotlib brings HarfBuzz with it, so the outcome does not depend on what the machine has installed.
    """
    font = FT2Font(str(face.file), face_index=face.index)
    font.set_size(_SCALE, _DOTS)
    placed, glyphs, _ = TextToPath().get_glyphs_with_font(font, text)
    vertices, codes = [np.empty((0, 2))], [np.empty(0, Path.code_type)]
    for glyph, x, y, scale in placed:
        points, kinds = glyphs[glyph]
        vertices.append(np.asarray(points).reshape(-1, 2) * scale + (x, y))
        codes.append(np.asarray(kinds, Path.code_type))
    font.set_text(text, flags=LoadFlags.NO_HINTING)
    advance = font.get_width_height()[0] / 64
    path = Path(np.concatenate(vertices) * (size / _SCALE), np.concatenate(codes))
    return Outline(path, advance * size / _SCALE)
