"""Composes many small pictures into one labelled sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reportgen.figures.colour import Rgb, diverging, grey_to_rgb, sequential
from reportgen.figures.figure import (
    BAND_WIDTH,
    MM_PER_INCH,
    PAGE_WIDTH,
    PRINT_DPI,
    Figure,
    Picture,
    Piece,
    RasterMime,
    Sheet,
    exact_picture,
    raster_picture,
    raster_picture_of,
)
from reportgen.figures.lettering import (
    HAIRLINE,
    INK,
    LINE_HEIGHT,
    QUIET_INK,
    TEXT_SIZE,
    Lettering,
    number_text,
)
from reportgen.typefaces.face import OWN, Typefaces

_STRIP_HEIGHT = 20

_TICK_LENGTH = 6

_LEAST_GAP = 24


@dataclass(frozen=True)
class ScaleBar:
    """A colour scale from ``low`` to ``high`` in data units, with what the numbers are as its caption.

    ``colours`` names the function of ``colour`` that the tiles were coloured with; ``diverging`` needs
    ``low`` = −``high``. The scale of ``signed_rgb`` is ``grey``.
    """

    low: float
    high: float
    caption: str
    colours: Literal["grey", "sequential", "diverging"] = "sequential"

    def __post_init__(self) -> None:
        if self.colours == "diverging" and self.low != -self.high:
            raise ValueError(f"a diverging scale is symmetric, {self.low} … {self.high} is not")

    @property
    def ticks(self) -> tuple[float, ...]:
        """The numbers written below the strip: the ends, and zero where it lies well between them."""
        # Nearer to an end its number would run into that of the end.
        zero_is_clear = self.low < 0 < self.high and 0.25 < -self.low / (self.high - self.low) < 0.75
        if zero_is_clear:
            return self.low, 0.0, self.high
        return (self.low, self.high) if self.low < self.high else (self.low,)

    def height(self, width: int, lettering: Lettering) -> int:
        """How many pixels ``draw`` takes, downwards."""
        lines = 1 if self._is_one_line(width, lettering) else 2
        return _STRIP_HEIGHT + _TICK_LENGTH + lines * LINE_HEIGHT

    def strip(self, width: int) -> Rgb:
        """Colour a line of ``width`` pixels, (1, width, 3), from ``low`` to ``high``."""
        values = np.linspace(self.low, self.high, width)[np.newaxis]
        match self.colours:
            case "grey":
                return grey_to_rgb(values, self.low, self.high)
            case "sequential":
                return sequential(values, self.low, self.high)
            case "diverging":
                return diverging(values, self.high)

    def draw(self, sheet: Image.Image, at: tuple[int, int], width: int, lettering: Lettering) -> None:
        """Draw strip, ticks, numbers and caption into ``sheet``, upper left corner ``at`` (x, y).

        The caption is between the two numbers, or in a line of its own where there are more.
        """
        left, top = at
        canvas = ImageDraw.Draw(sheet)
        foot = top + _STRIP_HEIGHT
        canvas.rectangle((left, top, left + width - 1, foot - 1), outline=HAIRLINE)
        # Two pixels less than the scale: its outline has one on each side.
        strip = Image.fromarray(self.strip(width - 2))
        sheet.paste(strip.resize((width - 2, _STRIP_HEIGHT - 2)), (left + 1, top + 1))
        baseline = foot + _TICK_LENGTH + 0.75 * LINE_HEIGHT
        for tick in self.ticks:
            # A scale of a single value has one tick, at its left end.
            x = left + (width - 1) * (tick - self.low) / (self.high - self.low or 1)
            align = "left" if tick == self.low else "right" if tick == self.high else "centre"
            canvas.line((x, foot, x, foot + _TICK_LENGTH - 1), fill=INK)
            lettering.draw(canvas, (x, baseline), number_text(tick), INK, align)
        if not self._is_one_line(width, lettering):
            baseline += LINE_HEIGHT
        caption = lettering.shorten(self.caption, width)
        lettering.draw(canvas, (left + width / 2, baseline), caption, INK, "centre")

    def _is_one_line(self, width: int, lettering: Lettering) -> bool:
        # Twice the wider number, since the caption is centred.
        beside = 2 * (max(lettering.length(number_text(tick)) for tick in self.ticks) + _LEAST_GAP)
        return len(self.ticks) == 2 and lettering.length(lettering.legible(self.caption)) + beside <= width


_GUTTER = 12

_ROW_GAP = 18

_FRAME = 1

_LABEL_GAP = 4

_BAR_GAP = 14


@dataclass(frozen=True)
class Tile:
    """One picture of a montage, uint8 (H, W, 3), with one or two lines of text below it.

    The label of a ``quiet`` one is grey, as that of a picture with nothing in it. ``look`` is that of
    ``Piece``: whether the pixels are data.
    """

    pixels: Rgb
    label: str
    sublabel: str = ""
    quiet: bool = False
    look: Literal["photograph", "values", "squares"] = "photograph"

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f"a tile is uint8 (H, W, 3), not {self.pixels.dtype} {shape}")


@dataclass(frozen=True)
class _Grid:
    """Where the cells of a sheet lie, in pixels."""

    columns: int
    rows: int
    cell: tuple[int, int]
    text_height: int

    @property
    def size(self) -> tuple[int, int]:
        width, height = self.corner(self.rows * self.columns - 1)
        return width + self.cell[0] + _FRAME, height + self.cell[1] + _FRAME + self.text_height

    def corner(self, index: int) -> tuple[int, int]:
        """Upper left corner (x, y) of a cell, counted along the rows."""
        row, column = divmod(index, self.columns)
        pitch = self.cell[1] + self.text_height + _ROW_GAP
        return _FRAME + column * (self.cell[0] + _GUTTER), _FRAME + row * pitch


def count_columns(count: int) -> int:
    """Up to four images are in one row; more are spread over rows of nearly equal length."""
    # The root rounded up, in whole numbers.
    longest = max(4, math.isqrt(count - 1) + 1)
    rows = -(-count // longest)
    # Spread over the rows again: five images are 3 + 2 and not 4 + 1.
    return -(-count // rows)


def count_channel_columns(count: int) -> int:
    """Filters and feature maps are in rows of five, many of them in rows of eight."""
    return min(count, 5 if count <= 15 else 8)


def full_width_side(columns: int) -> int:
    """Say which ``tile_side`` makes a montage of square tiles as wide as the text of a page."""
    return _side(columns, PAGE_WIDTH)


def band_side(columns: int) -> int:
    """The same for a montage that leaves room for a picture or its caption beside it, ``BAND_WIDTH`` wide."""
    return _side(columns, BAND_WIDTH)


def _side(columns: int, width: int) -> int:
    return (width - 2 * _FRAME - (columns - 1) * _GUTTER) // columns


def montage(
    tiles: Sequence[Tile],
    *,
    columns: int,
    tile_side: int,
    smooth: bool = True,
    bar: ScaleBar | None = None,
    mime: RasterMime = "image/png",
    faces: Typefaces = OWN,
) -> Picture:
    """Set tiles in rows on white, each in a hair-line frame with its label centred below.

    The longer side of every tile becomes ``tile_side`` pixels; unequal tiles are centred in equal
    cells. ``smooth`` resamples as is right for photographs (Lanczos); without it, pixels stay sharp
    squares (nearest neighbour; the mean, when made smaller), as is right for filters. Lettering is 8.5 pt
    at ``PRINT_DPI``. Labels wider than the cell end in an ellipsis; a last row that is not full starts at
    the left. ``bar`` is drawn below, as wide as the grid; ``faces`` are the fonts of labels.
    Raises ``ValueError`` if there is no tile or a number is below 1.
    """
    if not tiles or columns < 1 or tile_side < 1:
        raise ValueError(f"no montage of {len(tiles)} tiles, {tile_side} pixels wide, in {columns} columns")
    images = [_fit(tile.pixels, tile_side, smooth) for tile in tiles]
    columns = min(columns, len(tiles))
    lines = 2 if any(tile.sublabel for tile in tiles) else int(any(tile.label for tile in tiles))
    grid = _Grid(
        columns=columns,
        rows=-(-len(tiles) // columns),
        cell=(max(image.width for image in images), max(image.height for image in images)),
        text_height=_LABEL_GAP + round(lines * LINE_HEIGHT) if lines else 0,
    )
    plain = Lettering(TEXT_SIZE, faces=faces)
    width, height = grid.size
    below = _BAR_GAP + bar.height(width, plain) if bar else 0
    # One sheet by Pillow: 64 pictures take 11 ms, as subplots of matplotlib 450 ms, and the PDF is smaller.
    sheet = Image.new("RGB", (width, height + below), "white")
    _place_images(sheet, grid, images)
    _write_labels(sheet, grid, tiles, faces)
    if bar:
        bar.draw(sheet, (0, height + _BAR_GAP), width, plain)
    return raster_picture(sheet, mime)


def lettered_figure(
    name: str,
    alt: str,
    tiles: Sequence[Tile],
    *,
    columns: int,
    tile_side: int,
    bar: ScaleBar | None = None,
    faces: Typefaces = OWN,
) -> Figure:
    """A figure of tiles: as a whole by ``montage``, and tile by tile for a page that writes the labels.

    Tiles that are data are encoded without loss, in both. A photograph among them is a JPEG, no larger than
    print needs.
    """
    # The sheet is one file: a JPEG would change the colours of the data for the photograph's sake.
    data = any(tile.look != "photograph" for tile in tiles)
    picture = montage(
        tiles,
        columns=columns,
        tile_side=tile_side,
        # Smoothing would show values between the squares that are not in the data.
        smooth=not any(tile.look == "squares" for tile in tiles),
        bar=bar,
        mime="image/png" if data else "image/jpeg",
        faces=faces,
    )
    sizes = [_fitted_size(tile.pixels, tile_side) for tile in tiles]
    across, down = (max(sides) * MM_PER_INCH / PRINT_DPI for sides in zip(*sizes, strict=True))
    strip = exact_picture(bar.strip(_STRIP_STEPS)) if bar else None
    pieces = tuple(_cut(tile, tile_side) for tile in tiles)
    return Figure(name, picture, alt, Sheet(pieces, min(columns, len(tiles)), (across, down), strip))


_STRIP_STEPS = 256
"""The colours of a scale; no colour map has more."""


def _cut(tile: Tile, side: int) -> Piece:
    name = f"{tile.label} {tile.sublabel}".strip()
    if tile.look != "photograph":
        return Piece(exact_picture(tile.pixels), name, tile.look)
    # Only made smaller: the page enlarges by itself, and more pixels would not show more.
    large = max(tile.pixels.shape[:2]) > side
    pixels = np.asarray(_fit(tile.pixels, side, smooth=True)) if large else tile.pixels
    return Piece(raster_picture_of(pixels, "image/jpeg"), name)


def block_means(values: NDArray[Any], side: int) -> NDArray[Any]:
    """Reduce (H, W, …) to about ``side`` rows and columns, by the means of squares that do not overlap.

    A picture of it is exact in what it shows: each pixel has the mean of a square of values, which no other
    pixel is made of. The rest that fills no square is left out. Unchanged if it is no larger than that.
    """
    # By the shorter side: squares are as many in both directions, and a long map stays long.
    block = max(1, round(min(values.shape[:2]) / side))
    rows, columns = (length // block for length in values.shape[:2])
    squares = values[: rows * block, : columns * block].reshape(
        rows, block, columns, block, *values.shape[2:]
    )
    means: NDArray[Any] = squares.mean(axis=(1, 3))
    return means


def _fitted_size(pixels: Rgb, side: int) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _fit(pixels: Rgb, side: int, smooth: bool) -> Image.Image:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = _fitted_size(pixels, side)
    if smooth:
        method = Image.Resampling.LANCZOS
    else:
        method = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    return Image.fromarray(pixels).resize(size, method)


def _place_images(sheet: Image.Image, grid: _Grid, images: Sequence[Image.Image]) -> None:
    canvas = ImageDraw.Draw(sheet)
    for index, image in enumerate(images):
        x, y = grid.corner(index)
        left = x + (grid.cell[0] - image.width) // 2
        top = y + (grid.cell[1] - image.height) // 2
        # Around the image and not on it: the pixels at its edges are data.
        frame = (left - _FRAME, top - _FRAME, left + image.width, top + image.height)
        canvas.rectangle(frame, outline=HAIRLINE, width=_FRAME)
        sheet.paste(image, (left, top))


def _write_labels(sheet: Image.Image, grid: _Grid, tiles: Sequence[Tile], faces: Typefaces) -> None:
    canvas = ImageDraw.Draw(sheet)
    width, height = grid.cell
    plain = Lettering(TEXT_SIZE, faces=faces)
    heading = Lettering(TEXT_SIZE, bold=True, faces=faces) if any(tile.sublabel for tile in tiles) else plain
    for index, tile in enumerate(tiles):
        x, y = grid.corner(index)
        baseline = y + height + _FRAME + _LABEL_GAP + 0.75 * LINE_HEIGHT
        at, ink = (x + width / 2, baseline), QUIET_INK if tile.quiet else INK
        heading.draw(canvas, at, heading.shorten(tile.label, width), ink, "centre")
        below = (at[0], baseline + LINE_HEIGHT)
        plain.draw(canvas, below, plain.shorten(tile.sublabel, width), QUIET_INK, "centre")
