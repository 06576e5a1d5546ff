"""Values that an author names: what is printed, and what is said where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from printed import disagreement, resolve_pointer
from slot import results_with, sourced

from reportgen.document.expression import print_value, rounded_text
from reportgen.document.numbers import FILTERS
from reportgen.errors import RenderError

NASTY = 'snow "cat" <b>'


def print_text(expression: str, results: dict[str, Any] | None = None) -> tuple[str, str]:
    """The text and the pointer of what is printed; "" if it has none."""
    markup = print_value(expression, sourced(results if results is not None else results_with()))
    soup = BeautifulSoup(markup, "html.parser")
    marked = soup.select_one("[data-ptr]")
    return soup.get_text(), str(marked["data-ptr"]) if marked else ""


def refusal(expression: str, results: dict[str, Any] | None = None) -> RenderError:
    with pytest.raises(RenderError) as caught:
        print_value(expression, sourced(results if results is not None else results_with()))
    return caught.value


@pytest.mark.parametrize(
    ("expression", "text", "pointer"),
    [
        ("transfer.accuracy.test", "0.625", "/transfer/accuracy/test"),
        ("transfer.accuracy.test | percent", "62.5 %", "/transfer/accuracy/test"),
        ("transfer.accuracy.test | share", "0.62", "/transfer/accuracy/test"),
        ("transfer.accuracy.test|share(1)", "0.6", "/transfer/accuracy/test"),
        ('neurons.top["cat"][0].value | decimal(2)', "7.50", "/neurons/top/cat/0/value"),
        ("neurons.top['cat'].0.value", "7.5", "/neurons/top/cat/0/value"),
        ("neurons . top . cat [ 0 ] . value", "7.5", "/neurons/top/cat/0/value"),
        ("transfer.frozen_parameters", "20\u202f024\u202f384", "/transfer/frozen_parameters"),
        ("transfer.training.best_epoch | whole", "1", "/transfer/training/best_epoch"),
        ("transfer.history.loss[0] | significant", "0.500", "/transfer/history/loss/0"),
        ("transfer.history.loss[0] | minus(2)", "−0.50", "/transfer/history/loss/0"),
        ("transfer.confusion.test[0][1]", "1", "/transfer/confusion/test/0/1"),
        ("transfer.feature_layer", "block5_conv4", ""),
        ("transfer.feature_layer | text", "block5_conv4", "/transfer/feature_layer"),
        ("transfer.per_class.test.cat.precision", "–", ""),
        ("transfer.per_class.test.cat.precision | percent", "–", ""),
        ("conv_stack.layers[0].matches", "yes", ""),
        ("guided_backprop.shared_scale", "no", ""),
        ("transfer.classes | size", "2", "/transfer/classes"),
        ("dataset.counts | size", "3", "/dataset/counts"),
        (
            "guided_backprop.rows.cat[0].choice | neuron_kind",
            "silent neuron",
            "/guided_backprop/rows/cat/0/choice",
        ),
    ],
)
def test_a_value_is_printed_with_its_pointer(expression: str, text: str, pointer: str) -> None:
    assert print_text(expression) == (text, pointer)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("neurons.layer_shape | shape", "14 × 14 × 512"),
        ("neurons.top.cat[0].position | position", "(3, 4, 5)"),
        ("neurons.top.cat[0].patch.rows | span", "40–90"),
    ],
)
def test_a_list_is_printed_number_by_number(expression: str, text: str) -> None:
    results = results_with()
    soup = BeautifulSoup(print_value(expression, sourced(results)), "html.parser")
    assert soup.get_text() == text
    assert len(soup.select("[data-ptr]")) == len(text.replace("–", " ").replace("×", " ").split())
    for number in soup.select("[data-ptr]"):
        assert number.get_text() == str(resolve_pointer(results, str(number["data-ptr"])))


def test_a_class_of_any_name_is_found() -> None:
    results = results_with(support={NASTY: 7, "__class__": 8, "0": 9, "_a": 1})
    assert print_text("transfer.support['snow \"cat\" <b>']", results) == ("7", f"/transfer/support/{NASTY}")
    assert print_text("transfer.support['__class__']", results) == ("8", "/transfer/support/__class__")
    assert print_text("transfer.support['0']", results) == ("9", "/transfer/support/0")
    assert "more than a name" in refusal("transfer.support._a", results).problem


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("transfer.acuracy.test", "transfer has no 'acuracy'; did you mean 'accuracy'?"),
        ("transfr.accuracy", "the root of the results has no 'transfr'; did you mean 'transfer'?"),
        ("transfer.accuracy.zzz", "transfer.accuracy has no 'zzz'; it has train, val, test."),
        ("neurons.top.Cat", "neurons.top has no 'Cat'; did you mean 'cat'?"),
        ("neurons.top.cat[1].value", "neurons.top.cat is a list of 1, counted from 0, without '1'."),
        ("neurons.top.cat.first", "neurons.top.cat is a list of 1, counted from 0, without 'first'."),
        ("neurons.head_overlap.cat", "neurons.head_overlap is a single value, with no 'cat' in it."),
        ("transfer.feature_size.real", "transfer.feature_size is a single value, with no 'real' in it."),
        ("transfer.accuracy", "transfer.accuracy is not a single value; it has train, val, test."),
        ("transfer.classes", "transfer.classes is a list of 2, not a single value."),
        ("transfer.accuracy.test | prozent", "there is no filter 'prozent'."),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_what_stands_there(expression: str, said: str) -> None:
    assert refusal(expression).problem == said


def test_of_many_names_only_some_are_listed() -> None:
    error = refusal("transfer.many.x", results_with(many={f"name{i:03}": i for i in range(100)}))
    assert error.problem.endswith("name018, name019 and 80 more.")


@pytest.mark.parametrize(
    ("value", "call"),
    [
        (12.5, "percent"), (-0.1, "percent"), (12.5, "share"), ("0.5", "percent"), (True, "decimal(1)"),
        ("text", "decimal(1)"), ([1], "decimal(1)"), (0.5, "whole"), ("text", "whole"), (True, "whole"),
        ([0.5, 0.25], "shape"), ("ab", "shape"), ({"a": 1}, "shape"), ([], "shape"), ([[1]], "position"),
        (5, "position"),
        ([1, 2, 3], "span"), (None, "span"), (None, "text"), ([1], "text"), (5, "neuron_kind"), ("top:x",
        "neuron_kind"),
        ("text", "size"), (5, "size"), (None, "size"), ({}, "percent"), (0.5, "decimal"), (0.5, "percent(1)"),
        (0.5, "significant(0)"), (0.5, "significant(16)"), (0.5, "share(0)"), (0.5, "decimal(1, 2)"), ("a",
        "text('b')"),
        (0.5, "decimal(1) | percent"),
    ],
)  # fmt: skip
def test_a_filter_takes_only_what_it_can_print_truly(value: Any, call: str) -> None:
    error = refusal(f"transfer.x | {call}", results_with(x=value))
    assert f"'{call.partition('(')[0]}'" in error.problem or "more than a name" in error.problem


def test_every_filter_of_the_templates_can_be_used() -> None:
    remedy = refusal("seed | nothing", {"seed": 1}).remedy
    assert set(remedy.removeprefix("There are ").removesuffix(".").split(", ")) == set(FILTERS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9666666666666667, "0.9667"),
        (0.5, "0.5"),
        (7.0, "7"),
        (0.0, "0"),
        (100.0, "100"),
        (1234.0, "1234"),
        (-0.25, "−0.25"),
        (20024384.0, "2.002 × 10⁷"),
        (1e-7, "1 × 10⁻⁷"),
        (0.99999, "0.9999"),
        (1.0, "1"),
    ],
)
def test_a_number_without_a_filter_has_up_to_four_digits(value: float, text: str) -> None:
    assert rounded_text(value) == text


@given(st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-12))
def test_it_is_the_number_to_four_digits(value: float) -> None:
    text = rounded_text(value)
    assert disagreement(text, value) == ""
    mantissa = text.partition(" × ")[0].replace("−", "").replace(".", "").lstrip("0")
    assert len(mantissa) <= 4
    if "." in text:
        assert not text.partition(" × ")[0].endswith(("0", "."))
