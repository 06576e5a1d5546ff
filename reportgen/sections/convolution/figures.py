"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb, grey_to_rgb
from reportgen.figures.figure import (
    EmbeddedData,
    Figure,
    FigureData,
    NamedArrays,
    embed_levels,
    listed,
    say_number,
)
from reportgen.figures.filters import MOST_WRITTEN, filter_heatmap
from reportgen.figures.lettering import number_text
from reportgen.figures.montage import ScaleBar, Tile, count_columns, full_width_side, lettered_figure
from reportgen.sections.convolution.result import Convolution
from reportgen.typefaces.face import Typefaces

# As many as a filter has rows whose weights are written.
_ORDINALS = ("first", "second", "third", "fourth", "fifth")

_CHANNELS = ("red", "green", "blue")

Values = NDArray[Any]


def describe_images(classes: Sequence[str], shape: Sequence[int], *, colour: bool) -> str:
    """Describe the example images."""
    kind = "colour" if colour else "grey"
    return f"The {kind} images of {listed(classes)}, each of {shape[0]} by {shape[1]} pixels."


def describe_filter(kernel: Values) -> str:
    """Describe one filter, (F, F) or (F, F, 3): every weight of a small one, the extremes of a large one."""
    rows, columns = kernel.shape[:2]
    size = f"A filter of {rows} by {columns} weights"
    # Hundreds of weights read aloud describe nothing; the picture leaves them out, too.
    if rows > MOST_WRITTEN:
        low, high = say_number(kernel.min()), say_number(kernel.max())
        return f"{size}, the smallest {low}, the largest {high}."
    if kernel.ndim == 2:
        return f"{size}. {_describe_rows(kernel).capitalize()}."
    slices = " ".join(
        f"In the slice for {name}, {_describe_rows(kernel[..., n])}." for n, name in enumerate(_CHANNELS)
    )
    return f"{size} for each of red, green and blue. {slices}"


def _describe_rows(weights: Values) -> str:
    return "; ".join(
        f"the {_ORDINALS[n]} row holds {listed([say_number(weight) for weight in row])}"
        for n, row in enumerate(weights)
    )


def describe_responses(maps: Mapping[str, Values]) -> str:
    """Describe the signed feature maps of one filter, by class."""
    ranges = [
        f"for {label}, from {say_number(values.min())} to {say_number(values.max())}, "
        f"on average {say_number(values.mean())}"
        for label, values in maps.items()
    ]
    height, width = next(iter(maps.values())).shape
    return f"The feature maps, each of {height} by {width} values: {'; '.join(ranges)}."


def _as_pixels(image: NDArray[Any]) -> Rgb:
    # Rounded back to the level that was decoded: where float32 holds it a little too low, a cut would make
    # the pixel one level darker.
    return grey_to_rgb(image, 0, 1) if image.ndim == 2 else np.round(image * 255).astype(np.uint8)


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Convolution = data.numbers
    arrays, faces = data.arrays, data.faces
    classes = list(section.classes)
    columns = count_columns(len(classes))
    # Two images are no larger than three would be.
    side = full_width_side(max(columns, 3))
    images = [Tile(_as_pixels(arrays[f"image_{i}"]), label) for i, label in enumerate(classes)]
    yield lettered_figure(
        "images",
        describe_images(classes, section.input_shape, colour=section.colour),
        images,
        columns=columns,
        tile_side=side,
        faces=faces,
    )
    yield Figure("filter", filter_heatmap(arrays["filter"]), describe_filter(arrays["filter"]))
    yield _responses({label: arrays[f"map_{i}"] for i, label in enumerate(classes)}, columns, side, faces)


def _responses(maps: NamedArrays, columns: int, side: int, faces: Typefaces) -> Figure:
    # One scale for all classes, or their maps could not be compared.
    limit = float(max(np.abs(values).max() for values in maps.values()))
    tiles = [
        Tile(
            # Grey, since a red and a blue of equal darkness cannot be distinguished without colour.
            grey_to_rgb(values, -limit, limit),
            label,
            f"{number_text(float(values.min()))} to {number_text(float(values.max()))}",
            look="values",
        )
        for label, values in maps.items()
    ]
    bar = ScaleBar(-limit, limit, "feature-map value", "grey")
    return lettered_figure(
        "maps", describe_responses(maps), tiles, columns=columns, tile_side=side, bar=bar, faces=faces
    )


def embed(data: FigureData, _figures: Mapping[str, Figure]) -> dict[str, list[EmbeddedData]]:
    """The inputs for the page, which convolves them before the reader's eyes: the images one below the other,
    in 255ths. They were made of 8 bits, so that nothing is lost, and sums come out as they were stored.
    """
    # In the order of the classes and all of one size: by that explore.js cuts them apart.
    inputs = [data.arrays[f"image_{i}"] for i in range(len(data.numbers.classes))]
    return {"images": [embed_levels("inputs", np.round(np.concatenate(inputs) * 255).astype(np.uint8))]}
