"""Pointers lead where RFC 6901 says, and nowhere else."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_document import locations

from reportgen.pointer import PointerError, find_value, join_pointer, lookup, show_value, split_pointer

# Names that could be taken for escapes, indices or separators.
NAMES = st.one_of(st.text(alphabet="~/01-a \u0661", max_size=4), st.text(max_size=3))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
POINTERS = st.lists(
    st.sampled_from(["/", "~", "~0", "~1", "0", "1", "01", "-", "-1", "+1", "a", "1.0", "²", "١"])
).map("".join)

EXAMPLE = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7,
    "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", EXAMPLE), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2),
        ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_the_examples_of_the_rfc(pointer: str, value: Any) -> None:
    assert find_value(EXAMPLE, pointer, "x") == value


@pytest.mark.long
@settings(derandomize=True, deadline=None)
@given(DOCUMENTS, POINTERS)
def test_there_is_something_exactly_where_the_document_has_it(document: Any, guess: str) -> None:
    # Every value has one pointer, so the list of all of them decides.
    there = {"": document, **dict(locations(document))}
    for pointer, value in there.items():
        assert find_value(document, pointer, "x") is value
    for pointer in (guess, *(pointer + guess for pointer in there)):
        if pointer in there:
            assert find_value(document, pointer, "x") is there[pointer]
        else:
            with pytest.raises(PointerError):
                find_value(document, pointer, "x")


@settings(derandomize=True, deadline=None)
@given(st.lists(NAMES))
def test_steps_are_put_together_and_taken_apart(steps: list[str]) -> None:
    assert split_pointer(join_pointer(steps)) == steps


DOCUMENT = {
    "transfer": {"accuracy": {"train": 1.0, "test": 0.5}, "names": [], "rows": [[1], [2], [3]]},
    "a/b": {"~": 1},
}


@pytest.mark.parametrize(
    ("pointer", "said", "remedy"),
    [
        ("/transfer/acuracy/test", ['/transfer has no key "acuracy"', '"accuracy"'], "/transfer/accuracy'?"),
        ("/transfer/accuracy/tst", ['/transfer/accuracy has no key "tst"', '"train", "test"'], "/test'?"),
        ("/transfre", ['the document has no key "transfre"'], "/transfer'?"),
        ("/a~1b/0", ['/a~1b has no key "0"'], "--pointers"),
        ("/transfer/accuracy/test/0", ["/test is 0.5, and nothing lies under it"], "--pointers"),
        ("/transfer/rows/3", ['"3" is none of its indices, 0 to 2'], "--pointers"),
        ("/transfer/rows/-", ['"-" is none of its indices'], "--pointers"),
        ("/transfer/rows/01", ['"01" is none of its indices'], "--pointers"),
        ("/transfer/rows/" + "1" * 5000, ["none of its indices, 0 to 2"], "--pointers"),
        ("/transfer/names/0", ["none, as it is empty"], "--pointers"),
        ("transfer", ["'transfer' is no JSON pointer", "start with '/'"], "'/transfer'"),
        ("/a~b", ["'/a~b' is no JSON pointer", "'~'"], "~0"),
        ("/a~", ["'/a~' is no JSON pointer"], "~0"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_explained(pointer: str, said: list[str], remedy: str) -> None:
    with pytest.raises(PointerError) as caught:
        find_value(DOCUMENT, pointer, "build/results.json")
    for part in said:
        assert part in caught.value.problem
    assert remedy in caught.value.remedy
    assert isinstance(caught.value, LookupError)
    if pointer.startswith("/") and "~b" not in pointer and not pointer.endswith("~"):
        assert caught.value.problem.startswith(f"build/results.json: there is nothing at {pointer}: ")


def test_long_values_are_shown_short() -> None:
    assert show_value("x" * 10_000).startswith('"xxx')
    assert len(show_value("x" * 10_000)) <= 60
    assert show_value({"a": 1}) == "an object of 1 key"
    assert show_value([[], []]) == "a list of 2 items"
    many = {f"key {n}": n for n in range(1000)}
    with pytest.raises(PointerError) as caught:
        find_value(many, "/zzz", "x")
    assert "988 more" in caught.value.problem
    assert len(caught.value.problem) < 500
    assert json.dumps("\ud800") == show_value("\ud800")


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/a~1b", DOCUMENT["a/b"]),
        ("/transfer/accuracy/test", 0.5),
        ("/transfer/rows/01", None),
        ("/transfer/rows/9", None),
        ("/transfer/accuracy/test/0", None),
        ("/nothing/at/all", None),
    ],
)
def test_what_may_be_missing_is_looked_up(pointer: str, value: object) -> None:
    assert lookup(DOCUMENT, pointer) == value
    assert lookup(DOCUMENT, pointer, "missing") == ("missing" if value is None else value)


PACKAGE = Path(__file__).resolve().parents[2] / "reportgen"


def find_own_syntax(source: str) -> list[str]:
    """Where a module escapes pointers itself, as ``~0`` and ``~1``, or cuts one at a slash."""
    tree = ast.parse(source)
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in ("~0", "~1", "~01") and id(node) not in described:
            found.append(str(node.value))
        # x.pointer.split("/"), pointer.rsplit("/", 2), pattern.split("/")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value).rpartition(".")[2]
            cut = node.func.attr in ("split", "rsplit", "partition", "rpartition", "strip", "lstrip")
            at = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if cut and "/" in at and of in ("pointer", "pattern"):
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source",
    [
        'step.replace("/", "~1")',
        'pointer.split("/")[1:]',
        'row.pointer.rsplit("/", 2)',
        'origin.pattern.split("/")',
    ],
)
def test_a_second_syntax_is_found(source: str) -> None:
    assert len(find_own_syntax(source)) == 1


def test_pointers_are_split_and_escaped_in_one_module() -> None:
    found = {
        file.relative_to(PACKAGE).as_posix(): own
        for file in PACKAGE.rglob("*.py")
        if (own := find_own_syntax(file.read_text(encoding="utf-8")))
    }
    assert found.keys() == {"pointer.py"}
