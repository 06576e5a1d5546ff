"""Intervals of 95 % for the means of a class, taken as a sample of the groups that might have been in it."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev

LEAST_GROUPS = 3
"""Two groups, or one, say nothing of a class."""

_LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + _LEVEL) / 2)

Interval = tuple[float, float]


def mean_interval(scores: Sequence[float], most: float) -> Interval | None:
    """Student's t interval of the mean of scores from 0 to ``most``, cut off where no mean can be.

    None for fewer than ``LEAST_GROUPS``, and where all scores are equal: that their spread is zero is known
    of the sample only.
    """
    count = len(scores)
    if count < LEAST_GROUPS or min(scores) == max(scores):
        return None
    from scipy.special import stdtrit  # a second run, which draws no page, needs no SciPy

    half = float(stdtrit(count - 1, (1 + _LEVEL) / 2)) * stdev(scores) / sqrt(count)
    # A bonus may lead above the maximum.
    return max(fmean(scores) - half, 0.0), min(fmean(scores) + half, max(most, *scores))


def share_interval(shares: Sequence[float]) -> Interval | None:
    """Wilson's interval of the mean of shares from 0 to 1, with the mean in place of a proportion.

    Shares between 0 and 1 vary less than full and no points with the same mean, so that with them it is wider
    than it need be. It is none for fewer than ``LEAST_GROUPS``.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    count = len(shares)
    if count < LEAST_GROUPS:
        return None
    mean = min(max(fmean(shares), 0.0), 1.0)
    weight = _Z**2 / count
    middle = (mean + weight / 2) / (1 + weight)
    half = sqrt(mean * (1 - mean) * weight + weight**2 / 4) / (1 + weight)
    # Exactly so, whatever is lost in rounding: an interval that ends at all or nothing says so.
    return 0.0 if mean == 0 else middle - half, 1.0 if mean == 1 else middle + half
