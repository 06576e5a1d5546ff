"""How a raster image becomes a finished picture."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reportgen.figures.figure import PRINT_DPI, Picture

_PNG_LEVEL = 4
"""zlib's level; 9 takes ten times as long and saves 3 %."""

_JPEG_QUALITY = 85
_HALF_COLOUR = 2
"""Pillow's number for one colour value on 2 × 2 pixels (4:2:0); lightness keeps every pixel."""

RasterMime = Literal["image/png", "image/jpeg"]


def raster_picture(image: Image.Image, mime: RasterMime = "image/png") -> Picture:
    """Encode an RGB image, without a time stamp: equal pixels give equal bytes.

    PNG is exact. JPEG takes a fifth of the space for photographs and what resembles them. It halves the
    resolution of colour only, which lettering and lines, black, grey or white, do not have.
    """
    buffer = io.BytesIO()
    dpi = (PRINT_DPI, PRINT_DPI)
    if mime == "image/png":
        image.save(buffer, "PNG", compress_level=_PNG_LEVEL, dpi=dpi)
    else:
        image.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=_HALF_COLOUR, optimize=True, dpi=dpi)
    return Picture(buffer.getvalue(), mime, image.width, image.height)


def raster_picture_of(pixels: NDArray[np.uint8], mime: RasterMime = "image/png") -> Picture:
    """Encode pixels, uint8 (H, W, 3), as they are."""
    return raster_picture(Image.fromarray(pixels), mime)
