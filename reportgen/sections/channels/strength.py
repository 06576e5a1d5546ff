"""Whether loud channels are among the strongest: those that change the score most, up or down.

A channel that argues against the class decides, too, so contributions are compared by their size. That some
of the loudest are strong says nothing until it is known how many would be by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.sections.channels.result import Strength

ALPHA = 0.05

PERMUTATIONS = 999
"""Smallest p-value 0.001."""


def rank_by_size(contributions: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each of the contributions (channels,) how many are at least as large without their signs."""
    sizes = np.sort(np.abs(contributions))
    found: NDArray[np.intp] = len(sizes) - np.searchsorted(sizes, np.abs(contributions), side="left")
    return found


def compare_strength(
    contributions: NDArray[np.float64], loud: Sequence[Sequence[int]], count: int, *, seed: int
) -> Strength:
    """How many of the ``loud`` channels of each image are among its ``count`` strongest, beside chance.

    ``contributions`` (images, channels), row by row those to the class that was predicted. Chance: the
    channels are permuted, in all images alike. A channel that is loud in one image is often loud in the
    others, too, so images are no independent draws.
    """
    # What adds nothing is not strong, however few channels there are.
    strong = np.stack([(rank_by_size(own) <= count) & (own != 0) for own in contributions])
    rows = np.repeat(np.arange(len(loud)), [len(own) for own in loud])
    channels = np.concatenate([np.asarray(own, int) for own in loud])
    rng = np.random.default_rng(seed)
    drawn = [
        np.count_nonzero(strong[rows, rng.permutation(strong.shape[1])[channels]])
        for _ in range(PERMUTATIONS)
    ]
    found = np.count_nonzero(strong[rows, channels])
    return Strength(
        # Exact, without any draw: a listed channel that is exchanged is strong as often as a channel of its
        # image is.
        expected=float(strong.mean(axis=1)[rows].sum()),
        alpha=ALPHA,
        permutations=PERMUTATIONS,
        # The truth is one of the orders that chance may give: so the value is never 0.
        p_value=(1 + sum(each >= found for each in drawn)) / (1 + PERMUTATIONS),
    )
