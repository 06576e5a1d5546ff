"""The tags of a PDF that is about to be written: its logical structure, over WeasyPrint's own objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Element = Any
"""A dictionary of pydyf. A structure element has its role in ``S``, its parent in ``P``, and in ``K`` what
stands in it, in reading order."""


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
        return [self.pdf.objects[number] for number in self.pdf.pages["Kids"][::3]]

    def find(self, reference: bytes) -> Any:
        """The object that a reference leads to."""
        return self.pdf.objects[int(reference.split()[0])]

    def children(self, element: Element) -> list[Element]:
        """The elements right below one, in reading order."""
        return [kid for kid in self.contents(element) if not isinstance(kid, int) and "S" in kid]

    def contents(self, element: Element) -> list[Any]:
        """What stands in an element: numbers of content on its page, annotations (``Obj``), elements."""
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
        """What leads to the annotations right in an element."""
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
        """What a page draws, one operator or operand after another."""
        drawn: list[Any] = self.find(page["Contents"]).stream
        return drawn

    def move(self, element: Element, parent: Element) -> None:
        """Take an element to the end of another one."""
        self.find(element["P"])["K"].remove(element.reference)
        parent["K"].append(element.reference)
        element["P"] = parent.reference

    def wrap(self, element: Element, kids: list[bytes], role: str) -> None:
        """Put some of an element's references into a new element of that role, at the end of it."""
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
        """The same as ``walk``, for whoever changes nothing."""
        return list(self.walk())

    def detach(self, element: Element) -> None:
        """Take an element and all below it out of the tree."""
        self.find(element["P"])["K"].remove(element.reference)

    def is_told(self, element: Element) -> bool:
        """Whether an element has words of its own: text, not pictures alone, or a description."""
        return (
            bool(text_of(element.get("Alt")).strip())
            or any(isinstance(kid, int) for kid in element["K"])
            or any(
                self.is_told(child)
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
        return bytes.fromhex(value[5:-1].decode()).decode("utf-16-be")
    return str(getattr(value, "string", None) or "")


def as_text(words: str) -> bytes:
    """Words as a text string of a PDF."""
    return b"<FEFF" + words.encode("utf-16-be", "replace").hex().encode() + b">"
