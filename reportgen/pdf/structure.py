"""The structure tree of a PDF, and the layout boxes that it refers to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_SLACK = 1.0
"""By how many pixels rounding may shift a box."""


def walk_boxes(page: Any, *, furniture: bool = False) -> Iterator[Any]:
    """The boxes of a page's content, or of its ``furniture``: running heads and page numbers."""
    for child in page._page_box.children:
        if hasattr(child, "at_keyword") == furniture:
            yield from _below(child)


def is_drawn(box: Any) -> bool:
    """Whether a box is a piece of text or a picture: such are drawn, all others only hold them."""
    return hasattr(box, "text") or hasattr(box, "replacement")


def words_of(element: Any) -> str:
    """The words of an HTML element, its pictures by their descriptions."""
    parts = []
    for part in element.iter():
        parts += [part.get("alt", "") if part.tag == "img" else part.text or ""]
        parts += [part.tail or ""] if part is not element else []
    return " ".join("".join(parts).split())


def find_missing_numbers(pages: Iterable[Any]) -> list[str]:
    """The links with a page number, as in a table of contents, that came out as 0 or not at all."""
    numbers: dict[tuple[Any, str], str] = defaultdict(str)
    for page in pages:
        for box in walk_boxes(page):
            # Of a pseudo-element, as a::after is, the tag has two colons.
            if "::" in (box.element_tag or "") and _prints_page_number(box.style["content"]):
                # A link may be broken into lines, with its number in the last.
                numbers[box.element, box.element_tag] += "".join(
                    getattr(part, "text", "") for part in _below(box)
                )
    return [words_of(element) for (element, _), text in numbers.items() if not re.search(r"[1-9]", text)]


def _prints_page_number(content: Any) -> bool:
    parts = content if isinstance(content, tuple) else ()
    return any(name == "target-counter()" and values[1:] == ("page", "decimal") for name, values in parts)


def find_overflow(pages: Iterable[Any]) -> list[str]:
    """The pictures that reach beyond the text to the right, and what reaches beyond the paper.

    What is turned, shifted or clipped on purpose is not looked at.
    """
    found = []
    for page in pages:
        area = page._page_box
        text_edge = area.content_box_x() + area.width
        for child in area.children:
            for box in () if hasattr(child, "at_keyword") else _untouched(child):
                right, bottom = _edges(box)
                right_edge = text_edge if hasattr(box, "replacement") else page.width
                if right > right_edge + _SLACK or bottom > page.height + _SLACK:
                    found.append(_name(box))
    return list(dict.fromkeys(found))


def _edges(box: Any) -> tuple[float, float]:
    if hasattr(box, "replacement"):
        return box.border_box_x() + box.border_width(), box.border_box_y() + box.border_height()
    # White space at the end may hang over; how wide it is, the box does not say.
    share = len(box.text.rstrip()) / max(len(box.text), 1)
    return box.position_x + box.width * share, box.position_y + (box.height if share else 0)


def _untouched(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)
    if box.style["transform"]:
        return
    if is_drawn(box):
        yield box
    elif box.style["overflow"] == "visible":
        for child in box.children:
            yield from _untouched(child)


def _name(box: Any) -> str:
    return box.text.strip() if hasattr(box, "text") else box.element.get("alt") or "a picture"


def _below(box: Any) -> Iterator[Any]:
    # Of what is positioned absolutely WeasyPrint leaves a placeholder in the tree.
    box = getattr(box, "_box", box)
    yield box
    for child in box.children:
        yield from _below(child)


Element = Any
"""A dictionary of pydyf. A structure element has its role in ``S``, its parent in ``P``, and in ``K`` what
is in it, in reading order."""


