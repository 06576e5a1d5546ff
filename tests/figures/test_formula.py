"""Formulas against the metrics of the font file, read with Pillow."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest
from PIL import ImageFont

from reportgen.figures.formula import formula

SVG = "{http://www.w3.org/2000/svg}"
ITALIC = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneralItalic.ttf"
ROOM = 0.012
"""Margin of the box, and rounding, in em."""


@pytest.mark.parametrize("letter", ["x", "y", "F", "g"])
def test_letters_have_the_size_and_depth_of_the_font(letter: str) -> None:
    left, top, right, bottom = ImageFont.truetype(str(ITALIC), 1000).getbbox(letter, anchor="ls")
    drawn = formula(f"${letter}$")
    assert drawn.depth == pytest.approx(max(0, bottom) / 1000, abs=ROOM)
    assert drawn.height == pytest.approx((bottom - top) / 1000, abs=2 * ROOM)
    assert drawn.width == pytest.approx((right - left) / 1000, abs=2 * ROOM)


def test_depth_tells_letters_on_the_line_from_letters_below_it() -> None:
    assert formula("$x$").depth < 0.03
    assert formula("$y$").depth > 0.18


def test_what_floats_above_the_baseline_keeps_its_height() -> None:
    minus = formula("$-$")
    assert minus.depth < 0.03
    assert minus.height > 0.25


def test_constructs_of_the_report_are_set() -> None:
    plain, fraction = formula("$a$"), formula(r"$\dfrac{a}{b}$")
    assert fraction.height > 2 * plain.height
    assert fraction.depth > 0.4
    assert formula("$W_2$").depth > formula("$W$").depth + 0.1
    assert formula("$W^2$").height > formula("$W$").height + 0.1
    assert formula(r"$\sqrt{2}$").width > formula("$2$").width + 0.3
    assert formula(r"$3\times3$").width > 2 * formula("$3$").width + 0.4
    assert formula(r"$\sigma$") != formula("$s$")


def ends(data: str) -> list[tuple[float, float]]:
    """Points on the outline: the last pair of each command of a path's ``d``."""
    points = []
    for command, numbers in re.findall(r"([MLQC])([^MLQCZ]*)", data):
        values = [float(number) for number in numbers.split()]
        assert len(values) == {"M": 2, "L": 2, "Q": 4, "C": 6}[command]
        points.append((values[-2], values[-1]))
    return points


@pytest.mark.parametrize(
    "tex", ["$x$", r"$W_2 = \frac{W_1 - F + 2P}{S} + 1$", r"$\sigma = \sqrt{2/9}$", "$j$"]
)
def test_the_box_is_tight_and_holds_all_ink(tex: str) -> None:
    drawn = formula(tex)
    root = ET.fromstring(drawn.svg)  # noqa: S314 - drawn here
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    assert (drawn.width, drawn.height) == pytest.approx((width / 1000, height / 1000))
    assert drawn.depth == pytest.approx((top + height) / 1000)
    (path,) = root.iter(f"{SVG}path")
    across, down = zip(*ends(path.attrib["d"]), strict=True)
    for ink, edge in (
        (min(across), left),
        (min(down), top),
        (-max(across), -left - width),
        (-max(down), -top - height),
    ):
        assert 5 <= ink - edge <= 30


def test_a_formula_can_stand_in_a_page_with_others() -> None:
    drawn = formula(r"$\frac{1}{2}$")
    root = ET.fromstring(drawn.svg)  # noqa: S314 - drawn here
    assert [element.tag for element in root.iter()] == [f"{SVG}svg", f"{SVG}path"]
    assert not any("id" in element.attrib for element in root.iter())
    assert root[0].attrib["fill"] == "currentColor"
    assert drawn == formula(r"$\frac{1}{2}$")


@pytest.mark.parametrize("tex", [r"$\frac{1}$", r"$\nonsense$", "", "$ $"])
def test_mistakes_are_errors(tex: str) -> None:
    with pytest.raises(ValueError, match=r"Expected|Unknown|draws nothing"):
        formula(tex)


@pytest.mark.parametrize("tex", ["$你$", r"$x + \mathrm{ก}$"])
def test_a_character_that_the_font_lacks_is_an_error_and_no_dummy(tex: str) -> None:
    with pytest.raises(ValueError, match="Unknown symbol"):
        formula(tex)
    assert formula("$x$").width > 0, "and the next formula is drawn all the same"
