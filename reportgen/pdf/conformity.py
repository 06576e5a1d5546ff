"""Checks PDF objects against PDF/UA-1 before they are written, to decide whether the PDF may claim it.

Only what can be decided without a reader is checked. Whether a description is good is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from reportgen.pdf.structure import Element, Structure, role_of, text_of

_LANGUAGE = re.compile(r"([a-zA-Z]{2,3}|[xX])(-[a-zA-Z0-9]{1,8})*")
_GROUPS = {"THead", "TBody", "TFoot"}
# ISO 32000-1, 14.8.4.3.3 for lists and 14.8.4.3.4 for tables.
_BELOW = {
    "L": {"LI", "L"},
    "LI": {"Lbl", "LBody"},
    "Table": {"TR", "Caption", *_GROUPS},
    **{group: {"TR"} for group in _GROUPS},
    "TR": {"TH", "TD"},
}
"""The only roles allowed directly below an element of a list or a table."""
_ABOVE = {
    "LI": {"L"},
    "LBody": {"LI"},
    "TR": {"Table", *_GROUPS},
    **{group: {"Table"} for group in _GROUPS},
    "TH": {"TR"},
    "TD": {"TR"},
}
"""The roles that some elements must be directly below."""
_BEGINS = (b"BDC", b"BMC")
_PAINTS = {b"f", b"f*", b"F", b"S", b"s", b"B", b"B*", b"b", b"b*"}
# pydyf keeps these with what they draw in one item, as "/x1 Do".
_PAINTS_NAMED = (b" Do", b" TJ", b" Tj", b" sh")


def find_faults(pdf: Any) -> list[str]:
    """Violations of PDF/UA-1 in a PDF that is about to be written; none if it may claim conformance."""
    structure = Structure(pdf)
    checks: tuple[Callable[[Structure], Iterator[str]], ...] = (
        _check_catalog, _check_pictures, _check_nesting, _check_tables, _check_headings, _check_links,
        _check_contents, _check_files,
    )  # fmt: skip
    return list(dict.fromkeys(fault for check in checks for fault in check(structure)))


def _check_catalog(structure: Structure) -> Iterator[str]:
    catalog = structure.pdf.catalog
    if not _LANGUAGE.fullmatch(text_of(catalog.get("Lang"))):
        yield "the document names no language"
    if not text_of(structure.pdf.info.get("Title")).strip():
        yield "the document has no title"
    # Truth values are texts here, as they are written.
    if catalog.get("ViewerPreferences", {}).get("DisplayDocTitle") != "true":
        yield "the title is not displayed"
    if catalog.get("MarkInfo", {}).get("Marked") != "true":
        yield "the document is not marked as tagged"


def _check_pictures(structure: Structure) -> Iterator[str]:
    for element, _ in structure.elements:
        if role_of(element) in ("Figure", "Formula") and not text_of(element.get("Alt")).strip():
            yield "a picture has no description"


def _check_nesting(structure: Structure) -> Iterator[str]:
    for element, around in structure.elements:
        role = role_of(element)
        above = role_of(around[-1]) if around else ""
        if role in _ABOVE and above not in _ABOVE[role]:
            yield f"{role} is in {above or 'nothing'}"
        if above in _BELOW and role not in _BELOW[above]:
            yield f"{above} holds {role}"


def _check_tables(structure: Structure) -> Iterator[str]:
    for element, _ in structure.elements:
        if role_of(element) == "TH" and "Scope" not in element["A"]:
            yield "a header cell has no scope"
        if role_of(element) == "Table":
            yield from _check_table(structure, element)


def _check_table(structure: Structure, table: Element) -> Iterator[str]:
    parts = structure.children(table)
    roles = [role_of(part) for part in parts]
    rows = [
        row for part in parts for row in (structure.children(part) if role_of(part) != "TR" else [part])
        if role_of(row) == "TR"
    ]  # fmt: skip
    cells = [structure.children(row) for row in rows]
    # A caption may be alone at the end of a page.
    if rows and not any(role_of(cell) == "TH" for row in cells for cell in row):
        yield "a table has no header cell"
    if len(set(_widths(cells))) > 1:
        yield "the rows of a table are of different lengths"
    counts = Counter(roles)
    if max(counts["THead"], counts["TFoot"], counts["Caption"]) > 1:
        yield "a table has two heads, feet or captions"
    if counts["THead"] + counts["TFoot"] and not counts["TBody"]:
        yield "a table has no body"
    # ISO 32000 has it first or last.
    if "Caption" in roles[1:-1]:
        yield "a caption is between the rows of its table"


def _widths(rows: list[list[Element]]) -> list[int]:
    """How many columns the cells of each row take, with those that reach down into it."""
    widths = []
    reaching: list[tuple[int, int]] = []
    for row in rows:
        cells = [(int(cell["A"].get("ColSpan", 1)), int(cell["A"].get("RowSpan", 1))) for cell in row]
        widths.append(sum(columns for columns, _ in cells + reaching))
        reaching = [(columns, below - 1) for columns, below in cells + reaching if below > 1]
    return widths


def _check_headings(structure: Structure) -> Iterator[str]:
    roles = [role_of(element) for element, _ in structure.elements]
    # From 0, so that the first heading must be of level 1.
    levels = [0, *(int(role[1]) for role in roles if re.fullmatch(r"H[1-6]", role))]
    if any(below > above + 1 for above, below in pairwise(levels)):
        yield "a level of headings is left out"


def _check_links(structure: Structure) -> Iterator[str]:
    owners = dict(zip(structure.owners[::2], structure.owners[1::2], strict=True))
    attached = {element.reference for element, _ in structure.elements}
    for page in structure.pages:
        for annotation in map(structure.find, page.get("Annots", [])):
            owner = owners.get(annotation.get("StructParent"), b"")
            if annotation.get("Subtype") != "/Link" or owner not in attached:
                yield "something to click is not part of the text"
            elif role_of(structure.find(owner)) != "Link":
                yield "a link is not tagged as one"
            # ISO 14289-1, 7.18.5.
            if not text_of(annotation.get("Contents")).strip():
                yield "a link has no description"
        # ISO 14289-1, 7.18.3.
        if "Annots" in page and page.get("Tabs") != "/S":
            yield "the links of a page are not in the order of the text"
    for element, _ in structure.elements:
        if role_of(element) == "Link" and not structure.has_text(element):
            yield "a link has no words"


def _check_contents(structure: Structure) -> Iterator[str]:
    """All that is drawn is content, which one element holds, or decoration, and never both."""
    drawn: Counter[tuple[int, int]] = Counter()
    for number, page in enumerate(structure.pages):
        inside: list[int | None] = []
        stream = structure.stream(page)
        for index, item in enumerate(stream):
            if item in _BEGINS:
                properties = stream[index - 1] if item == b"BDC" else None
                content = properties.get("MCID") if isinstance(properties, dict) else None
                # ISO 14289-1, 7.1: a reader that leaves decoration out would leave out the content in it,
                # too.
                if any((content is None) != (outer is None) for outer in inside):
                    yield "content and decoration are nested in each other"
                inside.append(content)
                drawn.update([] if content is None else [(number, content)])
            elif item == b"EMC":
                inside.pop()
            elif not inside and type(item) is bytes and (item in _PAINTS or item.endswith(_PAINTS_NAMED)):
                yield "something is drawn that is neither content nor decoration"
    if drawn != structure.held or set(drawn.values()) - {1}:
        yield "the tags do not fit what the pages show"


def _check_files(structure: Structure) -> Iterator[str]:
    for entry in structure.pdf.objects:
        if isinstance(entry, dict) and entry.get("Type") == "/Filespec" and not text_of(entry.get("Desc")):
            yield "an attached file has no description"
