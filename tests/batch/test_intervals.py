"""Intervals of means: SciPy and the roots of Wilson's own equation are the oracles, and simulated classes."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reportgen.batch.class_file import Class, Group
from reportgen.batch.outcome import Mark, Outcome
from reportgen.batch.summary import mean_interval, share_interval, sum_up
from reportgen.batch.tables import GroupResult, spread_criteria
from reportgen.document.class_pages import render_overview
from reportgen.templates import open_templates

SCORES = [3.0, 7.5, 8.0, 5.0, 9.5]


def test_the_mean_has_student_s_interval() -> None:
    expected = stats.t.interval(0.95, 4, loc=np.mean(SCORES), scale=stats.sem(SCORES))
    assert mean_interval(SCORES, 10) == pytest.approx(expected)


def test_no_mean_is_below_nothing_or_above_all() -> None:
    assert mean_interval([0, 0, 10], 10) == (0, 10)
    # With a bonus somebody has 12 of 10.
    found = mean_interval([0, 12, 12], 10)
    assert found is not None
    assert found[1] == 12


@pytest.mark.parametrize("scores", [[], [1.0], [1.0, 9.0], [4.0] * 5])
def test_too_few_or_equal_scores_have_no_interval(scores: list[float]) -> None:
    assert mean_interval(scores, 10) is None


@pytest.mark.parametrize("hits", range(8))
def test_full_or_no_points_have_wilson_s_interval(hits: int) -> None:
    expected = stats.binomtest(hits, 7).proportion_ci(0.95, method="wilson")
    assert share_interval([1.0] * hits + [0.0] * (7 - hits)) == pytest.approx((expected.low, expected.high))


def test_its_ends_are_where_the_mean_is_just_not_too_unlikely() -> None:
    """Both ends solve (p - mean)² = z² p (1 - p) / n, which is how Wilson found them."""
    shares = [0.2, 0.5, 1.0, 0.75]
    found = share_interval(shares)
    assert found is not None
    for end in found:
        z = (end - np.mean(shares)) / np.sqrt(end * (1 - end) / 4)
        assert abs(z) == pytest.approx(stats.norm.ppf(0.975))


def test_all_and_nothing_are_exact_and_two_groups_have_none() -> None:
    nothing, everything = share_interval([0.0] * 3), share_interval([1.0] * 3)
    assert nothing is not None
    assert everything is not None
    assert (nothing[0], everything[1]) == (0.0, 1.0)
    assert nothing[1] == pytest.approx(1 - everything[0])
    assert share_interval([0.5, 0.5]) is None


def test_of_many_classes_most_intervals_hold_the_truth() -> None:
    """Partial points from a class with the mean share 0.6: at least 95 % of 400, but for chance."""
    chance, held = random.Random(1), 0
    for _ in range(400):
        found = share_interval([chance.betavariate(3, 2) for _ in range(8)])
        held += found is not None and found[0] <= 0.6 <= found[1]
    assert held >= 380


def graded(*scores: str) -> list[GroupResult]:
    return [
        GroupResult(
            Group(f"G{number}", Path("x"), f"g{number}"),
            Outcome(
                score=score or "0",
                points="4",
                marks=(Mark("By hand", score or "0", "4", "passed" if score else "not graded yet"),),
                undecided="" if score else "0 of 0, 4 not graded yet",
            ),
            None,
            {},
        )
        for number, score in enumerate(scores)
    ]


def test_what_is_not_graded_yet_is_no_zero() -> None:
    rows = graded("4", "2", "3", "", "")
    (spread,) = spread_criteria([row.outcome for row in rows])
    assert (spread.groups, spread.mean, spread.median, spread.undecided) == (3, Decimal(3), Decimal(3), 2)
    page = sum_up(Class((), ()), rows)
    assert page.criteria[0].interval.startswith("75.0 % (")
    assert page.criteria[0].interval.endswith(", n = 3")
    assert page.scores is not None
    # 4, 2, 3, 0 and 0: mean 1.8, standard error 0.8, and 2.776 of them to each side; below 0 nothing is.
    assert page.scores.interval == "95 % interval 0.0 to 4.0 (Student's t, n = 5)"
    assert page.scores.undecided == 2
    # Open for two reasons, and called by both, in the words that the tables have for each.
    words = " ".join(render_overview(page, open_templates()).split())
    assert "of 2 of them a part is not checkable or not graded yet, and counts as 0 here" in words
    assert '<th scope="col">Not checkable or not graded yet</th>' in words
    assert "ecided" not in words


def test_where_all_is_graded_nothing_is_called_open() -> None:
    words = render_overview(sum_up(Class((), ()), graded("4", "2")), open_templates())
    assert "ot checkable or" not in words


def test_few_groups_are_told_to_be_few() -> None:
    page = sum_up(Class((), ()), graded("4", "2"))
    assert page.scores is not None
    assert page.scores.interval == "no interval: too few groups (n = 2)"
    assert page.criteria[0].interval == "75.0 %, n = 2"
    page = sum_up(Class((), ()), graded("", ""))
    assert (page.criteria[0].groups, page.criteria[0].interval) == (0, "")
    assert sum_up(Class((), ()), graded("4", "4", "4")).scores.interval == (  # type: ignore[union-attr]
        "no interval: all are equal (n = 3)"
    )
