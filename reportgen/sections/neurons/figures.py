"""The figures of the section, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.figures.colour import Rgb
from reportgen.figures.data import FigureData
from reportgen.figures.figure import Figure
from reportgen.figures.montage import Tile, full_width_side, montage
from reportgen.figures.overlay import crop, with_boxes
from reportgen.figures.picture import raster_picture_of
from reportgen.sections.neurons.description import describe_neuron_input, describe_patches
from reportgen.sections.neurons.result import Neuron, Neurons

_NEURON_SCALE = 3
"""The enlargement of an input of 224 pixels, for prints 62 mm wide."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Neurons = data.numbers
    arrays = data.arrays
    for i, label in enumerate(section.files):
        image, top = arrays[f"image_{i}"], section.top[label]
        patches = [(neuron.patch, str(k)) for k, neuron in enumerate(top, 1)]
        yield Figure(
            f"neuron_input_{i}",
            raster_picture_of(
                with_boxes(image, [(top[0].receptive_field, ""), *patches], _NEURON_SCALE), "image/jpeg"
            ),
            describe_neuron_input(label, top),
        )
        yield _patches(i, label, top, image)


def _patches(i: int, label: str, top: Sequence[Neuron], image: Rgb) -> Figure:
    columns = min(5, len(top))
    tiles = [
        Tile(crop(image, neuron.patch), f"{k}: {neuron.position}", f"output {neuron.value:.1f}")
        for k, neuron in enumerate(top, 1)
    ]
    side = full_width_side(max(columns, 5))
    return Figure(
        f"patches_{i}",
        montage(tiles, columns=columns, tile_side=side, mime="image/jpeg"),
        describe_patches(label, top),
    )