@dataclass(frozen=True)
class Structure:
    """The tree of structure elements of ``pdf``, and the pages that they lead to."""

    pdf: Any

    @cached_property
    def root(self) -> Element:
        """The tree's root, above the document element."""
        return self.find(self.pdf.catalog["StructTreeRoot"])

    @cached_property
    def owners(self) -> list[Any]:
        """The parent tree, key after key with what belongs to it: of a page, the owner of each content."""
        owners: list[Any] = self.find(self.root["ParentTree"])["Nums"]
        return owners

    @property
    def pages(self) -> list[Element]:
        """The pages, in order."""
        # pydyf keeps references in one flat list: number, generation, R.
        return [self.pdf.objects[number] for number in self.pdf.pages["Kids"][::3]]

    def find(self, reference: bytes) -> Any:
        """The object that a reference leads to."""
        return self.pdf.objects[int(reference.split()[0])]

    def children(self, element: Element) -> list[Element]:
        """The elements right below one, in reading order."""
        return [kid for kid in self.contents(element) if not isinstance(kid, int) and "S" in kid]

    def contents(self, element: Element) -> list[Any]:
        """The kids of an element: numbers of content on its page, annotations (``Obj``), elements."""
        return [self.find(kid) if isinstance(kid, bytes) else kid for kid in element["K"]]

    def walk(self) -> Iterator[tuple[Element, tuple[Element, ...]]]:
        """Every element in reading order, each with those around it from the outermost one."""
        waiting: list[tuple[Element, tuple[Element, ...]]] = [
            (element, ()) for element in reversed(self.children(self.root))
        ]
        while waiting:
            element, around = waiting.pop()
            yield element, around
            waiting += [(child, (*around, element)) for child in reversed(self.children(element))]

    def annotations(self, element: Element) -> list[Element]:
        """The references to annotations directly in an element."""
        return [kid for kid in self.contents(element) if not isinstance(kid, int) and "Obj" in kid]

    def below(self, element: Element) -> Iterator[Element]:
        """Every element inside one."""
        for child in self.children(element):
            yield child
            yield from self.below(child)

    @property
    def held(self) -> dict[tuple[int, int], int]:
        """How many elements hold a content, for each page (from 0) and number of a content on it."""
        numbers = {page.reference: number for number, page in enumerate(self.pages)}
        return Counter(
            (numbers[element["Pg"]], kid)
            for element, _ in self.walk()
            for kid in element["K"]
            if isinstance(kid, int)
        )

    def stream(self, page: Element) -> list[Any]:
        """The content stream of a page: operators and operands in order."""
        drawn: list[Any] = self.find(page["Contents"]).stream
        return drawn

    def move(self, element: Element, parent: Element) -> None:
        """Take an element to the end of another one."""
        self.find(element["P"])["K"].remove(element.reference)
        parent["K"].append(element.reference)
        element["P"] = parent.reference

    def wrap(self, element: Element, kids: list[bytes], role: str) -> None:
        """Put some of an element's references into a new element of that role, at the end of it."""
        # Of pydyf's own classes, which know how they are written.
        wrapper = type(element)(
            {"Type": "/StructElem", "S": f"/{role}", "K": type(element["K"])(kids), "Pg": element["Pg"]}
        )
        wrapper["P"] = element.reference
        self.pdf.add_object(wrapper)
        for kid in kids:
            element["K"].remove(kid)
            self.find(kid)["P"] = wrapper.reference
        element["K"].append(wrapper.reference)

    @cached_property
    def elements(self) -> list[tuple[Element, tuple[Element, ...]]]:
        """What ``walk`` yields, kept; only for callers that do not change the tree."""
        return list(self.walk())

    def detach(self, element: Element) -> None:
        """Take an element and all below it out of the tree."""
        self.find(element["P"])["K"].remove(element.reference)

    def has_text(self, element: Element) -> bool:
        """Whether an element has words of its own: text, not pictures alone, or a description."""
        return (
            bool(text_of(element.get("Alt")).strip())
            or any(isinstance(kid, int) for kid in element["K"])
            or any(
                self.has_text(child)
                for child in self.children(element)
                if role_of(child) not in ("Figure", "Formula")
            )
        )


def role_of(element: Element) -> str:
    """An element's role, such as ``TH``."""
    return str(element["S"])[1:]


def text_of(value: Any) -> str:
    """The words of a text string, whoever made it; none for what is not there."""
    if isinstance(value, bytes):
        # Between "<FEFF" and ">".
        return bytes.fromhex(value[5:-1].decode()).decode("utf-16-be")
    return str(getattr(value, "string", None) or "")


def as_text(words: str) -> bytes:
    """Words as a text string of a PDF."""
    return b"<FEFF" + words.encode("utf-16-be", "replace").hex().encode() + b">"
