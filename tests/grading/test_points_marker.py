"""What the marker takes and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reportgen.grading.points import Points, read_points


def read(*arguments: Any, **keywords: Any) -> Points:
    return read_points(pytest.mark.points(*arguments, **keywords).mark, "test_x.py::test_y")


@pytest.mark.parametrize(
    ("given", "points"),
    [(2, "2"), (0, "0"), ("2.5", "2.5"), (0.1, "0.1"), (Decimal("1.25"), "1.25"), (1e6, "1000000")],
)
def test_numbers_count_as_they_are_written(given: Any, points: str) -> None:
    assert read(given).points == Decimal(points)
    assert read(n=given).points == Decimal(points)


@pytest.mark.parametrize(
    "given",
    [
        -1, "-0.5", float("nan"), "NaN", "sNaN", float("inf"), Decimal("-Infinity"), "two", "", None, True,
        [2], 2j, 1_000_001, "1e99999999", "1e-99999999",
    ],
)  # fmt: skip
def test_what_is_no_number_of_points_is_refused_by_name(given: Any) -> None:
    with pytest.raises(pytest.UsageError, match=r"test_x\.py::test_y: points\("):
        read(given)


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"visibility": "secret"}, "'secret'.*visible, hidden, after_due_date, after_published"),
        ({"visible": True}, "'visible'.*criterion, depends, visibility, tags"),
        ({"criterion": ""}, "criterion=''"),
        ({"criterion": 7}, "criterion=7"),
        ({"depends": 7}, "depends=7"),
        ({"depends": ["a", 7]}, "depends="),
        ({"tags": [""]}, "tags="),
    ],
)
def test_bad_keywords_are_refused_by_name(keywords: dict[str, Any], named: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"test_x.py::test_y: .*{named}"):
        read(1, **keywords)


@pytest.mark.parametrize("arguments", [(), (1, "Q1")])
def test_points_take_one_number(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(pytest.UsageError, match=f"{len(arguments)} are given"):
        read(*arguments)


def test_names_may_be_one_or_many() -> None:
    assert read(1, depends="a", tags="t") == Points(Decimal(1), None, ("a",), "visible", ("t",))
    assert read(1, depends=["a", "b", "a"], tags={"u", "t"}).depends == ("a", "b")
    assert read(1, tags={"u", "t"}).tags == ("t", "u")
    assert read(1, criterion="Q1\n \x1b[31mshape").criterion == "Q1 shape"
