"""The formulas with the values of the results put in."""

from __future__ import annotations

import math
import re

import pytest
from bs4 import BeautifulSoup

from reportgen.render.formulas import FormulaSetter
from reportgen.render.sourced import Sourced

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
    (formula,) = BeautifulSoup(markup, "html.parser").select('[role="img"]')
    assert [path for path in formula.select("svg path") if "M" in str(path["d"])]
    return str(formula["aria-label"])


@pytest.mark.parametrize(
    ("side", "axis", "spoken"),
    [
        ("W", 1, "W2 = (W1 − F + 2P) / S + 1 = (224 − 5 + 2·1) / 2 + 1 = 111"),
        ("H", 0, "H2 = (H1 − F + 2P) / S + 1 = (200 − 5 + 2·1) / 2 + 1 = 99"),
    ],
)
def test_the_size_formula_has_the_values_put_in(side: str, axis: int, spoken: str) -> None:
    assert label(FormulaSetter().output_size(side, Sourced(SECTION), axis)) == spoken


def test_a_layer_of_the_stack_takes_the_filter_size_from_its_kernel() -> None:
    spoken = label(FormulaSetter().output_size("W", Sourced(LAYER), 1))
    assert spoken.endswith("= (222 − 3 + 2·0) / 1 + 1 = 220")


def test_sigma_is_that_of_the_fan_in() -> None:
    check = {"fan_in": 288, "sigma_expected": math.sqrt(2 / 288)}
    assert label(FormulaSetter().sigma(Sourced(check))) == "σ = square root of 2 / 288 = 0.0833"


def test_each_different_formula_has_one_rule_of_style() -> None:
    setter = FormulaSetter()
    markup = [setter.set(tex, "said") for tex in ("x^2", r"\dfrac{1}{2}", "x^2")]
    classes = [str(BeautifulSoup(m, "html.parser").span["class"]) for m in markup]  # type: ignore[index]
    assert classes[0] == classes[2] != classes[1]
    rule = re.compile(r"\.(f\w+) svg\{width:([\d.]+)em;height:([\d.]+)em;vertical-align:(-?[\d.]+)em\}")
    rules = rule.findall(setter.css)
    assert len(rules) == len(setter.css.splitlines()) == 2
    heights = [float(height) for _, _, height, _ in rules]
    assert heights[1] > heights[0] > 0.3, "a fraction is taller than a power"
    assert float(rules[1][3]) < float(rules[0][3]) <= 0, "and reaches below the line"


def test_what_is_spoken_is_escaped() -> None:
    assert label(FormulaSetter().set("x", 'a < "b"')) == 'a < "b"'


def test_no_formula_loads_or_names_anything_twice() -> None:
    setter = FormulaSetter()
    soup = BeautifulSoup(setter.set("x^2", "a") + setter.set("y^2", "b"), "html.parser")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    assert soup.find_all(["image", "script", "style", "text"]) == []
