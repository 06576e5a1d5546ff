"""The figures of the section, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.colour import sequential
from reportgen.figures.data import FigureData
from reportgen.figures.figure import Figure
from reportgen.figures.filters import filter_tiles
from reportgen.figures.montage import Tile, count_channel_columns, full_width_side, montage
from reportgen.figures.scale_bar import ScaleBar
from reportgen.sections.conv_stack.description import describe_filters, describe_maps, faint_maps, silent_maps
from reportgen.sections.conv_stack.result import ConvLayer, ConvStack

_SLICE_SIDE = 200
"""Pixels of a filter of one slice, whose few squares need no more."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: ConvStack = data.numbers
    arrays = data.arrays
    for n, layer in enumerate(section.layers, 1):
        yield _filters(n, layer, arrays[f"kernel_{n}"][..., : section.shown])
        for i, label in enumerate(section.files):
            yield _maps(n, i, label, layer, arrays[f"maps_{n}_{i}"])


def _filters(n: int, layer: ConvLayer, kernels: NDArray[Any]) -> Figure:
    columns = count_channel_columns(kernels.shape[3])
    side = full_width_side(max(columns, 5))
    if kernels.shape[2] == 1:
        side = min(side, _SLICE_SIDE)
    tiles, limit = filter_tiles(kernels, side)
    return Figure(
        f"filters_{n}",
        montage(
            [Tile(pixels, f"filter {k}") for k, pixels in enumerate(tiles, 1)],
            columns=columns,
            tile_side=max(tiles[0].shape[:2]),
            smooth=False,
            bar=ScaleBar(-limit, limit, "filter weight", "diverging"),
        ),
        describe_filters(n, layer, kernels),
    )


def _maps(n: int, i: int, label: str, layer: ConvLayer, maps: NDArray[Any]) -> Figure:
    high = float(maps.max())
    columns = count_channel_columns(maps.shape[2])
    remarks = dict.fromkeys(silent_maps(maps), ", silent") | dict.fromkeys(faint_maps(maps), ", faint")
    tiles = [
        Tile(sequential(maps[..., k], 0, high), f"map {k + 1}{remarks.get(k, '')}", quiet=k in remarks)
        for k in range(maps.shape[2])
    ]
    return Figure(
        f"maps_{n}_{i}",
        montage(
            tiles,
            columns=columns,
            tile_side=full_width_side(max(columns, 5)),
            bar=ScaleBar(0, high, "feature-map value after ReLU", "sequential"),
            mime="image/jpeg",
        ),
        describe_maps(n, layer, label, maps),
    )
