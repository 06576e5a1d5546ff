"""The tags of tables: one for each, and header cells that say what they head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.pdf.structure import Element, Structure, role_of
from reportgen.pdf.tagged_links import drop_links


def set_scopes(structure: Structure, boxes: Iterable[Any]) -> None:
    """Tell from the HTML whether a header cell heads a column or a row, or else from where it stands."""
    scopes = {cell.number: box.element.get("scope", "") for box, cell in _cells(boxes)}
    for element, around in structure.walk():
        if role_of(element) == "TH":
            scope = scopes.get(element.number, "")
            by_place = "/Column" if "THead" in map(role_of, around[-2:]) else "/Row"
            element["A"]["Scope"] = {"col": "/Column", "row": "/Row"}.get(scope[:3], by_place)
            element.pop("ID", None)
        elif role_of(element) == "TD":
            # WeasyPrint 70 counts these wrongly below a cell of several rows; the scopes say it all.
            element["A"].pop("Headers", None)


def join_tables(structure: Structure, boxes: Iterable[Any]) -> list[Element]:
    """Make one table of the parts of a table on several pages.

    Its head is read once; returns the elements with what is repeated of head and foot.
    """
    repeated: list[Element] = []
    for first, *others in _parts_of_tables(structure, boxes):
        for other in others:
            repeated += _append(structure, first, other)
    for element in repeated:
        for inner in (element, *structure.below(element)):
            drop_links(structure, inner)
    return repeated


def _append(structure: Structure, table: Element, other: Element) -> Iterator[Element]:
    """Move the rows of another part of a table to its end; yields a second head, and an earlier foot."""
    structure.detach(other)
    for part in structure.children(other):
        before = {role_of(kid): kid for kid in structure.children(table)}
        if role_of(part) == "THead" and "THead" in before:
            yield part
            continue
        if role_of(part) == "TFoot" and "TFoot" in before:
            structure.detach(before["TFoot"])
            yield before["TFoot"]
        structure.move(part, table)


def _parts_of_tables(structure: Structure, boxes: Iterable[Any]) -> Iterable[list[Element]]:
    """The elements of each table, on one page after another."""
    table_of: dict[Any, Any] = {}
    for table in dict.fromkeys(box.element for box in boxes if box.element_tag == "table"):
        # An inner table comes after the one around it.
        table_of.update(dict.fromkeys(table.iter(), table))
    parts: dict[Any, dict[int, Element]] = {}
    for box, cell in _cells(boxes):
        part = structure.find(cell["P"])
        while role_of(part) not in ("Table", "Document"):
            part = structure.find(part["P"])
        parts.setdefault(table_of.get(box.element), {})[part.number] = part
    return [list(found.values()) for table, found in parts.items() if table is not None]


def _cells(boxes: Iterable[Any]) -> Iterator[tuple[Any, Element]]:
    for box in boxes:
        if getattr(box, "mark", None) is not None and box.element is not None:
            yield box, box.mark
