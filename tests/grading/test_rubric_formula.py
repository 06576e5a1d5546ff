"""Formulas against Python's own arithmetic; and all that is none is refused before it could run."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.grading.formula import FormulaError, ValueFault, bound, evaluate, parse_formula
from reportgen.pointer import find_value

DOCUMENT = {
    "a": 7, "b": 2.5, "zero": 0, "text": "7", "yes": True, "list": [1, 2], "big": 10**200,
    "by": {"train": {"right": 9, "all": 10}, "x/y": {"right": 1, "all": 4}},
}  # fmt: skip


def value_of(text: str, *keys: str) -> float:
    return evaluate(parse_formula(text), lambda pointer: find_value(DOCUMENT, pointer, "it"), keys)


operands = st.sampled_from(['"/a"', '"/b"', "3", "0.5", "1e3", "-2"])
formulas = st.recursive(
    operands,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=8,
)


@given(formulas)
def test_the_value_is_that_of_the_same_arithmetic_in_python(text: str) -> None:
    plain = text.replace('"/a"', "7").replace('"/b"', "2.5")
    if plain == text:
        return
    try:
        expected = eval(plain, {"__builtins__": {}})  # noqa: S307 - text of this test
    except (ZeroDivisionError, OverflowError):
        with pytest.raises(ValueFault):
            value_of(text)
        return
    assert value_of(text) == expected


INSIDE = {"/a": (5.0, 9.0), "/b": (-1.0, 3.0), "/c": (0.0, math.inf)}


@given(
    st.recursive(
        st.sampled_from([*(f'"{pointer}"' for pointer in INSIDE), "3", "0.5", "-2"]),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        max_leaves=5,
    ),
    st.floats(5, 9), st.floats(-1, 3), st.floats(0, 1e6),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_value_is_out_of_the_bounds(text: str, a: float, b: float, c: float) -> None:
    """Against the values themselves: a bound that is too narrow would refuse an honest rubric."""
    if '"' not in text:
        return
    formula = parse_formula(text)
    low, high = bound(formula, INSIDE.__getitem__)
    try:
        value = evaluate(formula, {"/a": a, "/b": b, "/c": c}.__getitem__)
    except ValueFault:
        return
    slack = 1e-9 * max(abs(value), 1)
    assert low - slack <= value <= high + slack


def test_bounds_are_as_narrow_as_by_hand() -> None:
    for text, bounds in {
        '"/a" + 1': (6, 10), '2 - "/a"': (-7, -3), '"/a" * "/b"': (-9, 27), '1 / "/a"': (1 / 9, 1 / 5),
        '"/a" // 2': (2, 4.5), '"/a" ** 2': (25, 81), '1 / "/b"': (-math.inf, math.inf), '"/c" * 0': (0, 0),
        '-"/c" - 1': (-math.inf, -1), '"/b" ** 2': (-math.inf, math.inf),
    }.items():  # fmt: skip
        assert bound(parse_formula(text), INSIDE.__getitem__) == pytest.approx(bounds), text


def test_powers_and_roots() -> None:
    assert value_of('("/a" + 2) ** 0.5') == 3
    assert value_of('"/a" ** 2') == 49


def test_the_kth_star_is_the_kth_key() -> None:
    assert value_of('"/by/*/right" / "/by/*/all"', "train") == 0.9
    assert value_of('"/by/*/right" / "/by/*/all"', "x/y") == 0.25
    assert value_of('"/by/*/*" - "/by/*/all"', "train", "right") == -1


@pytest.mark.parametrize(
    "text",
    [
        "abs('/a')",
        "'/a'.real",
        "'/a'[0]",
        "[ '/a' ]",
        "'/a' if 1 else 2",
        "lambda: '/a'",
        "(x := '/a')",
        "f'/a'",
        "b'/a' + '/a'",
        "'/a' == 7",
        "'/a' and 7",
        "not '/a'",
        "~'/a'",
        "'/a' @ 2",
        "'/a' << 2",
        "'/a' + True",
        "'/a' + None",
        "'/a' + ...",
        "'/a' + 1j",
        "'/a' + x",
        "[y for y in '/a']",
        "{'/a': 1}",
        "await '/a'",
        "'/a'; 1",
        "import os",
        "'a' + 1",
        "'/a~2' + 1",
        "'/a' + 1e400",
        "1 + 1",
        "",
        "'/a' +",
        "(" * 60 + "'/a'" + ")" * 60 + "(",
        "-" * 100 + "'/a'",
        "'/a'" + " + 1" * 200,
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'/a' / '/zero'", "division by zero"),
        ("'/a' % '/zero'", "division by zero"),
        ("'/nothing' + 1", "/nothing"),
        ("'/text' + 1", "/text is no number"),
        ("'/yes' + 1", "/yes is no number"),
        ("'/list' + 1", "/list is no number"),
        ("'/a' ** 65", "exponent"),
        ("'/a' ** '/big'", "exponent"),
        ("'/big' * '/big'", "too large"),
        ("(0.5 + '/big') * (0.5 + '/big')", "inf"),
        ("(-'/a') ** 0.5", "negative"),
    ],
)
def test_a_formula_without_a_value_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueFault, match=said):
        value_of(text)


def test_no_value_is_ever_not_a_finite_number() -> None:
    for text in ("'/a'", "'/b' * 2", "-'/a' // 2"):
        value: Any = value_of(text)
        assert type(value) in (int, float)
        assert math.isfinite(value)
