"""What the section brings to report.toml: filters, their sizes, strides and paddings, of both layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, ValidationInfo, field_validator

from reportgen.analysis.architecture import output_size
from reportgen.results.fields import SIDE
from reportgen.tables import Table

MOST_WEIGHTS: Final = 2_000_000
"""Of one layer: 64 filters of 31 × 31 × 32. They are an array of the report, and drawn."""


_RANGES: Final = {"filters": (1, 128), "filter_size": (1, 31), "stride": (1, 31), "padding": (0, 31)}
"""The least and the most of each key."""


class StackedLayer(NamedTuple):
    """One layer: K filters of F rows and columns, their step S, and the zeros P around the input."""

    filters: int
    filter_size: int
    stride: int
    padding: int


def _require_two(values: tuple[int, ...], least: int, most: int) -> tuple[int, ...]:
    if len(values) != 2:
        raise ValueError("two numbers are needed, one for each layer")
    for number, value in enumerate(values, 1):
        if not least <= value <= most:
            raise ValueError(f"allowed is {least} to {most}, and layer {number} has {value}")
    return values


class Stack(Table):
    """Both layers, key by key: the first number of a list is that of the first layer.

    A list for each key and not a table for each layer, so that any of them may be left out.
    """

    filters: Annotated[tuple[int, ...], Field(strict=False)] = (32, 64)
    stride: Annotated[tuple[int, ...], Field(strict=False)] = (1, 1)
    padding: Annotated[tuple[int, ...], Field(strict=False)] = (0, 0)
    # Last, since whether a filter fits depends on the others; its default must fit, too.
    filter_size: Annotated[tuple[int, ...], Field(strict=False, validate_default=True)] = (3, 3)

    @field_validator("filters", "stride", "padding", "filter_size")
    @classmethod
    def _require_range(cls, values: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return _require_two(values, *_RANGES[info.field_name or ""])

    @field_validator("filter_size")
    @classmethod
    def _require_sizes(cls, sizes: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        # Another key that is wrong has been reported already.
        if {"filters", "stride", "padding"} <= info.data.keys():
            _require_fit(_zip_layers(**info.data, filter_size=sizes))
        return sizes

    @property
    def layers(self) -> tuple[StackedLayer, ...]:
        """The two layers, the lower one first."""
        return _zip_layers(self.filters, self.filter_size, self.stride, self.padding)


def _zip_layers(
    filters: tuple[int, ...], filter_size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]
) -> tuple[StackedLayer, ...]:
    return tuple(StackedLayer(*each) for each in zip(filters, filter_size, stride, padding, strict=True))


def _require_fit(layers: Sequence[StackedLayer]) -> None:
    """Require that every filter has a position on what reaches it, and that the weights can be shown.

    Raises ``ValueError`` naming the layer, the value and a remedy.
    """
    # In colour, which has the more weights; the sides are the same.
    side, depth = SIDE, 3
    for number, (filters, size, stride, padding) in enumerate(layers, 1):
        padded = side + 2 * padding
        if padded < size:
            raise ValueError(
                f"{size}, of layer {number}, is more than the {padded} × {padded} values that reach it"
                f"{f' with padding {padding}' if padding else ''}; write {padded} or less, or a smaller "
                "stride of the layer before it"
            )
        if (weights := size**2 * depth * filters) > MOST_WEIGHTS:
            raise ValueError(
                f"layer {number} has {weights} weights; {MOST_WEIGHTS} are the most: take fewer filters, "
                "or smaller ones"
            )
        side, depth = output_size(side, size, padding, stride), filters


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"conv_stack": (Stack, Stack())}
