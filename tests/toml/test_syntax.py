"""The first mistake of a file that is no TOML, in words, at the line where a person would look."""

from __future__ import annotations

import tomllib

import pytest

from reportgen.errors import SettingsError
from reportgen.toml.reading import parse_table

BEFORE = 'course = "It\'s a course" # a comment with "\n\n[show]\n'

MISTAKES = [
    ("text without quotes", "x = auto", 1, 'text needs quotes: "auto"'),
    ("several words", "x = Group 12 # c", 1, 'text needs quotes: "Group 12"'),
    ("a path", "x = ~/data", 1, "text needs quotes"),
    ("a name with an apostrophe", "x = O'Brien", 1, "text needs quotes"),
    ("digits before a word", "x = 12 Group", 1, "text needs quotes"),
    ("a Windows path", r'x = "C:\Users\x"', 1, "single backslash"),
    ("another", r'x = "D:\pictures\"', 1, "single backslash"),
    ("a backslash in a later line of a text", 'x = """a\n\\d"""', 2, "single backslash"),
    ("no closing quote", 'x = "abc', 1, 'a closing quote " is missing'),
    ("no closing quote, more behind", 'x = "abc\ny = "d"', 1, 'a closing quote " is missing'),
    ("no closing single quote", "x = 'abc\ny = 'd'", 1, "a closing quote ' is missing"),
    ("no closing quote in a list", 'x = ["zero, "median"]', 1, "a closing quote"),
    ("three quotes never closed", 'x = """abc\ny = 3\n', 1, "never closed"),
    ("text over lines", 'x = "first\nsecond"\ny = 1', 1, "several lines"),
    ("a quote inside quotes", 'x = "say "hi" x"', 1, "is inside a text"),
    ("an apostrophe inside single quotes", "x = 'it's'", 1, "is inside a text"),
    ("curly quotes", "x = “abc”", 1, "curly quotes"),
    ("low quotes", "x = „abc“", 1, "curly quotes"),
    ("a curly quote around an apostrophe", "x = “Don't”", 1, "curly quotes"),
    ("a colon", 'x: "abc"', 1, "not a colon"),
    ("JSON", '"x": "abc",', 1, "not a colon"),
    ("no equals sign", 'x "abc"', 1, "a key, then =, then a value"),
    ("two equals signs", 'x == "abc"', 1, "one = is enough"),
    ("no value", "x = # soon", 1, "a value is missing"),
    ("no key", "= 3", 1, "a key is missing"),
    ("a key of two words", "two words = 3", 1, "needs quotes"),
    ("a key with an umlaut", 'größe = "3"', 1, "needs quotes"),
    ("a key twice", "x = 1\ny = 2\nx = 3", 3, "'x' is there twice, first in line 4"),
    ("a table twice", "x = 1\n[show]\ny = 1", 2, "'[show]' is there twice, first in line 3"),
    ("a date with points", "x = 31.01.2026", 1, "2026-01-31"),
    ("a date without zeros", "x = 2026-1-31", 1, "2026-01-31"),
    ("a date with slashes", "x = 31/1/2026", 1, "2026-01-31"),
    ("a day that is not", "x = 2026-02-30", 1, "must exist"),
    ("zeros before a number", "x = 0671", 1, "without zeros"),
    ("a comma in a number", "x = 1,5", 1, "not a comma"),
    ("True", "x = True", 1, "small letters"),
    ("yes", "x = yes", 1, "small letters"),
    ("a comma missing", "x = [1 2]", 1, "a comma is missing"),
    ("a comma missing between lines", "x = [\n  1\n  2\n]", 2, "a comma is missing"),
    ("a comma missing between authors", 'x = [\n{a = "A"}\n{a = "B"}]', 2, "the list begins in line 4"),
    ("a comma missing in a list of a list", "x = [\n  [1 2],\n]", 2, "a comma is missing"),
    ("a bracket missing", "x = [1,\n2\ny = 3", 2, "or its ] at the end"),
    ("a bracket missing at the end", "x = [1,\n\n", 1, "or its ] at the end"),
    ("text in a list", "x = [zero, median]", 1, 'its own: ["zero", …]'),
    ("a comma missing in a table", 'x = {a = "A" b = "B"}', 1, "with commas"),
    ("a comma too much in a table", "x = {a = 1,}", 1, "no comma is allowed before the }"),
    ("a table over lines", "x = {\na = 1}", 1, "in one line"),
    ("brackets that are round", "x = (1, 2)", 1, "between [ and ]"),
    ("a table's bracket missing", "[y", 1, "[name] or [[name]]"),
    ("a table's name of two words", "[two words]\nx = 1", 1, "[name] or [[name]]"),
    ("a key behind a table", "[y] x = 3", 1, "alone in its line"),
    ("a comment of another language", "// x", 1, "a comment begins with #"),
    ("one behind a value", 'x = "abc" // x', 1, "a comment begins with #"),
    ("something behind a value", 'x = "abc" y', 1, "follows the value"),
    ("two settings in a line", "x = 1 y = 2", 1, "a line of its own"),
    ("a space that is none", "x =\u00a03", 1, "no-break space (U+00A0)"),
    ("a space that is none at the start", "\u00a0x = 3", 1, "no-break space (U+00A0)"),
    ("a control character in single quotes", "x = 'a\x07'", 1, "control character"),
    ("a control character", 'x = "a\x07"', 1, "control character"),
]  # fmt: skip


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_table(text, "report.toml")
    assert caught.value.problem.isprintable()
    return caught.value.problem


@pytest.mark.parametrize(
    ("text", "line", "said"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_is_told_in_words_at_its_line(text: str, line: int, said: str) -> None:
    problem = refused(BEFORE + text)
    assert problem.startswith(f"report.toml, line {line + 3}: not valid TOML: ")
    assert said in problem
    reason = problem.split("not valid TOML: ")[1]
    with pytest.raises(tomllib.TOMLDecodeError) as refusal:
        tomllib.loads(BEFORE + text)
    assert str(refusal.value).split(" (at")[0] not in reason, "the parser's words are not the reader's"


@pytest.mark.parametrize("text", [row[1] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_what_follows_a_mistake_does_not_move_it(text: str) -> None:
    """A mistake is told at a line of its own text, whatever stands behind it."""
    behind = '\n\n[commentary]\ntransfer = "words"\n'
    line = int(refused(BEFORE + text + behind).split("line ")[1].split(":")[0])
    assert 4 <= line <= 4 + text.rstrip().count("\n")


def test_the_first_of_two_mistakes_is_told() -> None:
    assert ", line 2: " in refused('a = 1\nb = auto\nc = "open\n')


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 5000])
def test_what_is_too_much_is_refused_in_one_short_line(text: str) -> None:
    assert len(refused(text)) < 300


def test_a_long_line_is_cut() -> None:
    assert len(refused("x = " + "word " * 50_000)) < 300
