"""What the section brings to report.toml: filters, their sizes, strides and paddings, of both layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from reportgen.analysis.architecture import output_size
from reportgen.results.fields import SIDE

MOST_WEIGHTS: Final = 2_000_000
"""Of one layer: 64 filters of 31 × 31 × 32. They are an array of the report, and drawn."""


class StackedLayer(NamedTuple):
    """One layer: K filters of F rows and columns, their step S, and the zeros P around the input."""

    filters: int
    filter_size: int
    stride: int
    padding: int


def _require_two(least: int, most: int) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    def check(values: tuple[int, ...]) -> tuple[int, ...]:
        if len(values) != 2:
            raise ValueError("two numbers are needed, one for each layer")
        for number, value in enumerate(values, 1):
            if not least <= value <= most:
                raise ValueError(f"allowed is {least} to {most}, and layer {number} has {value}")
        return values

    return check


_Listed = Annotated[tuple[int, ...], Field(strict=False)]


class Stack(BaseModel):
    """Both layers, key by key: the first number of a list is that of the first layer.

    A list for each key and not a table for each layer, so that any of them may be left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    filters: Annotated[_Listed, AfterValidator(_require_two(1, 128))] = (32, 64)
    filter_size: Annotated[_Listed, AfterValidator(_require_two(1, 31))] = (3, 3)
    stride: Annotated[_Listed, AfterValidator(_require_two(1, 31))] = (1, 1)
    padding: Annotated[_Listed, AfterValidator(_require_two(0, 31))] = (0, 0)

    @property
    def layers(self) -> tuple[StackedLayer, ...]:
        """The two layers, the lower one first."""
        return tuple(
            StackedLayer(*each)
            for each in zip(self.filters, self.filter_size, self.stride, self.padding, strict=True)
        )

    @model_validator(mode="after")
    def _require_sizes(self) -> Stack:
        """Every filter has a position on what reaches it, and no layer more weights than can be shown."""
        side, depth = SIDE, 3
        for number, layer in enumerate(self.layers, 1):
            padded = side + 2 * layer.padding
            if padded < layer.filter_size:
                raise ValueError(
                    f"filter_size = {layer.filter_size} of layer {number} is more than the {padded} × "
                    f"{padded} values that reach it{' with its padding' if layer.padding else ''}; write "
                    f"{padded} or less, or a smaller stride of the layer before it"
                )
            weights = layer.filter_size**2 * depth * layer.filters
            if weights > MOST_WEIGHTS:
                raise ValueError(
                    f"layer {number} has {weights} weights; {MOST_WEIGHTS} are the most: take fewer "
                    "filters, or smaller ones"
                )
            side, depth = output_size(side, layer.filter_size, layer.padding, layer.stride), layer.filters
        return self


FIELDS: Final[dict[str, tuple[Any, Any]]] = {"conv_stack": (Stack, Stack())}
