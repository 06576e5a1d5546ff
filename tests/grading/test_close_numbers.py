"""Approximate comparison against decimal arithmetic."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.grading import check_close


class Value:
    """Stands for results of which only one value is asked."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def at(self, pointer: str) -> Any:
        assert pointer == "/a/b"
        return self.value


def is_close(found: Any, expected: Any, **tolerances: float) -> bool:
    try:
        check_close(Value(found), "/a/b", expected, **tolerances)
    except AssertionError:
        return False
    return True


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@settings(derandomize=True, deadline=None)
@given(numbers, numbers, st.floats(0, 10), st.floats(0, 1))
def test_close_is_what_decimal_arithmetic_says(
    found: float, expected: float, absolute: float, relative: float
) -> None:
    import decimal

    with decimal.localcontext(prec=800):
        limit = max(Decimal(repr(absolute)), Decimal(repr(relative)) * abs(Decimal(repr(expected))))
        close = abs(Decimal(repr(found)) - Decimal(repr(expected))) <= limit
    assert is_close(found, expected, absolute=absolute, relative=relative) == close


@pytest.mark.parametrize(
    ("found", "expected", "tolerances", "close"),
    [
        (0.8, 0.7, {"absolute": 0.1}, True),  # the limit lies within, though not in binary
        (0.80000001, 0.7, {"absolute": 0.1}, False),
        (90.0, 100, {"relative": 0.1}, True),
        (100, 90.0, {"relative": 0.1}, False),  # of the expected number
        (110, 100, {"absolute": 1, "relative": 0.1}, True),  # the larger of the two
        (0.5, 0.5, {}, True),
        (20024384, 20024384, {}, True),
        (2**53 + 1, 2**53, {}, False),
        (1, 1.0, {}, True),
        (math.nan, math.nan, {"absolute": 9}, False),
        (1.0, math.nan, {"absolute": 9}, False),
        (1.0, math.inf, {"relative": 1}, False),
        (math.inf, math.inf, {}, False),
        (True, 1, {}, False),
        ("1", 1, {}, False),
        (None, 0, {"absolute": 9}, False),
        ([1, 2], (1, 2), {}, True),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]]), {}, True),
        ([0.5], np.float64(0.5), {}, False),
        (0.5, np.float64(0.5), {}, True),
        ([1, 2], [2, 1], {}, False),
        ({"a": 1, "b": [2]}, {"b": [2.05], "a": 1}, {"absolute": 0.1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, {}, False),
        ([[1, 2], [3]], [[1, 2], [3, 4]], {}, False),
        ([[1], [2]], [[1, 2]], {}, False),
        ([], [], {}, True),
        ([], {}, {}, False),
        ([1], {"0": 1}, {}, False),
    ],
)
def test_known_comparisons(found: Any, expected: Any, tolerances: dict[str, float], close: bool) -> None:
    assert is_close(found, expected, **tolerances) == close


def test_the_message_names_pointer_numbers_difference_and_tolerance() -> None:
    with pytest.raises(AssertionError) as caught:
        check_close(Value({"x/y": [0.5, 0.62]}), "/a/b", {"x/y": [0.5, 0.7]}, absolute=0.05, relative=0.1)
    assert str(caught.value) == (
        "/a/b/x~1y/1: found 0.62, expected 0.7: the difference 0.08 is more than the tolerance 0.07 "
        "(absolute 0.05, relative 0.1)"
    )


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [
        ([1, 2, 3], [1, 2], "/a/b: found a list of 3, expected a list of 2"),
        ([[1], [2, 9]], [[5], [2]], "/a/b/1: found a list of 2, expected a list of 1"),  # before any number
        ({"cat": 1}, {"dog": 1}, "/a/b: found an object with 'cat', expected an object with 'dog'"),
        ([True], [1], "/a/b/0: found True, which is no number, expected a number"),
        (3, [3], "/a/b: found a number, expected a list of 1"),
    ],
)
def test_shapes_are_compared_first(found: Any, expected: Any, said: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_close(Value(found), "/a/b", expected)
    assert str(caught.value) == said


def test_many_differences_are_cut_short() -> None:
    with pytest.raises(AssertionError) as caught:
        check_close(Value([0] * 100), "/a/b", [1] * 100)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines[:5]] == [f"/a/b/{index}" for index in range(5)]
    assert lines[5:] == ["… and 95 more"]


@pytest.mark.parametrize("tolerance", [-0.1, math.nan, math.inf, "1", None, True])
def test_senseless_tolerances_are_refused(tolerance: Any) -> None:
    for name in ("absolute", "relative"):
        with pytest.raises(ValueError, match=name):
            check_close(Value(1), "/a/b", 1, **{name: tolerance})


@pytest.mark.parametrize("expected", [True, "1", None, [1, None], {"a": "x"}])
def test_only_numbers_can_be_expected(expected: Any) -> None:
    with pytest.raises(TypeError, match=r"/a/b.*no number"):
        check_close(Value(expected), "/a/b", expected)
