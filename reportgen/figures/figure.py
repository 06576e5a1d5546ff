"""Finished pictures and figures, as bytes with what must be known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72

TEXT_WIDTH_MM = 144
"""The width of a page's text, and so of the widest picture."""

PRINT_DPI = 270
"""Rasters are made for this resolution."""

PAGE_WIDTH = int(TEXT_WIDTH_MM / MM_PER_INCH * PRINT_DPI)
"""Pixels across the text of a page."""


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its size: pixels of a raster, whole points of an SVG."""

    data: bytes
    mime: Literal["image/png", "image/jpeg", "image/svg+xml"]
    width: int
    height: int

    @property
    def print_width(self) -> float:
        """The width in millimetres at which its text has the size it was drawn for (8 to 9 pt)."""
        return self.width * self._mm_per_unit

    @property
    def print_height(self) -> float:
        """The height in millimetres that goes with ``print_width``."""
        return self.height * self._mm_per_unit

    @property
    def _mm_per_unit(self) -> float:
        return MM_PER_INCH / (POINTS_PER_INCH if self.mime == "image/svg+xml" else PRINT_DPI)


@dataclass(frozen=True)
class Figure:
    """One figure: ``name`` is unique in the report, ``alt`` tells its content to who cannot see it."""

    name: str
    picture: Picture
    alt: str
