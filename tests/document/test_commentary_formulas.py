"""Formulas in a commentary: what is read as one, and what is said of one that cannot be set."""

from __future__ import annotations

from typing import Any

import pytest
from slot import parse, problem


@pytest.mark.parametrize(
    ("text", "formulas", "rest"),
    [
        ("So $W_2 = 3$, and $x^2$ too.", ["W_2 = 3", "x^2"], "So , and  too."),
        # The plugin by itself takes the last character of a text for the one before its first.
        ("$x^2$ is 4", ["x^2"], " is 4"),
        ("($a*b*c$)", ["a*b*c"], "()"),
        ("costs $5 and $6", [], "costs $5 and $6"),
        ("costs $5, or 6 $, or $7 more", [], "costs $5, or 6 $, or $7 more"),
        ("5$x$ and $x$5", [], "5$x$ and $x$5"),
        (r"\$x$ and \$y\$", [], "$x$ and $y$"),
        ("$ x $ and $PATH", [], "$ x $ and $PATH"),
        ("`$x$`", [], "$x$"),
        ("    $$x$$", [], "$$x$$"),
        (r"$a \$ b$ c", [r"a \$ b"], " c"),
        ('$a < b " {{c}}$', ['a < b " {{c}}'], ""),
    ],
)
def test_a_formula_stands_between_dollars_and_sums_of_money_do_not(
    text: str, formulas: list[str], rest: str
) -> None:
    soup = parse(text)
    assert [image["alt"] for image in soup.select("p > img.math")] == formulas
    assert soup.get_text().strip("\n") == rest


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("$$x^2$$", "x^2"),
        ("$$\nx\n= 2\n$$", "x = 2"),
        ("> $$\n> x\n> = 2\n> $$", "x = 2"),
        ("- $$x$$", "x"),
    ],
)
def test_a_formula_between_two_dollars_is_set_apart(text: str, tex: str) -> None:
    (image,) = parse(text).select("p.display > img.math")
    assert image["alt"] == tex


def test_a_formula_set_apart_within_a_paragraph_stays_in_it() -> None:
    soup = parse("Then\n$$\nx^2\n$$\nand $y$.")
    (display,) = soup.select("p > span.display > img")
    assert display["alt"] == "x^2"
    assert [image["alt"] for image in soup.select("p > img")] == ["y"]
    assert len(soup.find_all("p")) == 1


def test_a_formula_has_no_blank_line_so_that_a_forgotten_end_does_not_swallow_the_rest() -> None:
    assert [p.get_text() for p in parse("$$x\n\nThen $$").find_all("p")] == ["$$x", "Then $$"]


@pytest.mark.parametrize(
    ("tex", "what"),
    [
        (r"\wrong", r"Unknown symbol: \wrong"),
        (r"x\hspace{9999999}y", r"\hspace is not allowed"),
        (r"\genfrac{(}{)}{100000}{0}{a}{b}", r"\genfrac is not allowed"),
        ("x" * 301, "more than 300 characters"),
        ("{" * 13 + "x" + "}" * 13, "nested too deep"),
        (r"\left(" * 13 + "x" + r"\right)" * 13, "nested too deep"),
    ],
)
@pytest.mark.parametrize("dollars", ["$", "$$"])
def test_a_formula_that_cannot_be_set_is_an_error(tex: str, what: str, dollars: str) -> None:
    said = problem(f"{dollars}{tex}{dollars}")
    assert said.startswith("commentary.transfer: the formula $")
    assert tex[:20] in said
    assert what in said
    assert "(at char" not in said
    assert "\n" not in said


@pytest.mark.parametrize(("text", "what"), [("$$ $$", "it is empty"), ("$$a$b$c$$", "there is a $ inside")])
def test_a_formula_is_one_formula(text: str, what: str) -> None:
    assert what in problem(text)


def test_as_deep_and_as_long_as_allowed_is_set() -> None:
    deep, long = "{" * 12 + "x" + "}" * 12, "x" * 300
    images = parse(f"${deep}$ ${long}$").select("img")
    assert [image["alt"] for image in images] == [deep, long]


@pytest.mark.parametrize("error", [RuntimeError("invalid size"), RecursionError("too deep")])
def test_what_mathtext_lets_through_is_the_authors_mistake_too(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(tex: str, spoken: str) -> Any:
        raise error

    monkeypatch.setattr("slot.set_formula", fail)
    assert str(error) in problem("$x$")
