"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import grey
from reportgen.figures.colour import Rgb, grey_to_rgb, sequential
from reportgen.figures.figure import (
    EmbeddedData,
    Figure,
    FigureData,
    embed_levels,
    embed_numbers,
    listed,
    say_number,
)
from reportgen.figures.filters import filter_tiles
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import (
    ScaleBar,
    Tile,
    block_means,
    count_channel_columns,
    full_width_side,
    lettered_figure,
)
from reportgen.sections.conv_stack.result import ConvLayer, ConvStack

_DARK, _FAINT = 1 / 20, 1 / 200
"""The share of the scale that looks like zero, and the share of brighter values that is overlooked."""

Values = NDArray[Any]


def describe_filters(n: int, layer: ConvLayer, kernels: Values) -> str:
    """Describe the displayed filters of layer ``n``, (F, F, C, displayed)."""
    limit = np.abs(kernels).max()
    weights = kernels.reshape(-1, kernels.shape[3])
    highest, lowest = int(weights.max(axis=0).argmax()), int(weights.min(axis=0).argmin())
    # One channel is not said: "3 by 3 by 1" is no shape that a reader has in mind.
    sides = layer.kernel_shape[: 2 if kernels.shape[2] == 1 else 3]
    return (
        f"{_count_filters(kernels.shape[3], layer)} filters of layer {n}, each of "
        f"{' by '.join(map(str, sides))} weights, as coloured squares on one scale from "
        f"{say_number(-limit)} to {say_number(limit)}. The largest weight, {say_number(weights.max())}, "
        f"is in filter {highest + 1}, the smallest, {say_number(weights.min())}, in filter {lowest + 1}; "
        f"{int((weights < 0).sum())} of the {weights.size} weights are negative."
    )


def _count_filters(displayed: int, layer: ConvLayer) -> str:
    return (
        f"The first {displayed} of the {layer.filters}" if displayed < layer.filters else f"All {displayed}"
    )


def describe_maps(n: int, layer: ConvLayer, label: str, maps: Values, *, shared: bool = False) -> str:
    """Describe the displayed feature maps of layer ``n`` after ReLU, (H, W, displayed); ``shared``: on one
    scale.
    """
    height, width, displayed = maps.shape
    start = (
        f"{_count_filters(displayed, layer)} feature maps of layer {n} for {label}, "
        f"each of {height} by {width} values."
    )
    means = maps.mean(axis=(0, 1))
    # On a scale of its own no map is faint.
    silent, faint = silent_maps(maps), faint_maps(maps) if shared else []
    if len(silent) == displayed:
        return f"{start} All are silent: zero everywhere."
    row, column, best = np.unravel_index(int(maps.argmax()), maps.shape)
    words = [
        f"{start} The largest value, {say_number(maps.max())}, is in map {best + 1}, at row {row} and "
        f"column {column}; the largest mean, {say_number(means.max())}, is that of map {means.argmax() + 1}.",
        f"{_name_maps(silent)} silent: zero everywhere." if silent else "No map is silent.",
    ]
    if faint:
        words.append(f"{_name_maps(faint)} faint: hardly a value is above a twentieth of the scale.")
    return " ".join(words)


def silent_maps(maps: Values) -> list[int]:
    """The maps (H, W, N) that are zero everywhere, counted from 0."""
    return [k for k in range(maps.shape[2]) if not maps[..., k].any()]


def faint_maps(maps: Values) -> list[int]:
    """The maps (H, W, N), counted from 0, that are dark on the scale of all but not silent.

    No more than one value in 200 is above a twentieth of the largest of all maps.
    """
    shares = (maps > _DARK * maps.max()).mean(axis=(0, 1))
    # The silent ones are mentioned separately.
    return [k for k, share in enumerate(shares) if share <= _FAINT and maps[..., k].any()]


def _name_maps(indices: Sequence[int]) -> str:
    numbers = listed([str(k + 1) for k in indices])
    return f"Map {numbers} is" if len(indices) == 1 else f"{len(indices)} maps ({numbers}) are"


