"""What each figure of the section shows, in sentences with numbers from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.description import listed, say_number

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
    if rows > len(_ORDINALS):
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
