"""Many small pictures become one labelled sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import PAGE_WIDTH, Picture
from reportgen.figures.lettering import HAIRLINE, INK, LINE_HEIGHT, QUIET_INK, TEXT_SIZE, Lettering
from reportgen.figures.picture import RasterMime, raster_picture
from reportgen.figures.scale_bar import ScaleBar
from reportgen.typefaces.chain import OWN, Typefaces

_GUTTER = 12
_ROW_GAP = 18
_FRAME = 1
_LABEL_GAP = 4
_BAR_GAP = 14


@dataclass(frozen=True)
class Tile:
    """One picture of a montage, uint8 (H, W, 3), with one or two lines of text below it.

    The label of a ``quiet`` one is grey, as that of a picture with nothing in it.
    """

    pixels: Rgb
    label: str
    sublabel: str = ""
    quiet: bool = False

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
    """Up to four images stand in one row; more are spread over rows of nearly equal length."""
    longest = max(4, math.isqrt(count - 1) + 1)
    rows = -(-count // longest)
    return -(-count // rows)


def count_channel_columns(count: int) -> int:
    """Filters and feature maps stand in rows of five, many of them in rows of eight."""
    return min(count, 5 if count <= 15 else 8)


def full_width_side(columns: int) -> int:
    """Say which ``tile_side`` makes a montage of square tiles as wide as the text of a page."""
    return (PAGE_WIDTH - 2 * _FRAME - (columns - 1) * _GUTTER) // columns


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
    sheet = Image.new("RGB", (width, height + below), "white")
    _place_images(sheet, grid, images)
    _write_labels(sheet, grid, tiles, faces)
    if bar:
        bar.draw(sheet, (0, height + _BAR_GAP), width, plain)
    return raster_picture(sheet, mime)


def _fit(pixels: Rgb, side: int, smooth: bool) -> Image.Image:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
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
