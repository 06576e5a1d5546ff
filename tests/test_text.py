"""Escapes, suggestions and shares, the same wherever a text is printed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.text import (
    activation_text,
    as_sentence,
    did_you_mean,
    find_alike,
    find_nearest,
    printable,
    propose,
    replaced,
    share_text,
    whole_text,
)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("kangaroo 12", "kangaroo 12"),
        ("Zoë 豹 हाथी", "Zoë 豹 हाथी"),
        ("a\u00a0b\u202fc", "a\u00a0b\u202fc"),  # spaces that do not break
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # a joiner within a Persian word
        ("a\u202egpj.exe", "a\\u202egpj.exe"),  # turns the direction of what follows
        ("a\x1b[2J", "a\\x1b[2J"),
        ("a\nb\u2028c", "a\\nb\\u2028c"),
        ("\udc80", "\\udc80"),  # a byte that is no UTF-8
    ],
)
def test_what_steers_a_line_is_escaped_and_what_is_read_is_not(text: str, escaped: str) -> None:
    assert printable(text) == escaped


def test_where_an_escape_says_nothing_a_sign_stands() -> None:
    assert replaced("a\x1b\u202eb\u200d") == "a\ufffd\ufffdb\u200d"


def test_the_nearest_name_is_suggested_or_none() -> None:
    assert find_nearest("buterfly", ("kangaroo", "butterfly")) == "butterfly"
    assert find_nearest("xyz", ("kangaroo", "butterfly")) == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [(999, "999"), (1539, "1539"), (9999, "9999"), (10_000, "10\u202f000"), (-12_345, "-12\u202f345")],
)
def test_four_digits_stay_together_and_five_do_not(count: int, text: str) -> None:
    assert whole_text(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1216.53, "1216.5"),
        (379.94, "379.9"),
        (99.996, "100.0"),
        (45.31, "45.31"),
        (0.0312, "0.03120"),
        (0.0, "0"),
    ],
)
def test_a_neuron_s_output_has_four_digits_or_one_decimal(value: float, text: str) -> None:
    assert activation_text(value) == text


@pytest.mark.parametrize(
    ("correct", "total", "text"),
    [(99999, 100000, "0.9999"), (1, 100000, "0.0001"), (2, 3, "0.6667"), (5, 5, "1.0000"), (0, 7, "0.0000")],
)
def test_a_share_is_one_only_if_it_is(correct: int, total: int, text: str) -> None:
    assert share_text(correct / total, 4) == text


def test_a_mistyped_name_is_asked_about_and_a_strange_one_is_not() -> None:
    known = ["transfer", "neurons"]

    assert did_you_mean("tranfser", known, "there are two") == "did you mean 'transfer'?"
    assert did_you_mean("zebra", known, "there are two") == "there are two"
    assert did_you_mean("zebra", known) == ""


def test_every_name_that_may_have_been_meant_is_in_one_question() -> None:
    assert propose("a", "", "b", "a") == "did you mean 'a' or 'b'?"
    assert propose("", otherwise="there are none") == "there are none"
    assert find_alike("conv", ["conv2", "conv1", "pool"]) == ["conv2", "conv1"]
    # 2 M / T of ten characters, of which five fit: 0.5.
    assert (find_nearest("abcde", ["abcxx"]), find_nearest("abcde", ["abxxx"])) == ("abcxx", "")
    assert find_nearest("abcd", ["abxx"], cutoff=0.5) == "abxx"
    assert as_sentence("did you mean 'a B'?") == "Did you mean 'a B'?"
    assert as_sentence("") == ""


PACKAGE = Path(__file__).resolve().parents[1] / "reportgen"
WORDS = {"did you mean": "text.py", "cannot be read: ": "store/files.py"}
"""What is said in one place, and where."""

OTHERWISE = {
    # Not what the system says of a file: h5py's reason of a layer, and our own of settings in a PDF.
    ("cannot be read: ", "models/vgg_files.py"),
    ("cannot be read: ", "grading/commentary.py"),
}


def find_said(source: str) -> Iterator[str]:
    """The words that a module has in a string which is no docstring, and ``difflib`` if it imports that."""
    tree = ast.parse(source)
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield from (words for words in WORDS if words in node.value.casefold())
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", ""), *(alias.name for alias in node.names)]
            yield from (name for name in names if name == "difflib")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('f"Did you mean {near}?"', "did you mean"),
        ('print("a: cannot be read: gone")', "cannot be read: "),
        ("import difflib", "difflib"),
        ("from difflib import get_close_matches", "difflib"),
    ],
)
def test_what_is_said_is_found(source: str, said: str) -> None:
    assert list(find_said(source)) == [said]


def test_a_suggestion_and_an_unreadable_file_have_one_wording() -> None:
    found = {
        (words, file.relative_to(PACKAGE).as_posix())
        for file in PACKAGE.rglob("*.py")
        for words in find_said(file.read_text(encoding="utf-8"))
    }
    assert found == {("difflib", "text.py"), *WORDS.items(), *OTHERWISE}
