"""However many differences are left out, the gravest are told: the oracle is what is put in by hand."""

from __future__ import annotations

from typing import Any

from reportgen.verify.content_streams import Mark
from reportgen.verify.differences import Difference, Kind, keep_gravest
from reportgen.verify.pdf_marks import compare_marks


def moved(count: int, by: float) -> list[Mark]:
    return [Mark("Td", (float(number), by)) for number in range(count)]


def tagged(entries: dict[str, Any]) -> Mark:
    return Mark("BDC", ("/Span", {"/MCID": 1.0, **entries}))


def test_an_instruction_that_nothing_excuses_is_not_hidden_by_ones_that_moved() -> None:
    ours = [*moved(9, 0.0), tagged({})]
    theirs = [*moved(9, 5.0), tagged({"/ActualText": "“100 %”"})]
    found = compare_marks("page 1", theirs, ours)
    assert [row.kind for row in found] == ["active", "layout", "layout", "layout"]


def test_they_keep_their_order_within_a_kind() -> None:
    kinds: tuple[Kind, ...] = ("layout", "flow", "active", "picture", "active", "content")
    rows = [Difference(str(number), "why", kind=kind) for number, kind in enumerate(kinds)]
    assert [row.location for row in keep_gravest(rows, 4)] == ["2", "4", "0", "1"]
