"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import (
    EmbeddedData,
    Figure,
    FigureData,
    embed_levels,
    embed_numbers,
    embed_photographs,
    raster_picture_of,
    say_box,
    say_number,
)
from reportgen.figures.montage import Tile, band_side, lettered_figure
from reportgen.figures.overlay import crop, with_boxes
from reportgen.results import Box
from reportgen.sections.neurons.result import Neuron, Neurons

Values = NDArray[Any]


def describe_neuron_input(label: str, top: Sequence[Neuron]) -> str:
    """Describe an input image with the frames of its most excited neurons."""
    patches, field = [neuron.patch for neuron in top], top[0].field or top[0].receptive_field
    around = Box(
        rows=(min(patch.rows[0] for patch in patches), max(patch.rows[1] for patch in patches)),
        cols=(min(patch.cols[0] for patch in patches), max(patch.cols[1] for patch in patches)),
    )
    return (
        f"The input image of {label}. Numbered frames mark the patches of the {len(top)} most excited "
        f"neurons, which lie within {say_box(around)}. A dashed frame, {say_box(field)}, "
        "is the receptive field of the first."
    )


def describe_patches(label: str, top: Sequence[Neuron]) -> str:
    """Describe the patches of the most excited neurons."""
    items = [
        f"patch {k}, {say_box(neuron.patch)}, with an output of {say_number(neuron.value)}"
        for k, neuron in enumerate(top, 1)
    ]
    return f"The patches of the image of {label} that belong to its most excited neurons: {'; '.join(items)}."


_NEURON_SCALE = 3
"""The enlargement of an input of 224 pixels, for prints 46 mm wide."""

_COLUMNS = 5
"""Patches in a row beside the input."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Neurons = data.numbers
    arrays = data.arrays
    for i, label in enumerate(section.files):
        image, top = arrays[f"image_{i}"], section.top[label]
        patches = [(neuron.patch, str(k)) for k, neuron in enumerate(top, 1)]
        # Documents before 1.2 lack the former.
        field = top[0].field or top[0].receptive_field
        yield Figure(
            f"neuron_input_{i}",
            raster_picture_of(
                # The field first, so that the frames of patches are drawn over its own.
                with_boxes(image, [(field, ""), *patches], _NEURON_SCALE),
                "image/jpeg",
            ),
            describe_neuron_input(label, top),
        )
        yield _patches(i, label, top, image)

    for k, layer in enumerate(section.more, 1):
        for i, label in enumerate(section.files):
            figure = _patches(i, label, layer.top[label], arrays[f"image_{i}"])
            yield replace(figure, name=f"layer_patches_{k}_{i}")


def _patches(i: int, label: str, top: Sequence[Neuron], image: Rgb) -> Figure:
    tiles = [
        Tile(crop(image, neuron.patch), str(neuron.position), f"{k}: {neuron.value:.1f}")
        for k, neuron in enumerate(top, 1)
    ]
    side = band_side(_COLUMNS)
    return lettered_figure(
        f"patches_{i}", describe_patches(label, top), tiles, columns=_COLUMNS, tile_side=side
    )


# explore.js divides by it again, and takes the neuron at this level for the most excited one.
_LEVELS = 255

_ROUNDED = 1e-4
"""What ``verify`` lets a float32 sum of another machine differ by."""


def embed(data: FigureData, _figures: Mapping[str, Figure]) -> dict[str, list[EmbeddedData]]:
    """For each class the image and the layer's whole output: levels (positions, channels) from 0 to 255, the
    largest value being 255. As float32 these would be half of the page; the last digits are in the arrays.
    """
    loads: dict[str, list[EmbeddedData]] = {}
    for i in range(len(data.numbers.files)):
        activations = data.arrays[f"activations_{i}"]
        largest = activations.max(keepdims=True)
        # A layer that is silent everywhere has no largest value to divide by.
        levels = np.round(activations / np.maximum(largest, np.finfo(np.float32).tiny) * _LEVELS)
        loads[f"neuron_input_{i}"] = [
            embed_photographs("image", data.arrays[f"image_{i}"]),
            # A row for each position, the rows of the layer one after the other: so explore.js reads it.
            embed_levels("activations", levels.astype(np.uint8).reshape(-1, activations.shape[2])),
            embed_numbers("largest", largest, _ROUNDED),
        ]
    return loads
