"""Corrects WeasyPrint's tags where they fall short of PDF/UA, in the objects that it is about to write.

Content that belongs to no element is marked as an artifact. Removing an element from the tree therefore
removes its words from what is read aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.pdf.structure import Element, Structure, as_text, is_drawn, role_of, walk_boxes, words_of


def set_scopes(structure: Structure, boxes: Iterable[Any]) -> None:
    """Set the scope of each header cell, column or row, from the HTML or else from its position."""
    scopes = {cell.number: box.element.get("scope", "") for box, cell in _cells(boxes)}
    for element, around in structure.walk():
        if role_of(element) == "TH":
            scope = scopes.get(element.number, "")
            by_position = "/Column" if "THead" in map(role_of, around[-2:]) else "/Row"
            # The first three letters, since "colgroup" and "rowgroup" are scopes in HTML, too.
            element["A"]["Scope"] = {"col": "/Column", "row": "/Row"}.get(scope[:3], by_position)
            # Only the headers of cells refer to it, and they go as well.
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
        # Asked again for each part, since the one before may just have moved in.
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


def drop_inner_links(structure: Structure, boxes: Iterable[Any]) -> list[Element]:
    """Undo that WeasyPrint also tags every element inside a link as a link.

    The dots between a title and its page number are taken out; returns the elements that held them.
    """
    dots = {id(box.link_annotation) for box in boxes if box.is_leader and box.link_annotation}
    leaders = []
    for element, around in structure.walk():
        if "Link" not in map(role_of, around):
            continue
        if any(id(structure.find(link["Obj"])) in dots for link in structure.annotations(element)):
            leaders.append(element)
        drop_links(structure, element)
        if role_of(element) == "Link":
            element["S"] = "/Span"
    for element in leaders:
        structure.detach(element)
    return leaders


def drop_links(structure: Structure, element: Element) -> None:
    """Take away what there is to click in an element, but not the element."""
    for link in structure.annotations(element):
        annotation = structure.find(link["Obj"])
        element["K"].remove(link.reference)
        structure.find(link["Pg"])["Annots"].remove(annotation.reference)
        index = structure.owners[::2].index(annotation["StructParent"])
        del structure.owners[2 * index : 2 * index + 2]
        # Emptied and not removed: the number of an object in pydyf is its position in the list.
        annotation.clear()
        link.clear()


def describe_links(structure: Structure, boxes: Iterable[Any]) -> None:
    """Say of each link its words, and of a number's where the number comes from."""
    owners = dict(zip(structure.owners[::2], structure.owners[1::2], strict=True))
    for box in boxes:
        if not box.link_annotation:
            continue
        words, source = words_of(box.element), box.element.get("data-ptr")
        described = f"Source of {words}: {source}" if source else words
        box.link_annotation["Contents"] = as_text(described)
        link = structure.find(owners[box.link_annotation["StructParent"]])
        if not structure.has_text(link):
            link["Alt"] = as_text(words)


# 96 of them are an inch, as 72 points are.
_PIXEL = 0.75
"""The length of a CSS pixel in points."""

_FURNITURE, _DECORATION = b"<</Type/Pagination>>", b"<</Type/Layout>>"


def correct_tags(document: Any, pdf: Any) -> None:
    """Make the tags of a document say what it shows.

    Header cells get a scope and pictures their true position; formulas are called so; a link is one link with
    words; the dots of a table of contents, running heads and page numbers are not content.
    """
    structure = Structure(pdf)
    boxes = [list(walk_boxes(page)) for page in document.pages]
    everything = [box for page in boxes for box in page]
    set_scopes(structure, everything)
    repeated = join_tables(structure, everything)
    _describe_pictures(structure, boxes)
    _fill_list_items(structure)
    _mend_lists(structure)
    leaders = drop_inner_links(structure, everything)
    describe_links(structure, everything)
    _detach_empty(structure)
    # Last: what no element holds by now is what is not to be read aloud.
    _mark_artifacts(document, structure, leaders, repeated)


