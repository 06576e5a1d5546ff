"""The boxes that a document was laid out in, and what in them would not be printed as meant."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
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
    box = getattr(box, "_box", box)
    yield box
    for child in box.children:
        yield from _below(child)
