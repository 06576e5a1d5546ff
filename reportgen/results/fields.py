"""What a neuron can see, and what it mostly sees."""

from typing import Annotated

from reportgen.results.base import (
    Box,
    Count,
    Positive,
    Result,
    Share,
    means,
)


class Patch(Box):
    """The effective receptive field: the box between the 5 % and 95 % quantiles, along rows and along
    columns, of the energy of the neuron's input gradient; ``energy_share`` of it lies inside (null if
    the gradient is zero everywhere: then the box is the receptive field). Luo et al. 2016.
    """

    energy_share: Annotated[
        Share | None,
        means("The share of the gradient's energy inside the box; null if the gradient is zero everywhere."),
    ]


class FieldGeometry(Result):
    """Receptive field size, stride and padding of a layer in input pixels (Araujo et al. 2019)."""

    size: Annotated[Positive, means("Rows, and columns, of a neuron's receptive field.", "pixels")]
    stride: Annotated[Positive, means("How far the fields of two neighbours are apart.", "pixels")]
    padding: Annotated[Count, means("How far the first field begins before the image.", "pixels")]
