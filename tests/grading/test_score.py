"""Points against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.grading.score import STATUSES, Case, Criterion, Grades, Status, find_criterion

amounts = st.decimals(0, 1000, places=3, allow_nan=False)
weights = st.fractions(Fraction(1, 100), 10, max_denominator=100)
cases = st.lists(st.builds(Case, st.just("c"), st.sampled_from(STATUSES), weight=weights), min_size=1)


def alike(*statuses: Status) -> tuple[Case, ...]:
    return tuple(Case(f"case {index}", status) for index, status in enumerate(statuses))


@settings(derandomize=True, deadline=None)
@given(amounts, cases)
def test_a_score_is_the_exact_share_to_a_hundredth_and_never_gives_or_takes_all_by_rounding(
    points: Decimal, cases: list[Case]
) -> None:
    score = Criterion("c", points, tuple(cases)).score
    passed = [case.weight for case in cases if case.status == "passed"]
    exact = Fraction(points) * sum(passed, Fraction(0)) / sum((case.weight for case in cases), Fraction(0))
    assert abs(Fraction(score) - exact) <= Fraction(1, 200)
    assert (score == points) == (len(passed) == len(cases) or points == 0)
    assert (score == 0) == (not passed or points == 0)


@pytest.mark.parametrize(
    ("points", "passed", "of", "score"),
    [
        ("2", 1, 3, "0.67"),
        ("1", 1, 8, "0.13"),  # half a hundredth goes up
        ("1", 999, 1000, "0.999"),
        ("1", 1, 1000, "0.001"),
        ("0.01", 1, 2, "0.005"),
        ("0.005", 1, 1, "0.005"),
        ("3", 2, 2, "3"),
        ("3", 0, 2, "0"),
        ("0", 1, 2, "0"),
    ],
)
def test_known_scores(points: str, passed: int, of: int, score: str) -> None:
    cases = alike("passed") * passed + alike("failed") * (of - passed)
    assert Criterion("c", Decimal(points), cases).score == Decimal(score)


@settings(derandomize=True, deadline=None)
@given(amounts, cases)
def test_another_case_passed_never_costs_points(points: Decimal, cases: list[Case]) -> None:
    better = [Case("c", "passed", weight=cases[0].weight), *cases[1:]]
    assert Criterion("c", points, tuple(better)).score >= Criterion("c", points, tuple(cases)).score


def test_a_criterion_without_cases_has_no_points_and_is_an_error() -> None:
    empty = Criterion("c", Decimal(2), ())
    assert (empty.score, empty.status) == (Decimal(0), "error")


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (("passed", "passed"), "passed"),
        (("passed", "skipped"), "skipped"),
        (("skipped", "failed", "passed"), "failed"),
        (("error", "failed", "skipped"), "error"),
    ],
)
def test_the_worst_case_is_the_status(statuses: tuple[Status, ...], worst: Status) -> None:
    assert Criterion("c", Decimal(2), alike(*statuses)).status == worst


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.tuples(amounts, cases), max_size=5))
def test_totals_are_the_sums_of_what_the_rows_show(rows: list[tuple[Decimal, list[Case]]]) -> None:
    criteria = tuple(
        Criterion(str(index), points, tuple(cases)) for index, (points, cases) in enumerate(rows)
    )
    grades = Grades("s", criteria)
    assert Fraction(grades.score) == sum((Fraction(item.score) for item in criteria), Fraction(0))
    assert Fraction(grades.points) == sum((Fraction(points) for points, _ in rows), Fraction(0))


def test_tenths_add_up_exactly() -> None:
    grades = Grades("s", tuple(Criterion(str(i), Decimal("0.1"), alike("passed")) for i in range(3)))
    assert (grades.score, grades.points) == (Decimal("0.3"), Decimal("0.3"))


def test_criteria_are_found_by_name() -> None:
    one = Criterion("one", Decimal(1), alike("passed"))
    assert find_criterion(Grades("s", (one,)), "one") is one
    with pytest.raises(KeyError, match="two"):
        find_criterion(Grades("s", (one,)), "two")


def test_what_was_not_graded_makes_grades_incomplete() -> None:
    assert Grades("s", ()).complete
    assert not Grades("s", (), gaps=("a file",)).complete
