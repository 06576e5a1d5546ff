"""Receptive fields of neurons, in theory and in effect."""

from __future__ import annotations

from typing import Annotated

from reportgen.results.base import (
    Box,
    Count,
    Positive,
    Result,
    Share,
    Size,
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


class InitCheck(Result):
    """Is the sample's standard deviation plausible under the claimed one?

    Two-sided χ² test of Σw²/σ² with ``n`` degrees of freedom (the mean is known to be 0);
    ``plausible`` if the statistic lies within ``interval``, the central 1 − α of the distribution.
    """

    fan_in: Annotated[Positive, means("Inputs of one output: F · F · channels in.")]
    n: Annotated[Positive, means("Weights of the kernel: the degrees of freedom.")]
    sigma_expected: Annotated[Size, means("The standard deviation claimed: √(2 / fan-in), He et al. 2015.")]
    sigma_observed: Annotated[Size, means("The standard deviation of the weights about 0: √(Σw²/n).")]
    statistic: Annotated[Size, means("The test statistic Σw²/σ², with the expected σ.")]
    interval: Annotated[
        tuple[
            Annotated[Size, means("The α/2 quantile of χ² with n degrees of freedom.")],
            Annotated[Size, means("Its 1 − α/2 quantile.")],
        ],
        means("Where the statistic is plausible."),
    ]
    p_value: Annotated[Share, means("The two-sided p-value of the statistic.")]
    alpha: Annotated[Share, means("The level α of the test.")]
    plausible: Annotated[bool, means("Whether the statistic lies within the interval.")]
    redrawn: Annotated[
        bool | None,
        means("Whether the seed draws exactly these weights again; null in documents before 1.2."),
    ] = None


KAIMING_CLAIM = "The spread of the weights of every filter bank is plausible under Kaiming initialisation."
"""What reports before 1.2 say of all their checks together."""

REDRAWN_CLAIM = "Every filter bank is what its seed draws by Kaiming initialisation, to the last bit."
"""What a report says of its filters: a spread alone proves nothing of nine weights, the seed does."""
