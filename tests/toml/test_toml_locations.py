"""In which line a key stands: counted by hand, and against files of which each line is known."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.toml.locations import Origin, list_tokens

TEXT = '''\
# a comment with "one quote
a = 1
date = 2026-01-31 10:00:00
"q.k" . b = [1, # x ]
  { name = "A", r = '#' }, [3,
  4]]
[[authors]]
name = "x"
[[authors]]
roll_number = """
one
two \\
  still two
three\\nfour"""
[authors.more] # of the second
z = ''
[ a1 . "b" ]
x = """""q""" # """
y = \'\'\'a
b\'\'\'
end = ""
'''
LINES = {
    ("a",): 2, ("date",): 3, ("q.k",): 4, ("q.k", "b"): 4, ("q.k", "b", 0): 4, ("q.k", "b", 1): 5,
    ("q.k", "b", 1, "name"): 5, ("q.k", "b", 1, "r"): 5, ("q.k", "b", 2): 5, ("q.k", "b", 2, 0): 5,
    ("q.k", "b", 2, 1): 6, ("authors",): 7, ("authors", 0): 7, ("authors", 0, "name"): 8, ("authors", 1): 9,
    ("authors", 1, "roll_number"): 10, ("authors", 1, "more"): 15, ("authors", 1, "more", "z"): 16,
    ("a1",): 17, ("a1", "b"): 17, ("a1", "b", "x"): 18, ("a1", "b", "y"): 19, ("a1", "b", "end"): 21,
}  # fmt: skip


def test_every_value_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert {path: location.line for path, location in Origin("f", TEXT).locations.items()} == LINES


@pytest.mark.parametrize(("number", "line"), [(1, 11), (2, 12), (3, 14), (4, 14), (9, 14)])
def test_every_line_of_a_text_has_its_line_in_the_file(number: int, line: int) -> None:
    reported = tomllib.loads(TEXT)["authors"][1]["roll_number"].split("\n")
    assert reported == ["one", "two still two", "three", "four"]
    assert Origin("f", TEXT).at(("authors", 1, "roll_number"), number) == f"f, line {line}"


def test_text_that_begins_behind_its_quotes_begins_in_their_line() -> None:
    assert [Origin("f", TEXT).at(("a1", "b", "y"), number) for number in (1, 2)] == [
        "f, line 19",
        "f, line 20",
    ]


def test_what_is_missing_is_looked_for_where_it_should_stand() -> None:
    origin = Origin("report.toml", TEXT)
    assert origin.at(("authors", 1, "name")) == "report.toml, line 9"
    assert origin.at(("nothing",)) == "report.toml"
    assert Origin("the settings").at(("a",)) == "the settings"


def test_where_settings_stand_makes_them_no_others() -> None:
    assert Origin("a", "x = 1") == Origin("b")
    assert Origin("a") != "a"


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(0, 99) | KEYS | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    """A value as TOML, in one line; written here, so that no library decides."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{written(key)} = {written(item)}" for key, item in value.items()) + "}"
    return str(value)


@given(st.lists(st.tuples(KEYS, VALUES, st.integers(0, 2), st.sampled_from(["", " # [x] = '"])), max_size=6))
def test_any_file_of_known_lines(rows: list[tuple[str, Any, int, str]]) -> None:
    lines: list[str] = []
    expected: dict[str, int] = {}
    for key, value, blank, comment in rows:
        if key not in expected:
            lines += [""] * blank
            lines.append(f"{written(key)} = {written(value)}{comment}")
            expected[key] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text).keys() == expected.keys()
    found = Origin("f", text).locations
    assert {str(path[0]): location.line for path, location in found.items() if len(path) == 1} == expected
    assert all(location.line == expected[str(path[0])] for path, location in found.items())


@pytest.mark.parametrize(
    "text", ['"' * 100_001, "'''''" * 20_000 + "'", 'a = """' + '"\\"' * 50_000, "[" * 100_000]
)
def test_hostile_texts_are_cut_without_repetition(text: str) -> None:
    """Each character is in one token at most, whatever is tried on the way."""
    assert sum(len(token.text) for token in list_tokens(text)) <= len(text)


def test_a_file_that_is_too_deep_has_no_lines() -> None:
    assert Origin("f", "a = " + "[" * 100_000).at(("a",)) == "f"
