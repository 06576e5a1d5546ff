"""What chance alone would give: neurons whose patches overlap count as one, patches have ranks among random
boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from statistics import mean

from reportgen.results.fields import Box
from reportgen.results.inference import rank_sum_tail

ALPHA = 0.05
"""The level of both tests, two-sided."""


def group_overlapping(boxes: Sequence[Sequence[Box]]) -> list[list[int]]:
    """One image's neurons by number, those together of whose ``boxes`` any overlap, be it by way of others.

    Neurons that look at one spot gain and lose together: each of them is no further evidence.
    """
    groups: list[list[int]] = []
    for number, own in enumerate(boxes):
        # A box may join groups that had nothing in common before.
        joined = [
            group
            for group in groups
            if any(_overlap(a, b) for each in group for a in boxes[each] for b in own)
        ]
        groups = [
            *(group for group in groups if group not in joined),
            [*(each for group in joined for each in group), number],
        ]
    return groups


def _overlap(one: Box, other: Box) -> bool:
    return all(a[0] < b[1] and b[0] < a[1] for a, b in ((one.rows, other.rows), (one.cols, other.cols)))


def rank_tail(groups: Sequence[Sequence[int]], most: int) -> float:
    """How likely so low a sum of the groups' mean ranks is, if all ranks up to ``most`` are equally likely.

    A group counts as a single rank, as if all of its ranks had to be equal. Where they need not be, its mean
    is nearer to the middle, and sums far below it are rarer than this says.
    """
    # As fractions: means of ranks are then exact, and ties are ties.
    return rank_sum_tail(
        sum((mean(map(Fraction, group)) for group in groups), Fraction(0)), len(groups), most
    )
