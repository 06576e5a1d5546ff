"""The tags of links: each is one, and says where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportgen.pdf.boxes import words_of
from reportgen.pdf.structure import Element, Structure, as_text, role_of


def drop_inner_links(structure: Structure, boxes: Iterable[Any]) -> list[Element]:
    """Undo that WeasyPrint makes a link of all that stands in a link, too.

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
        place = structure.owners[::2].index(annotation["StructParent"])
        del structure.owners[2 * place : 2 * place + 2]
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
        if not structure.is_told(link):
            link["Alt"] = as_text(words)
