"""Pictures of convolution filters: one with its numbers, or many as tiles on one scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, diverging, ink_on
from reportgen.figures.figure import TEXT_WIDTH_MM, Picture
from reportgen.figures.lettering import HAIRLINE, number_text
from reportgen.figures.montage import ScaleBar
from reportgen.figures.plots import MM, house_style, svg_picture

_CHANNELS = ("red", "green", "blue")

_CELL_MM = 13.0
_LEAST_WIDTH_MM = 26.0
"""Of a whole picture, whose scale has three numbers below it."""

MOST_WRITTEN = 5
"""Rows of a filter in whose squares the weights are written; those of a larger one have no room for them."""

_GAP_MM = 5.0
_STRIP_MM = 2.2
# An odd number, so that the middle step has the colour of zero.
_STRIP_STEPS = 85

_LEAST_ELEMENT = 4
_SEPARATOR = 3
_SEPARATOR_GREY = 112
"""Darker than any small weight, so that slices stay apart where their weights are near zero."""

_Weights = NDArray[np.floating[Any]]


def filter_heatmap(kernel: _Weights) -> Picture:
    """Draw one filter, (F, F) or (F, F, 3), as coloured squares; in those of up to 5 × 5 are the weights.

    The scale is symmetric about zero and drawn below; the three slices of a colour filter are side by
    side on one scale. Raises ``ValueError`` on another shape and on weights that are not finite.
    """
    with house_style():
        return svg_picture(heatmap_figure(kernel))


def heatmap_figure(kernel: _Weights) -> Figure:
    """Build the figure of ``filter_heatmap``: axes of each slice, (i, j) at x = j, y = i, then the scale."""
    slices = kernel[..., np.newaxis] if kernel.ndim == 2 else kernel
    if slices.ndim != 3 or slices.shape[2] not in (1, 3):
        raise ValueError(f"a filter to be drawn is (F, F) or (F, F, 3), not {kernel.shape}")
    rows, columns, count = slices.shape
    limit = float(np.abs(slices).max())
    cell = _cell_size(columns, count)
    width, height = columns * cell, rows * cell
    figure = Figure(figsize=((count * (width + _GAP_MM) - _GAP_MM) * MM, (height + _GAP_MM) * MM))
    for n in range(count):
        axes = _axes_at(figure, (n * (width + _GAP_MM), _GAP_MM, width, height))
        _draw_slice(axes, slices[..., n], limit)
        if count == len(_CHANNELS):
            axes.set_title(_CHANNELS[n], pad=4)
    whole = count * (width + _GAP_MM) - _GAP_MM
    _draw_scale(_axes_at(figure, (0, 0, whole, _STRIP_MM)), ScaleBar(-limit, limit, "weight", "diverging"))
    return figure


def _cell_size(columns: int, count: int) -> float:
    """Millimetres of a square, of which ``columns`` are in each of ``count`` slices side by side."""
    # There is a gap less than there are slices.
    room = (TEXT_WIDTH_MM + _GAP_MM) / count - _GAP_MM
    return min(max(_CELL_MM, _LEAST_WIDTH_MM / (count * columns)), room / columns)


def filter_tiles(kernels: _Weights, side: int) -> tuple[list[Rgb], float]:
    """Colour N filters (F, F, C, N) on one signed scale ±limit; returns N tiles, uint8 RGB, and the limit.

    Tiles are as large as whole squares allow, at most ``side`` pixels wide and high (if that is enough for
    squares of 4 pixels), so that a montage can show them as they are.

    The slices of a filter are in reading order, kept apart by grey lines: one slice is an F × F square,
    three are side by side, 32 make 4 rows of 8. A negative weight bears a faint minus, for grey print. An
    element is a square of several pixels, so show the tiles without smoothing. Raises ``ValueError`` on
    weights that are not finite.
    """
    limit = float(np.abs(kernels).max())
    return [_tile(kernels[..., n], limit, side) for n in range(kernels.shape[3])], limit


def _axes_at(figure: Figure, box_mm: tuple[float, float, float, float]) -> Axes:
    left, bottom, width, height = (length * MM for length in box_mm)
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def _draw_slice(axes: Axes, weights: _Weights, limit: float) -> None:
    rows, columns = weights.shape
    colours = diverging(weights, limit) / 255
    # As rectangles: imshow() would put a raster into the SVG, which viewers enlarge with soft edges.
    for (i, j), weight in np.ndenumerate(weights):
        red, green, blue = map(float, colours[i, j])
        square = Rectangle(
            (j - 0.5, i - 0.5), 1, 1, facecolor=(red, green, blue), edgecolor=HAIRLINE, linewidth=0.3
        )
        axes.add_patch(square)
        if rows > MOST_WRITTEN:
            continue
        text = f"{weight:.3f}".replace("-", "\N{MINUS SIGN}")
        axes.text(j, i, text, ha="center", va="center", color=ink_on((red, green, blue)))
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[:].set(color=HAIRLINE, linewidth=0.3)


def _draw_scale(axes: Axes, bar: ScaleBar) -> None:
    edges = np.linspace(bar.low, bar.high, _STRIP_STEPS + 1)
    for start, colour in zip(edges[:-1], bar.strip(_STRIP_STEPS)[0] / 255, strict=True):
        # Each reaches to the end and is covered by the next: no viewer can show a seam between them.
        axes.add_patch(Rectangle((start, 0), bar.high - start, 1, facecolor=colour, linewidth=0))
    # A limit of 0 would leave axes without a width.
    axes.set(xlim=(bar.low, bar.high or 1), ylim=(0, 1), yticks=[], facecolor=bar.strip(1)[0, 0] / 255)
    axes.set_xticks(bar.ticks, [number_text(tick) for tick in bar.ticks])
    axes.set_xlabel(bar.caption, labelpad=2)
    # Within the strip, or the numbers would make the picture wider than it. The left end comes last: a scale
    # of a single value has one number, which is both.
    numbers = axes.get_xticklabels()
    numbers[-1].set_horizontalalignment("right")
    numbers[0].set_horizontalalignment("left")
    axes.spines[:].set(color=HAIRLINE, linewidth=0.3)


def _tile(kernel: _Weights, limit: float, side: int) -> Rgb:
    height, width, depth = kernel.shape
    rows, columns = _grid(depth)
    # Of n squares in a row n − 1 have a separator behind them: with one more all are alike.
    room = side + _SEPARATOR
    element = max(
        _LEAST_ELEMENT,
        min((room // rows - _SEPARATOR) // height, (room // columns - _SEPARATOR) // width),
    )
    down, across = height * element + _SEPARATOR, width * element + _SEPARATOR
    tile = np.full((rows * down - _SEPARATOR, columns * across - _SEPARATOR, 3), _SEPARATOR_GREY, np.uint8)
    colours = diverging(kernel, limit).repeat(element, axis=0).repeat(element, axis=1)
    _mark_negative(colours, kernel, element)
    for index in range(rows * columns):
        row, column = divmod(index, columns)
        cell = np.s_[
            row * down : (row + 1) * down - _SEPARATOR, column * across : (column + 1) * across - _SEPARATOR
        ]
        tile[cell] = colours[:, :, index] if index < depth else 255
    return tile


def _mark_negative(colours: Rgb, kernel: _Weights, element: int) -> None:
    """Draw a faint minus into the squares of negative weights, which cannot be seen otherwise in grey
    print.
    """
    half, thickness = max(1, round(element / 6)), max(1, element // 14)
    for i, j in np.ndindex(kernel.shape[:2]):
        middle, centre = i * element + element // 2, j * element + element // 2
        # A view: what is written into it below is drawn into the tile.
        dash = colours[middle - thickness // 2 :, centre - half : centre + half][:thickness]
        # Over the dash's pixels and colours: one answer for each slice.
        dark = dash.mean(axis=(0, 1, 3)) < 120
        ink = np.where(dark, 255, 0)[:, np.newaxis]
        marked = (0.45 * dash + 0.55 * ink).astype(np.uint8)
        dash[...] = np.where((kernel[i, j] < 0)[:, np.newaxis], marked, dash)


def _grid(depth: int) -> tuple[int, int]:
    """Rows and columns for so many slices: full rows if they are at most three times as many as columns."""
    root = math.isqrt(depth)
    rows = max(divisor for divisor in range(1, root + 1) if depth % divisor == 0)
    # For rows × columns = depth this says columns <= 3 rows; a prime depth would be one long row.
    if depth <= 3 * rows * rows:
        return rows, depth // rows
    return root, -(-depth // root)
