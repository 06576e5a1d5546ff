"""How alike two gradient pictures are: rank correlation, and structural similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.sections.randomisation.result import Likeness

# The text of randomisation.html.j2 names all four, too.
WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03
"""The parameters of Wang et al. 2004, with a range of values of 1."""

Values = NDArray[Any]


def compare_with_first(pictures: Values) -> list[Likeness]:
    """How like the first of pictures (N, rows, columns, 3) each of the others is; ±1 ends the scale."""
    first, *others = pictures.astype(np.float64)
    # Once, for the first is compared with all others.
    signed, absolute, displayed = rank(first), rank(np.abs(first)), _as_displayed(first)
    return [
        Likeness(
            signed=correlate(signed, rank(other)),
            absolute=correlate(absolute, rank(np.abs(other))),
            ssim=structural_similarity(displayed, _as_displayed(other))
            if first.any() and other.any()
            else None,
        )
        for other in others
    ]


def rank(values: Values) -> Values:
    """The rank of each value, from 1, as one row; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    # The last rank of each group of equal values, less half of the way to its first.
    means: Values = np.cumsum(counts) - (counts - 1) / 2
    return means[inverse.ravel()]


def correlate(one: Values, other: Values) -> float | None:
    """Pearson's correlation of two rows; of ranks it is Spearman's. None if one of them is constant."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return max(-1.0, min(1.0, float(a @ b) / norm)) if norm > 0 else None


def _as_displayed(picture: Values) -> Values:
    return (np.clip(picture, -1, 1) + 1) / 2


def structural_similarity(one: Values, other: Values) -> float:
    """The mean SSIM of two pictures (rows, columns, channels) with values from 0 to 1, over all channels.

    Wang et al. 2004, equation 13, with their Gaussian window of 11 × 11 and σ = 1.5, wherever that lies in
    the picture as a whole.
    """
    m, n = _blur(one), _blur(other)
    variances = _blur(one * one) - m * m + _blur(other * other) - n * n
    covariance = _blur(one * other) - m * n
    c1, c2 = K1**2, K2**2
    similar = (2 * m * n + c1) * (2 * covariance + c2) / ((m * m + n * n + c1) * (variances + c2))
    return float(np.clip(similar.mean(), -1, 1))


def _blur(values: Values) -> Values:
    from scipy.ndimage import correlate1d

    reach = WINDOW // 2
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * SIGMA**2))
    weights /= weights.sum()
    # A Gaussian window is the product of its rows and columns: 22 multiplications instead of 121.
    smooth = correlate1d(correlate1d(values, weights, axis=0), weights, axis=1)
    # Only where no value had to be made up beyond the edge.
    inner: Values = smooth[reach:-reach, reach:-reach]
    return inner
