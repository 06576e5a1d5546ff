"""A finished figure: its picture, its description in words, and the data it was drawn from."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reportgen.figures.colour import Rgb
from reportgen.figures.lettering import number_text
from reportgen.results import Box
from reportgen.typefaces.face import OWN, Typefaces

MM_PER_INCH = 25.4

POINTS_PER_INCH = 72

TEXT_WIDTH_MM = 144
"""The width of a page's text, and so of the widest picture."""

PRINT_DPI = 270
"""Rasters are made for this resolution."""

PAGE_WIDTH = int(TEXT_WIDTH_MM / MM_PER_INCH * PRINT_DPI)
"""Pixels across the text of a page."""

BAND_WIDTH = int(94 / MM_PER_INCH * PRINT_DPI)
"""Pixels of a montage beside which 46 mm are left: for the picture that it belongs to, or for its caption."""


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


CarriedMime = Literal["image/png", "image/jpeg", "application/x-float32"]


@dataclass(frozen=True)
class EmbeddedData:
    """Data behind a figure that are embedded in the page for its script: ``name`` is unique in the figure.

    Numbers are little-endian float32; ``tolerance`` is how far, as a part of the largest magnitude among
    them, the same numbers of another machine may lie off.
    """

    name: str
    mime: CarriedMime
    data: bytes
    tolerance: float = 0.0

    @property
    def address(self) -> str:
        """Its ``data:`` address."""
        # The tolerance is kept with the numbers, since whoever compares two pages knows nothing of sections.
        kind = f"{self.mime};tolerance={self.tolerance:g}" if self.tolerance else self.mime
        return f"data:{kind};base64,{base64.b64encode(self.data).decode()}"


def embed_numbers(name: str, values: NDArray[Any], tolerance: float) -> EmbeddedData:
    """Carry an array of any shape as float32, in C order."""
    # In one order of bytes, so that the page has the same ones wherever it was made.
    return EmbeddedData(name, "application/x-float32", values.astype("<f4").tobytes(), tolerance)


def embed_levels(name: str, levels: NDArray[np.uint8]) -> EmbeddedData:
    """Carry uint8 values, (H, W) or (H, W, 3), without loss, as a PNG that every browser can read."""
    buffer = io.BytesIO()
    # As small as zlib makes it: it is encoded once, and then opened by every reader.
    Image.fromarray(levels).save(buffer, "PNG", compress_level=9)
    return EmbeddedData(name, "image/png", buffer.getvalue())


def embed_photographs(name: str, pixels: NDArray[np.uint8]) -> EmbeddedData:
    """Carry pixels (H, W, 3) that are only looked at, as a JPEG."""
    return EmbeddedData(name, "image/jpeg", raster_picture_of(pixels, "image/jpeg").data)


@dataclass(frozen=True)
class Piece:
    """One picture of a sheet. ``name`` says in a word or two which one it is, for those who cannot see it.

    ``look``: its pixels are data, one value a pixel (``values``) or in squares that stay sharp (``squares``),
    and are kept exactly; or they are those of a ``photograph``.
    """

    picture: Picture
    name: str
    look: Literal["photograph", "values", "squares"] = "photograph"


@dataclass(frozen=True)
class Sheet:
    """The pictures of a figure one by one, so that a page can write their labels as text beside them.

    They are in rows of ``columns``; a cell has ``cell`` millimetres across and down. ``strip`` is the colour
    scale that all of them share, one pixel high, from its low end to its high one.
    """

    pieces: tuple[Piece, ...]
    columns: int
    cell: tuple[float, float]
    strip: Picture | None = None


@dataclass(frozen=True)
class Figure:
    """One figure: ``name`` is unique in the report, ``alt`` describes it to those who cannot see it.

    ``picture`` is complete, lettering and all. A page that writes the lettering itself takes
    the ``sheet`` instead, where there is one: text can be searched and selected, in any script, and keeps its
    size on a telephone, which lettering in pixels does not. ``embedded`` is for the page only; it is neither
    printed nor written to a file of its own.
    """

    name: str
    picture: Picture
    alt: str
    sheet: Sheet | None = None
    embedded: tuple[EmbeddedData, ...] = ()


NamedArrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class FigureData:
    """The section's ``numbers`` and ``arrays``; ``images`` are the example images (224, 224, 3) uint8 in the
    order of the classes if the section's figures ask for them; ``faces`` set the names of the classes.
    """

    numbers: Any
    arrays: NamedArrays
    images: Sequence[Rgb] = ()
    faces: Typefaces = OWN


def listed(names: Sequence[str]) -> str:
    """Join names to "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def say_number(value: float) -> str:
    """Say a number with three significant digits in a way that a screen reader speaks."""
    text = number_text(float(value)).replace("\N{MINUS SIGN}", "minus ")
    mantissa, _, exponent = text.partition("×10")
    if not exponent:
        return text
    power = exponent.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")).replace("⁻", "minus ")
    return f"{mantissa} times ten to the power of {power}"


def say_box(box: Box) -> str:
    """Say the pixels of a half-open box, ``stop`` being the first beyond it."""
    return f"rows {box.rows[0]} to {box.rows[1]} and columns {box.cols[0]} to {box.cols[1]}"


_PNG_LEVEL = 6
"""zlib's level. It saves 1 % and takes twice as long as 4; 9 saves 1 % more and takes three times as long."""

_JPEG_QUALITY = 85

_HALF_COLOUR = 2
"""Pillow's number for one colour value on 2 × 2 pixels (4:2:0); lightness keeps every pixel."""

RasterMime = Literal["image/png", "image/jpeg"]


def raster_picture(image: Image.Image, mime: RasterMime = "image/png") -> Picture:
    """Encode an RGB or grey image, or one with a table of colours, without a time stamp: equal pixels give
    equal bytes.

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


_MOST_COLOURS = 256


def exact_picture(pixels: NDArray[np.uint8]) -> Picture:
    """Encode pixels, uint8 (H, W, 3), as a PNG of as few bytes a pixel as show them exactly.

    A colour map has at most 256 colours: as an index into a table a map takes 40 % of what it takes in RGB
    (60 maps of photographs: 1.26 MB instead of 3.02).
    """
    red, green, blue = np.moveaxis(pixels, -1, 0)
    # One byte a pixel, and no table.
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return raster_picture(Image.fromarray(red))
    # As one number a pixel: np.unique along an axis is much slower.
    packed = red.astype(np.uint32) << 16 | green.astype(np.uint32) << 8 | blue
    colours, index = np.unique(packed, return_inverse=True)
    if len(colours) > _MOST_COLOURS:
        return raster_picture(Image.fromarray(pixels))
    table = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)
    image = Image.fromarray(index.reshape(red.shape).astype(np.uint8))
    image.putpalette(table.tobytes())
    return raster_picture(image)