def _describe_pictures(structure: Structure, boxes: list[list[Any]]) -> None:
    """WeasyPrint gives a picture's position in pixels from the top; a PDF counts points from the bottom."""
    numbers = {page.reference: number for number, page in enumerate(structure.pages)}
    formulas = {
        (number, box.content_box_x(), box.content_box_y())
        for number, page in enumerate(boxes)
        for box in page
        if hasattr(box, "replacement") and "math" in box.element.get("class", "").split()
    }
    for element, around in structure.walk():
        if role_of(element) == "Caption" and role_of(around[-1]) == "NonStruct":
            # What is around a picture and its caption; as NonStruct it would not hold them together.
            around[-1]["S"] = "/Div"
        if role_of(element) == "Figure" and "A" in element:
            page = numbers[element["Pg"]]
            left, top, right, bottom = element["A"]["BBox"]
            if (page, left, top) in formulas:
                element["S"] = "/Formula"
            height = structure.pages[page]["MediaBox"][3]
            element["A"]["BBox"][:] = [
                left * _PIXEL, height - bottom * _PIXEL, right * _PIXEL, height - top * _PIXEL,
            ]  # fmt: skip


def _fill_list_items(structure: Structure) -> None:
    """An item is a label and a body; WeasyPrint puts paragraphs next to the body."""
    for element, _ in structure.walk():
        if role_of(element) == "LI":
            parts = [kid for kid in element["K"] if role_of(structure.find(kid)) != "Lbl"]
            if [role_of(structure.find(part)) for part in parts] != ["LBody"]:
                structure.wrap(element, parts, "LBody")
        elif role_of(element) == "LBody":
            for child in structure.children(element):
                child["S"] = "/Div" if role_of(child) == "LBody" else child["S"]


def _mend_lists(structure: Structure) -> None:
    """White space between items shown side by side belongs to the item before it."""
    for element, around in structure.walk():
        if around and role_of(around[-1]) == "L" and role_of(element) not in ("LI", "L", "Caption"):
            siblings = structure.children(around[-1])
            items = [item for item in siblings[: siblings.index(element)] if role_of(item) == "LI"]
            if items:
                structure.move(element, structure.children(items[-1])[-1])


def _detach_empty(structure: Structure) -> None:
    for element, _ in structure.walk():
        if role_of(element) == "Span" and not element["K"]:
            structure.detach(element)


def _mark_artifacts(
    document: Any, structure: Structure, leaders: Iterable[Element], repeated: Iterable[Element]
) -> None:
    held = structure.held
    kinds = {element.reference: _DECORATION for element in leaders}
    kinds |= {inner.reference: _FURNITURE for head in repeated for inner in structure.below(head)}
    for number, (page, page_object) in enumerate(zip(document.pages, structure.pages, strict=True)):
        owners = structure.owners[2 * number + 1]
        loose = {content for content in range(len(owners)) if (number, content) not in held}
        furniture = {content for content in loose if owners[content] not in kinds}
        if len(furniture) != sum(map(is_drawn, walk_boxes(page, furniture=True))):
            continue  # More than running heads: it would be wrong to hide it.
        drawn = structure.stream(page_object)
        for index, item in enumerate(drawn):
            if isinstance(item, dict) and item.get("MCID") in loose:
                drawn[index] = kinds.get(owners[item["MCID"]], _FURNITURE)
                drawn[index - 1] = "/Artifact"
        for content in loose:
            # Not removed: the number of a content is its index in this array (ISO 32000-1, 14.7.4.4).
            owners[content] = b"null"
    _clear_detached(structure)


def _clear_detached(structure: Structure) -> None:
    attached = {id(element) for element, _ in structure.walk()}
    for element in structure.pdf.objects:
        if isinstance(element, dict) and element.get("Type") == "/StructElem" and id(element) not in attached:
            element.clear()
