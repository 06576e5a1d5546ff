"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import Figure, FigureData, raster_picture_of, say_box, say_number
from reportgen.figures.montage import Tile, band_side, montage
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
        field = top[0].field or top[0].receptive_field
        yield Figure(
            f"neuron_input_{i}",
            raster_picture_of(
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
    return Figure(
        f"patches_{i}",
        montage(tiles, columns=_COLUMNS, tile_side=band_side(_COLUMNS), mime="image/jpeg"),
        describe_patches(label, top),
    )
