"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.colour import sequential
from reportgen.figures.figure import Figure, FigureData, listed, say_box, say_number
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import Tile, block_means, full_width_side, lettered_figure
from reportgen.figures.overlay import crop, with_boxes
from reportgen.sections.best_network.result import BestNetwork

_ROW = 8
"""Maps in a row: all of the first layer that the sheet asks for."""

_SIDE = 112
"""Pixels along a side of a map: 18 mm would show no more."""

_SHARP = 56
"""Maps of fewer values a side are drawn as squares, or they would look smoother than they are."""

# Even numbers: an image and its patch stay side by side.
_FEWEST, _MOST = 4, 6
"""Fewer images and patches are no larger than if there were so many, and so many are in a row."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: BestNetwork = data.numbers
    numbers = range(len(section.layers))
    tiles = [tile for n in numbers for tile in _layer_tiles(n, data.arrays[f"maps_{n}"])]
    said = " ".join(_say_layer(n, section, data) for n in numbers)
    yield lettered_figure(
        "network_maps",
        f"Feature maps for {section.mapped}. {said}",
        tiles,
        columns=_ROW,
        tile_side=full_width_side(_ROW),
    )
    yield _draw_patches(section, data)


def _layer_tiles(n: int, maps: NDArray[Any]) -> Iterator[Tile]:
    for k in range(maps.shape[2]):
        values = maps[..., k]
        # Zero is in the scale: a map that is large everywhere is not dark where it is least. ELU and tanh
        # go below.
        low, high = float(values.min()), float(values.max())
        yield Tile(
            sequential(block_means(values, _SIDE), min(low, 0.0), max(high, 0.0)),
            f"{n + 1} · {k + 1}",
            _say_ends(low, high),
            quiet=not (low or high),
            look="squares" if min(values.shape) < _SHARP else "values",
        )


def _say_ends(low: float, high: float) -> str:
    if low < 0:
        return f"{number_text(low)} to {number_text(high)}"
    return number_text(high) if high else "silent"


def _say_layer(n: int, section: BestNetwork, data: FigureData) -> str:
    layer, maps = section.layers[n], data.arrays[f"maps_{n}"]
    best = int(maps.max(axis=(0, 1)).argmax())
    return (
        f"Of {layer.name}, {layer.shown} of {layer.shape[2]} maps of {layer.shape[0]} by {layer.shape[1]} "
        f"values; the largest value, {say_number(float(maps.max()))}, is in map {best + 1}."
    )


def _draw_patches(section: BestNetwork, data: FigureData) -> Figure:
    neurons = list(section.neurons.items())
    tiles: list[Tile] = []
    for i, (label, neuron) in enumerate(neurons):
        image = data.arrays[f"image_{i}"]
        tiles.append(Tile(with_boxes(image, [(neuron.patch, "")], 3), label))
        tiles.append(Tile(crop(image, neuron.patch), "patch", number_text(neuron.value)))
    columns = min(_MOST, len(tiles))
    said = [
        f"{label}: {say_box(neuron.patch)} of {neuron.file}, output {say_number(neuron.value)}"
        for label, neuron in neurons
    ]
    return lettered_figure(
        "network_patches",
        "A training image of each class with a frame around its patch, and the patch to the right of it: "
        f"{listed(said)}.",
        tiles,
        columns=columns,
        tile_side=full_width_side(max(columns, _FEWEST)),
        faces=data.faces,
    )
