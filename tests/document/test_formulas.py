"""The formulas with the values of the results put in."""

from __future__ import annotations

import base64
import math
import re

import pytest
from bs4 import BeautifulSoup, Tag

from reportgen.document.formulas import FormulaSetter
from reportgen.document.numbers import Sourced

SECTION = {
    "input_shape": [200, 224],
    "expected_shape": [99, 111],
    "filter_size": 5,
    "padding": 1,
    "stride": 2,
}
LAYER = {
    "input_shape": [222, 222, 32],
    "expected_shape": [220, 220, 64],
    "kernel_shape": [3, 3, 32, 64],
    "padding": 0,
    "stride": 1,
}


def label(markup: str) -> str:
    """What a screen reader says of the one formula."""
    (formula,) = BeautifulSoup(markup, "html.parser").find_all("img")
    assert [path for path in drawing(formula).select("path") if "M" in str(path["d"])]
    return str(formula["alt"])


def drawing(formula: Tag) -> BeautifulSoup:
    """The SVG of a formula."""
    head, data = str(formula["src"]).split(",")
    assert head == "data:image/svg+xml;base64"
    return BeautifulSoup(base64.b64decode(data, validate=True), "xml")


@pytest.mark.parametrize(
    ("side", "axis", "spoken"),
    [
        ("W", 1, "W2 = floor((W1 − F + 2P) / S) + 1 = floor((224 − 5 + 2·1) / 2) + 1 = 111"),
        ("H", 0, "H2 = floor((H1 − F + 2P) / S) + 1 = floor((200 − 5 + 2·1) / 2) + 1 = 99"),
    ],
)
def test_the_size_formula_has_the_values_put_in(side: str, axis: int, spoken: str) -> None:
    assert label(FormulaSetter().output_size(side, Sourced(SECTION), axis)) == spoken


def test_brackets_round_down_only_where_there_is_a_remainder() -> None:
    even = {**SECTION, "input_shape": [201, 225]}
    assert FormulaSetter().is_rounded(Sourced(SECTION))
    assert not FormulaSetter().is_rounded(Sourced(even))
    assert not FormulaSetter().is_rounded(Sourced(LAYER))
    # One side alone is enough to be told of.
    assert FormulaSetter().is_rounded(Sourced({**SECTION, "input_shape": [201, 224]}))
    assert label(FormulaSetter().output_size("H", Sourced({**even, "expected_shape": [100, 112]}), 0)) == (
        "H2 = (H1 − F + 2P) / S + 1 = (201 − 5 + 2·1) / 2 + 1 = 100"
    )


def test_a_layer_of_the_stack_takes_the_filter_size_from_its_kernel() -> None:
    spoken = label(FormulaSetter().output_size("W", Sourced(LAYER), 1))
    assert spoken.endswith("= (222 − 3 + 2·0) / 1 + 1 = 220")


def test_sigma_is_that_of_the_fan_in() -> None:
    check = {"fan_in": 288, "sigma_expected": math.sqrt(2 / 288)}
    assert label(FormulaSetter().sigma(Sourced(check))) == "σ = square root of 2 / 288 = 0.0833"


def test_each_different_formula_has_one_rule_of_style() -> None:
    setter = FormulaSetter()
    markup = [setter.set(tex, "said") for tex in ("x^2", r"\dfrac{1}{2}", "x^2")]
    classes = [str(BeautifulSoup(m, "html.parser").img["class"]) for m in markup]  # type: ignore[index]
    assert classes[0] == classes[2] != classes[1]
    rule = re.compile(r"\.(f\w+)\{width:([\d.]+)em;height:([\d.]+)em;vertical-align:(-?[\d.]+)em\}")
    rules = rule.findall(setter.css)
    assert len(rules) == len(setter.css.splitlines()) == 2
    heights = [float(height) for _, _, height, _ in rules]
    assert heights[1] > heights[0] > 0.3, "a fraction is taller than a power"
    assert float(rules[1][3]) < float(rules[0][3]) <= 0, "and reaches below the line"


def test_what_is_spoken_is_escaped() -> None:
    assert label(FormulaSetter().set("x", 'a < "b"')) == 'a < "b"'


def test_no_formula_loads_or_runs_anything() -> None:
    (formula,) = BeautifulSoup(FormulaSetter().set("x^2", "a"), "html.parser").find_all("img")
    assert drawing(formula).find_all(["image", "script", "style", "text", "a"]) == []


def test_the_formula_leads_to_its_result() -> None:
    setter = FormulaSetter()
    size = BeautifulSoup(setter.output_size("W", Sourced(SECTION, "/s"), 1), "html.parser")
    sigma = BeautifulSoup(setter.sigma(Sourced({"fan_in": 9, "sigma_expected": 0.47}, "/c")), "html.parser")
    assert [tag["data-ptr"] for tag in size.select("[data-ptr]")] == ["/s/expected_shape/1"]
    assert [tag["data-ptr"] for tag in sigma.select("[data-ptr]")] == ["/c/sigma_expected"]
