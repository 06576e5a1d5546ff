"""Whether weights are plausible as initialised."""

from typing import Annotated

from reportgen.results.base import (
    Positive,
    Result,
    Share,
    Size,
    means,
)


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


KAIMING_CLAIM = "The spread of the weights of every filter bank is plausible under Kaiming initialisation."
"""What a report says of all its checks together."""
