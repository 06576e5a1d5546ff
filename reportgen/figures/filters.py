"""Convolution filters as pictures: one with its numbers, many as tiles on one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, diverging, ink_on
from reportgen.figures.picture import Picture
from reportgen.figures.vector import MM, house_style, svg_picture

_CELL_MM = 13
_SEPARATOR = np.uint8(255)
_CHANNELS = ("red", "green", "blue")


def filter_heatmap(kernel: NDArray[Any]) -> Picture:
    """One filter, (F, F) or (F, F, 3), as coloured squares with the weight written in each.

    The scale is symmetric about zero; the three slices of a colour filter stand side by side on one scale.
    """
    with house_style():
        return svg_picture(heatmap_figure(kernel))


def heatmap_figure(kernel: NDArray[Any]) -> Figure:
    """The matplotlib figure behind :func:`filter_heatmap`: one axes a slice, row 0 on top."""
    slices = kernel[..., np.newaxis] if kernel.ndim == 2 else kernel
    size, count = slices.shape[1], slices.shape[2]
    limit = float(np.abs(slices).max())
    figure = Figure(figsize=((size * count + 0.4 * (count - 1)) * _CELL_MM * MM, size * _CELL_MM * MM))
    for n in range(count):
        axes = figure.add_axes(
            (
                n * (size + 0.4) / (size * count + 0.4 * (count - 1)),
                0,
                size / (size * count + 0.4 * (count - 1)),
                1,
            )
        )
        _draw_slice(axes, slices[..., n], limit)
        if count == len(_CHANNELS):
            axes.set_title(_CHANNELS[n], pad=4)
    return figure


def _draw_slice(axes: Axes, values: NDArray[Any], limit: float) -> None:
    colours = diverging(values, limit)
    axes.imshow(colours, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for (row, column), value in np.ndenumerate(values):
        shade = tuple(float(c) / 255 for c in colours[row, column])
        axes.text(
            column,
            row,
            f"{value:.3f}".replace("-", "−"),
            ha="center",
            va="center",
            color=ink_on(shade),  # type: ignore[arg-type]
        )


def filter_tiles(kernels: NDArray[Any]) -> tuple[list[Rgb], float]:
    """Colour filters (F, F, C, N) as N tiles on one signed scale; returns the tiles and its limit.

    A filter of one slice is an F × F square; one of 3 has its slices side by side; others are laid out in
    reading order on the nearest grid of twice as many columns as rows, 32 as 4 × 8. White lines separate
    the slices; spare places of the grid stay white.
    """
    limit = float(np.abs(kernels).max())
    return [_tile(kernels[..., n], limit) for n in range(kernels.shape[3])], limit


def _tile(kernel: NDArray[Any], limit: float) -> Rgb:
    size, depth = kernel.shape[0], kernel.shape[2]
    columns = depth if depth <= 3 else max(1, round(float(np.sqrt(2 * depth))))
    rows = -(-depth // columns)
    zoom = 4
    pitch = size * zoom + 1
    tile = np.full((rows * pitch - 1, columns * pitch - 1, 3), _SEPARATOR)
    for index in range(depth):
        row, column = divmod(index, columns)
        block = diverging(kernel[..., index], limit).repeat(zoom, axis=0).repeat(zoom, axis=1)
        tile[row * pitch : row * pitch + size * zoom, column * pitch : column * pitch + size * zoom] = block
    return tile