_SLICE_SIDE = 200
"""Pixels of a filter of one slice, whose few squares need no more."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: ConvStack = data.numbers
    arrays = data.arrays
    for n, layer in enumerate(section.layers, 1):
        yield _filters(n, layer, arrays[f"kernel_{n}"][..., : section.shown])
        for i, label in enumerate(section.files):
            maps = arrays[f"maps_{n}_{i}"]
            yield _strip(
                f"maps_{n}_{i}",
                describe_maps(n, layer, label, maps, shared=section.shared_scale),
                (_input(data.images[i], colour=section.colour), maps),
                shared=section.shared_scale,
            )


def _filters(n: int, layer: ConvLayer, kernels: NDArray[Any]) -> Figure:
    columns = count_channel_columns(kernels.shape[3])
    # Fewer filters are no larger than if there were five.
    side = full_width_side(max(columns, 5))
    if kernels.shape[2] == 1:
        side = min(side, _SLICE_SIDE)
    tiles, limit = filter_tiles(kernels, side)
    return lettered_figure(
        f"filters_{n}",
        describe_filters(n, layer, kernels),
        [Tile(pixels, f"filter {k}", look="squares") for k, pixels in enumerate(tiles, 1)],
        columns=columns,
        # Many large slices need more pixels than there are in print.
        tile_side=min(max(tiles[0].shape[:2]), full_width_side(max(columns, 5))),
        bar=ScaleBar(-limit, limit, "filter weight", "diverging"),
    )


_COLUMNS = 11
"""The input and ten maps in a row."""

_FEWEST = 6
"""Fewer are no larger than if there were so many."""


def _input(image: Rgb, *, colour: bool) -> Rgb:
    return image if colour else grey_to_rgb(grey(image), 0, 1)


def _strip(name: str, alt: str, data: tuple[Rgb, Values], *, shared: bool) -> Figure:
    """The input and the maps (H, W, N), each from zero to its own maximum, or all to that of all.

    Below each map are its number and its maximum. In a strip of eleven print shows a pixel for 2 × 2 values.
    """
    image, maps = data
    columns = min(_COLUMNS, maps.shape[2] + 1)
    side = full_width_side(max(columns, _FEWEST))
    highest = float(maps.max())
    tiles = [Tile(image, "input")]
    for k in range(maps.shape[2]):
        high = float(maps[..., k].max())
        # Means of the values and not of their colours: every pixel can then be read off the scale.
        pixels = sequential(block_means(maps[..., k], side), 0, highest if shared else high)
        value = number_text(high) if high else "silent"
        tiles.append(Tile(pixels, str(k + 1), value, quiet=not high, look="values"))
    # Else each map ends at a maximum of its own, which is printed below it: one bar would be true of none.
    bar = ScaleBar(0, highest, "feature-map value after ReLU", "sequential") if shared else None
    return lettered_figure(name, alt, tiles, columns=columns, tile_side=side, bar=bar)


_DRAWN = 1e-6
"""What ``verify`` lets the same weights drawn on another machine differ by."""


MOST_CARRIED = 100_000
"""Weights of both layers that the page carries, as half a megabyte of text; usually there are 19 thousand."""

MOST_MULTIPLIED = 5_000_000_000
"""Multiplications for all maps of an image, a matter of seconds on the page; usually it is a fifth of it."""


def _is_explorable(layers: Sequence[ConvLayer]) -> bool:
    weights = [math.prod(layer.kernel_shape) for layer in layers]
    multiplied = [
        count * math.prod(layer.expected_shape[:2]) for count, layer in zip(weights, layers, strict=True)
    ]
    return sum(weights) <= MOST_CARRIED and sum(multiplied) <= MOST_MULTIPLIED


def embed(data: FigureData, _figures: Mapping[str, Figure]) -> dict[str, list[EmbeddedData]]:
    """The inputs, one below the other in 255ths, and all weights (F, F, C, K) of both layers: from these the
    page computes every map again, also those that the figures have no room for. Nothing, if that is too much.
    """
    if not _is_explorable(data.numbers.layers):
        return {}
    # As bytes, which PNG keeps without loss: grey was made of bytes, so that rounding gives them back.
    images = [image if data.numbers.colour else np.round(grey(image) * 255) for image in data.images]
    kernels = [embed_numbers(f"kernel-{n}", data.arrays[f"kernel_{n}"], _DRAWN) for n in (1, 2)]
    return {"filters_1": [embed_levels("inputs", np.concatenate(images).astype(np.uint8)), *kernels]}
