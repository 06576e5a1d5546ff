"""Whether two PDFs read the same aloud, whatever line and page breaks they have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reportgen.verify.content_streams import STYLING, Mark
from reportgen.verify.pdf_content import PdfContent
from reportgen.verify.pdf_values import show

_NOT_READ = re.compile(r"[\s\u00ad\u2010-]")
"""White space and hyphens, which depend on where lines end."""

_PAGE_NUMBER = re.compile(r"\d{1,3}")
"""On its own it may be the number of a page; numbers of the results are read by their links."""


def flow_alike(found: PdfContent, due: PdfContent) -> bool:
    """Whether what is read aloud is the same, in the same order, fonts, sizes and colours and with the same
    links, apart from page numbers.
    """
    styles = [list_styles(mark for page in content.marks for mark in page) for content in (found, due)]
    return (
        styles[0] <= styles[1]
        and _read_aloud(found) == _read_aloud(due)
        and _list_links(found) == _list_links(due)
        and _is_furnished_alike(found, due)
    )


def _is_furnished_alike(found: PdfContent, due: PdfContent) -> bool:
    """Whether running heads, and heads of tables that are repeated, are words of the report."""
    words = _NO_FURNITURE.sub("", "".join(mark.text for page in due.marks for mark in page))
    pieces = (words for page in found.marks for _, words in read_contents(page).get(-1.0, []))
    return all(_NO_FURNITURE.sub("", piece) in words for piece in pieces)


# Without digits, too: numbers of pages are among them, and change where pages break elsewhere.
_NO_FURNITURE = re.compile(r"[\s\d\u00ad\u2010-]")


def _list_links(content: PdfContent) -> list[tuple[Any, Any]]:
    """What each link says and where it leads; one that is broken into lines once."""
    rows = [row for page in content.annotations for row in page]
    links = [(show(row.get("/Contents", "")), str(row.get("/Dest"))) for row in rows]
    return [link for link, before in zip(links, [None, *links], strict=False) if link != before]


def _read_aloud(content: PdfContent) -> list[Styled]:
    """The text in the order in which it is read, in pieces that are drawn in the same way."""
    contents = [read_contents(page) for page in content.marks]
    pieces: list[Styled] = []
    for node in content.structure:
        pieces += [(key, str(words)) for key in ("/Alt", "/E", "/ActualText") if (words := node.get(key))]
        # An element may be on no page (-1), or on one that is not there.
        held = (each for each in node.holds if isinstance(each, float) and 0 <= node.page < len(contents))
        for style, words in (piece for each in held for piece in contents[node.page].get(each, [])):
            words = _NOT_READ.sub("", words)
            if _PAGE_NUMBER.fullmatch(words):
                continue
            if pieces and pieces[-1][0] == style:
                pieces[-1] = (style, pieces[-1][1] + words)
            elif words:
                pieces.append((style, words))
    return pieces


Styled = tuple[str, str]
"""How a text is drawn, and the text."""


def read_contents(marks: Sequence[Mark]) -> Mapping[float, list[Styled]]:
    """The texts of each content of a page that the structure refers to, by its number."""
    found: dict[float, list[Styled]] = {}
    contents: list[float] = []
    style: dict[str, str] = {}
    kept: list[dict[str, str]] = []
    for mark in marks:
        if mark.operator in ("BDC", "BMC"):
            properties = mark.values[-1] if mark.values else None
            number = properties.get("/MCID") if isinstance(properties, dict) else None
            # Running heads and the like have no number, being no content: they are -1 here.
            contents.append(number if isinstance(number, float) else -1.0)
        elif mark.operator == "EMC" and contents:
            contents.pop()
        elif mark.operator == "q":
            kept.append(dict(style))
        elif mark.operator == "Q" and kept:
            style = kept.pop()
        elif mark.operator in STYLING:
            # One colour fills at a time, whichever of these operators has chosen it.
            kind = "fill" if mark.operator in _FILLS else mark.operator
            style[kind] = f"{mark.operator} {mark.values}"
        elif mark.text and contents:
            # What lines are drawn with is no matter of text.
            how = " ".join(style.get(kind, "") for kind in ("fill", "Tf", "Tr", "gs"))
            found.setdefault(contents[-1], []).append((how, mark.text))
    return found


_FILLS = frozenset(["rg", "g", "k", "sc", "scn"])


def list_styles(marks: Iterable[Mark]) -> frozenset[str]:
    """Every operator, and every colour, font and size, in whatever order."""
    return frozenset(
        f"{mark.operator} {mark.values}" if mark.operator in STYLING else mark.operator for mark in marks
    )
