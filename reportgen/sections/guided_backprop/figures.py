"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.neurons import effective_field
from reportgen.figures.colour import signed_rgb
from reportgen.figures.figure import Figure, FigureData, raster_picture_of, say_box, say_number
from reportgen.figures.overlay import with_boxes
from reportgen.results import Box
from reportgen.sections.guided_backprop.result import GuidedBackprop, GuidedRow

Values = NDArray[Any]


def describe_gradient(label: str, row: GuidedRow, gradient: Values) -> str:
    """Describe a guided gradient (H, W, 3): how large it is, and where."""
    i, j, channel = row.position
    start = f"The guided gradient of the neuron at row {i}, column {j}, channel {channel} for {label}"
    if row.blank:
        return f"{start}, blank: it is zero everywhere."
    height, width = gradient.shape[:2]
    field = effective_field(gradient, Box(rows=(0, height), cols=(0, width)))
    peak = np.unravel_index(int(np.abs(gradient).max(axis=2).argmax()), (height, width))
    # Rounded down, since all of it would have to be all of it.
    share = int(100 * (field.energy_share or 0))
    return (
        f"{start}. Its largest absolute value, {say_number(row.gradient_max_abs)}, is at row {peak[0]} and "
        f"column {peak[1]} of the image; {share} percent of its energy lies within {say_box(field)}."
    )


_GUIDED_SCALE = 2
"""The enlargement of an input of 224 pixels, for prints 44 mm wide."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: GuidedBackprop = data.numbers
    arrays, images = data.arrays, data.images
    for i, (label, image) in enumerate(zip(section.files, images, strict=True)):
        yield Figure(
            f"guided_input_{i}",
            # Only enlarged: on the screen the page's script lays field and patch over it.
            raster_picture_of(with_boxes(image, [], _GUIDED_SCALE), "image/jpeg"),
            f"The input image of {label}, from the file {section.files[label]}.",
        )
        for k, row in enumerate(section.rows[label]):
            gradient = arrays[f"gradients_{i}"][k]
            yield Figure(
                f"gradient_{i}_{k}",
                # Without loss, since a gradient's picture is data, which can be read back.
                raster_picture_of(signed_rgb(gradient, row.scale_limit), "image/png"),
                describe_gradient(label, row, gradient),
            )
