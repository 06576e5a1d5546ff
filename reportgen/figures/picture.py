"""A finished picture, and how a raster image becomes one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PRINT_DPI = 270
"""Rasters are made for this resolution: 1700 pixels are then the 160 mm of a page's text."""

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72

_PNG_LEVEL = 4
"""zlib's level; 9 takes ten times as long and saves 3 %."""

_JPEG_QUALITY = 88

RasterMime = Literal["image/png", "image/jpeg"]


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


def raster_picture(image: Image.Image, mime: RasterMime = "image/png") -> Picture:
    """Encode an RGB image, without a time stamp: equal pixels give equal bytes.

    PNG is exact. JPEG (quality 88, full colour resolution) takes a quarter of the space for photographs
    and what resembles them, and does no visible harm to lettering at print resolution.
    """
    buffer = io.BytesIO()
    dpi = (PRINT_DPI, PRINT_DPI)
    if mime == "image/png":
        image.save(buffer, "PNG", compress_level=_PNG_LEVEL, dpi=dpi)
    else:
        image.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True, dpi=dpi)
    return Picture(buffer.getvalue(), mime, image.width, image.height)


def raster_picture_of(pixels: NDArray[np.uint8], mime: RasterMime = "image/png") -> Picture:
    """Encode pixels, uint8 (H, W, 3), as they are."""
    return raster_picture(Image.fromarray(pixels), mime)
