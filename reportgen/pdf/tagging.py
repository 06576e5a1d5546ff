"""What WeasyPrint's tags lack of PDF/UA is put right, in the objects it is about to write.

Content that no element holds is marked as an artifact, so whoever takes an element out of the tree takes
its words out of what is read aloud.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportgen.pdf.boxes import is_drawn, walk_boxes
from reportgen.pdf.structure import Element, Structure, role_of
from reportgen.pdf.tagged_links import describe_links, drop_inner_links
from reportgen.pdf.tagged_tables import join_tables, set_scopes

_PIXEL = 0.75
"""The length of a CSS pixel in points."""
_FURNITURE, _DECORATION = b"<</Type/Pagination>>", b"<</Type/Layout>>"


def correct_tags(document: Any, pdf: Any) -> None:
    """Make the tags of a document say what it shows.

    Header cells get a scope and pictures their true place; formulas are called so; a link is one link with
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
    _mark_artifacts(document, structure, leaders, repeated)


def _describe_pictures(structure: Structure, boxes: list[list[Any]]) -> None:
    """WeasyPrint gives a picture's place in pixels from the top; a PDF counts points from the bottom."""
    numbers = {page.reference: number for number, page in enumerate(structure.pages)}
    formulas = {
        (number, box.content_box_x(), box.content_box_y())
        for number, page in enumerate(boxes)
        for box in page
        if hasattr(box, "replacement") and "math" in box.element.get("class", "").split()
    }
    for element, around in structure.walk():
        if role_of(element) == "Caption" and role_of(around[-1]) == "NonStruct":
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
    """An item is a label and a body; WeasyPrint puts paragraphs beside the body."""
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
        for place, item in enumerate(drawn):
            if isinstance(item, dict) and item.get("MCID") in loose:
                drawn[place] = kinds.get(owners[item["MCID"]], _FURNITURE)
                drawn[place - 1] = "/Artifact"
        for content in loose:
            owners[content] = b"null"
    _clear_detached(structure)


def _clear_detached(structure: Structure) -> None:
    attached = {id(element) for element, _ in structure.walk()}
    for thing in structure.pdf.objects:
        if isinstance(thing, dict) and thing.get("Type") == "/StructElem" and id(thing) not in attached:
            thing.clear()
