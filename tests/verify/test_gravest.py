"""However many differences are left out, the gravest are told: the oracle is what is put in by hand."""

from __future__ import annotations

from typing import Any

from reportgen.verify.differences import Difference, Kind, keep_gravest
from reportgen.verify.markup import compare_markup
from reportgen.verify.paper import Node, compare_nodes
from reportgen.verify.paper_content import Mark
from reportgen.verify.paper_marks import compare_marks


def moved(count: int, by: float) -> list[Mark]:
    return [Mark("Td", (float(number), by)) for number in range(count)]


def tagged(entries: dict[str, Any]) -> Mark:
    return Mark("BDC", ("/Span", {"/MCID": 1.0, **entries}))


def test_an_instruction_that_nothing_excuses_is_not_hidden_by_ones_that_moved() -> None:
    ours = [*moved(9, 0.0), tagged({})]
    theirs = [*moved(9, 5.0), tagged({"/ActualText": "“100 %”"})]
    found = compare_marks("page 1", theirs, ours)
    assert [row.kind for row in found] == ["active", "layout", "layout", "layout"]
    found = compare_marks("page 1", [*moved(9, 5.0), Mark("rg", (1.0, 1.0, 1.0))], [*moved(9, 0.0), BLACK])
    assert [row.kind for row in found] == ["flow", "layout", "layout", "layout"]


BLACK = Mark("rg", (0.0, 0.0, 0.0))


def element(role: str, page: int, alt: str = "") -> Node:
    return Node(2, {"/S": role, **({"/Alt": f"“{alt}”"} if alt else {})}, page, ())


def test_another_description_is_not_hidden_by_elements_of_another_page() -> None:
    ours = [*(element("/P", 1) for _ in range(9)), element("/Figure", 1, "Half are right.")]
    theirs = [*(element("/P", 2) for _ in range(9)), element("/Figure", 1, "All are right.")]
    found = list(compare_nodes(theirs, ours))
    assert ("All are right.", "content") in {(row.submitted, row.kind) for row in found}
    assert len(found) == 4


def test_an_element_with_an_abbreviation_is_not_hidden_by_others_that_were_added() -> None:
    spoken = Node(2, {"/S": "/Span", "/E": "“a hundred per cent”"}, 1, ())
    found = list(compare_nodes([*(element("/P", 1) for _ in range(9)), spoken], []))
    assert {row.kind for row in found} == {"flow", "content"}


def test_they_keep_their_order_within_a_kind() -> None:
    kinds: tuple[Kind, ...] = ("layout", "flow", "active", "picture", "active", "content")
    rows = [Difference(str(number), "why", kind=kind) for number, kind in enumerate(kinds)]
    assert [row.place for row in keep_gravest(rows, 4)] == ["2", "4", "5", "3"]


def page(*sources: str) -> str:
    return "".join(f'<img src="data:image/png;base64,{source}">' for source in sources)


def test_a_word_of_a_page_is_not_hidden_by_many_pictures() -> None:
    ours, theirs = page(*["AAAA"] * 50), page(*["BBBB"] * 50)
    found = compare_markup(f"<i></i>{theirs}<p>All</p> ", f"<b></b>{ours}<p>Half</p>").differences
    assert ("All", "content") in {(row.submitted, row.kind) for row in found}
