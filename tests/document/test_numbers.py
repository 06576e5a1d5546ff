"""How numbers are printed."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from hypothesis import assume, given
from hypothesis import strategies as st
from markupsafe import Markup
from printed import disagreement

from reportgen.document.numbers import FILTERS, Sourced, describe_choice
from reportgen.text import decimal_text, percent_text, share_text, significant_text, whole_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"), (0.001, "0.01"), (0.004, "0.01"), (0.5, "0.50"), (0.986, "0.99"),
        (0.996, "0.99"), (0.99999, "0.99"), (1.0, "1.00"), (1, "1.00"), (0.9749, "0.97"),
    ],
)  # fmt: skip
def test_a_share_is_one_or_zero_only_if_it_is(value: float, text: str) -> None:
    assert share_text(value) == text


def test_a_share_can_have_more_digits() -> None:
    assert share_text(0.9996, 3) == "0.999"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (1.0, "100 %"), (0.9999, "99.9 %"), (0.0001, "0.1 %"), (0.123, "12.3 %"), (0.5, "50.0 %")],
)
def test_per_cent_are_none_or_all_only_if_they_are(value: float, text: str) -> None:
    assert percent_text(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"), (0.0, 3, "0"), (12.345, 3, "12.3"), (-0.25, 3, "−0.250"), (207.44, 4, "207.4"),
        (0.0000123, 3, "1.23 × 10⁻⁵"), (-0.0000123, 2, "−1.2 × 10⁻⁵"), (123456.0, 3, "1.23 × 10⁵"),
        (6.02214e23, 4, "6.022 × 10²³"), (1e-10, 3, "1.00 × 10⁻¹⁰"), (2e-10, 1, "2 × 10⁻¹⁰"), (5.0, 1, "5"),
    ],
)  # fmt: skip
def test_significant_digits(value: float, digits: int, text: str) -> None:
    assert significant_text(value, digits) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(3.14159, 1, "3.1"), (-2.5, 2, "−2.50"), (0.0, 1, "0.0"), (1e4, 1, "10000.0")],
)
def test_decimals(value: float, digits: int, text: str) -> None:
    assert decimal_text(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1000, "1000"), (10000, "10\u202f000"), (20024384, "20\u202f024\u202f384")],
)
def test_thousands_are_set_apart(value: int, text: str) -> None:
    assert whole_text(value) == text


@given(st.floats(0, 1))
def test_any_share_is_right_to_its_last_digit(value: float) -> None:
    assert disagreement(share_text(value), value) == ""
    assert disagreement(percent_text(value), value) == ""


@given(st.floats(1e-30, 1e30) | st.floats(-1e30, -1e-30), st.integers(1, 6))
def test_any_number_is_right_to_its_last_digit(value: float, digits: int) -> None:
    # What is next to 1 is a share to the one who compares, and shares have a function of their own.
    assume(not (0 < value < 1 and float(f"{value:.{digits}g}") == 1))
    assert disagreement(significant_text(value, digits), value) == ""


def test_the_filters_keep_the_pointer() -> None:
    node = Sourced({"a": [0.999, 12345], "none": None})
    span = '<span class="n" data-ptr="/a/{}">{}</span>'
    assert FILTERS["share"](node.a[0]) == span.format(0, "0.99")
    assert FILTERS["whole"](node.a[1]) == span.format(1, "12\u202f345")
    assert FILTERS["decimal"](node.a[0], 1) == span.format(0, "1.0")
    assert FILTERS["share"](node.none) == "–"


def test_shapes_positions_and_spans_keep_a_pointer_for_each_number() -> None:
    node = Sourced({"p": [3, 10]})
    for name, text in (("shape", "3 × 10"), ("position", "(3, 10)"), ("span", "3–10")):
        markup = FILTERS[name](node.p)
        assert isinstance(markup, Markup)
        soup = BeautifulSoup(markup, "html.parser")
        assert soup.get_text() == text
        assert {span["data-ptr"]: span.get_text() for span in soup.select(".n")} == {
            "/p/0": "3",
            "/p/1": "10",
        }


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("zero", "silent neuron"),
        ("percentile:10", "10th percentile of positive outputs"),
        ("percentile:1", "1st percentile of positive outputs"),
        ("percentile:42", "42nd percentile of positive outputs"),
        ("percentile:93", "93rd percentile of positive outputs"),
        ("percentile:11", "11th percentile of positive outputs"),
        ("median", "median of positive outputs"),
        ("top:1", "most excited"),
        ("top:5", "number 5 of the most excited"),
        ("unusual:1", "most unusual"),
        ("unusual:3", "number 3 of the most unusual"),
        ("position", "chosen by the authors"),
        # A stranger's results may say anything.
        ("percentile:99.5", "chosen by the authors"),
        ("percentile:٣", "chosen by the authors"),
    ],
)
def test_a_rule_is_told_in_words(choice: str, words: str) -> None:
    assert describe_choice(choice) == words
    assert BeautifulSoup(FILTERS["neuron_kind"](Sourced(choice)), "html.parser").get_text() == words


def test_a_count_points_at_what_it_counts() -> None:
    node = Sourced({"images": [7] * 12345})
    (span,) = BeautifulSoup(FILTERS["size"](node.images), "html.parser").find_all()
    assert (span["data-ptr"], span.get_text()) == ("/images", "12\u202f345")
    assert "count" in span["class"]


def test_the_lower_end_of_a_scale_is_the_negative_of_the_upper() -> None:
    node = Sourced({"limit": 0.0123})
    assert FILTERS["minus"](node.limit, 2) == '<span class="n minus" data-ptr="/limit">−0.012</span>'
