"""The figures of the section, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.figures.colour import signed_rgb
from reportgen.figures.data import FigureData
from reportgen.figures.figure import Figure
from reportgen.figures.overlay import with_boxes
from reportgen.figures.picture import raster_picture_of
from reportgen.sections.guided_backprop.description import describe_gradient
from reportgen.sections.guided_backprop.result import GuidedBackprop

_GUIDED_SCALE = 2
"""The enlargement of an input of 224 pixels, for prints 44 mm wide."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: GuidedBackprop = data.numbers
    arrays, images = data.arrays, data.images
    for i, (label, image) in enumerate(zip(section.files, images, strict=True)):
        yield Figure(
            f"guided_input_{i}",
            raster_picture_of(with_boxes(image, [], _GUIDED_SCALE), "image/jpeg"),
            f"The input image of {label}, from the file {section.files[label]}.",
        )
        for k, row in enumerate(section.rows[label]):
            gradient = arrays[f"gradients_{i}"][k]
            yield Figure(
                f"gradient_{i}_{k}",
                raster_picture_of(signed_rgb(gradient, row.scale_limit), "image/png"),
                describe_gradient(label, row, gradient),
            )
