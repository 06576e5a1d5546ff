"""Figures and tables have their numbers beforehand, and must be shown as numbered."""

from __future__ import annotations

import pytest

from reportgen.document.numbering import Numbering
from reportgen.errors import RenderError


def planned() -> Numbering:
    return Numbering.plan({"figure": (["a", "b"], ["x", "y"]), "table": (["t"], [])})


def test_the_appendix_counts_for_itself() -> None:
    assert planned().numbers == {
        ("figure", "a"): "1",
        ("figure", "b"): "2",
        ("figure", "x"): "A1",
        ("figure", "y"): "A2",
        ("table", "t"): "1",
    }


def test_text_may_refer_ahead() -> None:
    numbering = planned()
    assert numbering.reference("figure", "y") == '<a class="ref l" href="#figure-y">Fig.\u00a0A2</a>'
    assert numbering.reference("table", "t") == '<a class="ref l" href="#table-t">Table\u00a01</a>'
    assert numbering.displayed == []


def test_what_is_shown_in_order_is_right() -> None:
    numbering = planned()
    order = [("figure", "a"), ("table", "t"), ("figure", "b"), ("figure", "x"), ("figure", "y")]
    assert [numbering.show(kind, name, "") for kind, name in order] == ["1", "1", "2", "A1", "A2"]
    numbering.verify()


@pytest.mark.parametrize(
    ("figures", "tables"),
    [
        ("bax y", "t"),
        ("abx", "t"),
        ("abxyy", "t"),
        ("aabxy", "t"),
        ("", ""),
        ("abxy", ""),
        ("abxy", "tt"),
        ("xyab", "t"),
    ],
)
def test_what_is_missing_doubled_or_out_of_order_is_an_error(figures: str, tables: str) -> None:
    numbering = planned()
    for name in figures.replace(" ", ""):
        numbering.show("figure", name, "")
    for name in tables:
        numbering.show("table", name, "")
    with pytest.raises(RenderError, match="numbered are"):
        numbering.verify()


@pytest.mark.parametrize(("kind", "name"), [("figure", "z"), ("table", "a"), ("figure", "")])
def test_an_unknown_name_is_an_error(kind: str, name: str) -> None:
    numbering = planned()
    for use in (numbering.number, lambda k, n: numbering.show(k, n, ""), numbering.reference):
        with pytest.raises(RenderError, match=f"the {kind} '{name}'"):
            use(kind, name)


def test_the_list_of_figures_has_what_was_shown_so_far_with_titles() -> None:
    numbering = planned()
    numbering.show("figure", "a", "First")
    numbering.show("table", "t", "Only")
    numbering.show("figure", "x", "Last")
    assert numbering.listing("figure") == [("a", "1", "First"), ("x", "A1", "Last")]
    assert numbering.listing("table") == [("t", "1", "Only")]
