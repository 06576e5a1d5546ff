"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import sequential
from reportgen.figures.figure import Figure, FigureData, listed, say_box, say_number
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import Tile, full_width_side, montage
from reportgen.figures.overlay import crop, with_boxes
from reportgen.sections.best_network.result import BestNetwork

_ROW = 8
"""Maps in a row: all of the first layer that the sheet asks for."""

_FEWEST, _MOST = 4, 6
"""Fewer images of classes are no larger than if there were so many, and so many are in a row."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: BestNetwork = data.numbers
    numbers = range(len(section.layers))
    tiles = [tile for n in numbers for tile in _layer_tiles(n, data.arrays[f"maps_{n}"])]
    said = " ".join(_say_layer(n, section, data) for n in numbers)
    yield Figure(
        "network_maps",
        montage(tiles, columns=_ROW, tile_side=full_width_side(_ROW), smooth=False),
        f"Feature maps for {section.mapped}. {said}",
    )
    yield _draw_patches(section, data)


def _layer_tiles(n: int, maps: NDArray[Any]) -> Iterator[Tile]:
    for k in range(maps.shape[2]):
        values, high = maps[..., k], float(maps[..., k].max())
        yield Tile(
            # Zero is in the scale: a map that is large everywhere is not dark where it is least. ELU and tanh
            # go below.
            sequential(values, min(0.0, float(values.min())), max(high, 0.0)),
            f"{n + 1} · {k + 1}",
            number_text(high) if high else "silent",
            quiet=not high,
        )
    # Each layer begins a row of its own.
    for _ in range(-maps.shape[2] % _ROW):
        yield Tile(_blank(), " ", " ")


def _blank() -> NDArray[np.uint8]:
    return np.full((8, 8, 3), 255, np.uint8)


def _say_layer(n: int, section: BestNetwork, data: FigureData) -> str:
    layer, maps = section.layers[n], data.arrays[f"maps_{n}"]
    best = int(maps.max(axis=(0, 1)).argmax())
    return (
        f"Of {layer.name}, {layer.shown} of {layer.shape[2]} maps of {layer.shape[0]} by {layer.shape[1]} "
        f"values; the largest value, {say_number(float(maps.max()))}, is in map {best + 1}."
    )


def _draw_patches(section: BestNetwork, data: FigureData) -> Figure:
    neurons = list(section.neurons.items())
    columns = min(_MOST, len(neurons))
    tiles: list[Tile] = []
    for start in range(0, len(neurons), columns):
        row = neurons[start : start + columns]
        images = [data.arrays[f"image_{i}"] for i in range(start, start + len(row))]
        # The last row of many is filled up, so that each patch stays below its image.
        rest = [Tile(_blank(), " ", " ")] * (columns - len(row))
        for image, (label, neuron) in zip(images, row, strict=True):
            tiles.append(Tile(with_boxes(image, [(neuron.patch, "")], 3), label, " "))
        tiles += rest
        for image, (_, neuron) in zip(images, row, strict=True):
            tiles.append(Tile(crop(image, neuron.patch), "patch", number_text(neuron.value)))
        tiles += rest
    said = [
        f"{label}: {say_box(neuron.patch)} of {neuron.file}, output {say_number(neuron.value)}"
        for label, neuron in neurons
    ]
    return Figure(
        "network_patches",
        montage(
            tiles,
            columns=columns,
            tile_side=full_width_side(max(columns, _FEWEST)),
            mime="image/jpeg",
            faces=data.faces,
        ),
        "A training image of each class with a frame around its patch, and the patch below it: "
        f"{listed(said)}.",
    )
