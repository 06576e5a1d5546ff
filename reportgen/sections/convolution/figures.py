"""The figures of the section, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, grey_to_rgb
from reportgen.figures.data import FigureData, NamedArrays
from reportgen.figures.figure import Figure
from reportgen.figures.filters import filter_heatmap
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import Tile, count_columns, full_width_side, montage
from reportgen.figures.scale_bar import ScaleBar
from reportgen.sections.convolution.description import describe_filter, describe_images, describe_responses
from reportgen.sections.convolution.result import Convolution
from reportgen.typefaces.chain import Typefaces


def _as_pixels(image: NDArray[Any]) -> Rgb:
    return grey_to_rgb(image, 0, 1) if image.ndim == 2 else np.round(image * 255).astype(np.uint8)


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Convolution = data.numbers
    arrays, faces = data.arrays, data.faces
    classes = list(section.classes)
    columns = count_columns(len(classes))
    side = full_width_side(max(columns, 3))
    images = [Tile(_as_pixels(arrays[f"image_{i}"]), label) for i, label in enumerate(classes)]
    yield Figure(
        "images",
        montage(images, columns=columns, tile_side=side, mime="image/jpeg", faces=faces),
        describe_images(classes, section.input_shape, colour=section.colour),
    )
    yield Figure("filter", filter_heatmap(arrays["filter"]), describe_filter(arrays["filter"]))
    yield _responses({label: arrays[f"map_{i}"] for i, label in enumerate(classes)}, columns, side, faces)


def _responses(maps: NamedArrays, columns: int, side: int, faces: Typefaces) -> Figure:
    limit = float(max(np.abs(values).max() for values in maps.values()))
    tiles = [
        Tile(
            # Grey, since a red and a blue of equal darkness cannot be told apart without colour.
            grey_to_rgb(values, -limit, limit),
            label,
            f"{number_text(float(values.min()))} to {number_text(float(values.max()))}",
        )
        for label, values in maps.items()
    ]
    bar = ScaleBar(-limit, limit, "feature-map value", "grey")
    return Figure(
        "maps",
        montage(tiles, columns=columns, tile_side=side, bar=bar, mime="image/jpeg", faces=faces),
        describe_responses(maps),
    )
