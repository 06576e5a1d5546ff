"""Finished pictures and figures, as bytes with what must be known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PRINT_DPI = 270
"""Rasters are made for this resolution: 1700 pixels are then the 160 mm of a page's text."""

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72


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
        units_per_inch = POINTS_PER_INCH if self.mime == "image/svg+xml" else PRINT_DPI
        return self.width / units_per_inch * MM_PER_INCH


@dataclass(frozen=True)
class Figure:
    """One figure: ``name`` is unique in the report, ``alt`` tells its content to who cannot see it."""

    name: str
    picture: Picture
    alt: str
