"""How a class did: in each criterion, and in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reportgen.batch.outcome import Mark, Outcome
from reportgen.grading.score import round_part

_BINS = 10


@dataclass(frozen=True)
class Spread:
    """The points that ``groups`` groups reached of ``points``; mean and median in hundredths.

    ``full``: groups with all of them. ``counts``: groups with no points, with parts up to each tenth of the
    points (full ones left out), and with all.
    """

    name: str
    points: Decimal
    groups: int
    mean: Decimal
    median: Decimal
    full: int
    counts: tuple[int, ...]


def spread_of(name: str, points: Decimal, scores: Sequence[Decimal]) -> Spread:
    """Mean, median and histogram of scores between 0 and ``points``, of one group or more.

    As with a single score, rounding neither gives all points nor takes the last.
    """
    shares = sorted(Fraction(score) / Fraction(points) if points else Fraction(0) for score in scores)
    middle = len(shares) // 2
    median = shares[middle] if len(shares) % 2 else (shares[middle - 1] + shares[middle]) / 2
    counts = [0] * (_BINS + 2)
    for share in shares:
        # -(-x // 1) is x rounded up: a share of exactly one tenth belongs to the first of them.
        counts[_BINS + 1 if share == 1 else -int(-share * _BINS // 1)] += 1
    return Spread(
        name,
        points,
        len(shares),
        round_part(points, sum(shares, Fraction(0)) / len(shares)),
        round_part(points, median),
        sum(share == 1 for share in shares),
        tuple(counts),
    )


def criteria_of(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of all criteria, each once, in the order of the rubric."""
    return list(dict.fromkeys(mark.criterion for outcome in outcomes for mark in outcome.marks))


def find_mark(outcome: Outcome, criterion: str) -> Mark | None:
    """What a group got for a criterion, None without grades."""
    return next((mark for mark in outcome.marks if mark.criterion == criterion), None)


def spread_criteria(outcomes: Sequence[Outcome]) -> list[Spread]:
    """One spread a criterion, over the groups that have grades."""
    spreads = []
    for name in criteria_of(outcomes):
        marks = [mark for outcome in outcomes if (mark := find_mark(outcome, name))]
        scores = [Decimal(mark.score) for mark in marks]
        spreads.append(spread_of(name, Decimal(marks[0].points), scores))
    return spreads


def spread_scores(outcomes: Sequence[Outcome]) -> Spread | None:
    """The spread of the sums, None if no group has grades."""
    graded = [outcome for outcome in outcomes if outcome.done]
    if not graded:
        return None
    return spread_of("", Decimal(graded[0].points), [Decimal(outcome.score) for outcome in graded])
