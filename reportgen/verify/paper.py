"""Compares a PDF with the one printed again: everything that a viewer, a screen reader or a search finds."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.verify.differences import Difference, Kind, find_runs
from reportgen.verify.paper_content import Mark, Painter, Styled, compare_marks, list_styles, read_contents
from reportgen.verify.paper_files import refuse_files
from reportgen.verify.paper_names import compare_names, list_names, refuse_names
from reportgen.verify.paper_structure import Node, compare_nodes, read_nodes, read_owners
from reportgen.verify.paper_values import Reader, Table, compare_tables, items_of, same, show, table_of

DAMAGED = "it is damaged, or written as reportgen does not write: ask for the file as it was printed"


@dataclass(frozen=True)
class Paper:
    """All of a PDF as values: see ``read_paper``."""

    catalogue: Table
    nodes: Table
    info: Table
    xmp: tuple[str, ...]
    names: Table
    bookmarks: tuple[tuple[float, Table], ...]
    pages: tuple[Table, ...]
    annotations: tuple[tuple[Table, ...], ...]
    marks: tuple[tuple[Mark, ...], ...]
    structure: tuple[Node, ...]
    owners: Table
    resources: Mapping[str, int]


@dataclass(frozen=True)
class Reprint:
    """Our own PDF: all of it, and every name that stands in it."""

    paper: Paper
    names: frozenset[str]


@contextmanager
def open_reprint(expected: Path | bytes) -> Iterator[Reprint]:
    """Read our own PDF, and keep it open: its pictures are looked at only where others have other bytes.

    Whatever fails here is a fault of ours, and evidence against nobody.
    """
    import pikepdf

    with pikepdf.open(_stream(expected)) as ours:
        yield Reprint(read_paper(ours), frozenset(name for name, _ in list_names(ours)))


def compare_papers(submitted: Path | bytes, reprint: Reprint, producer: str = "") -> Iterator[Difference]:
    """What differs, the most telling first; what attached files say is compared elsewhere.

    ``producer``: what the report says it was printed with, which may be another version.
    """
    import pikepdf

    try:
        with pikepdf.open(_stream(submitted), suppress_warnings=True) as theirs:
            named = [*compare_names(theirs, reprint.names), *refuse_files(theirs)]
            yield from named
            found = read_paper(theirs)
            told = {row.place.partition(":")[0] for row in named}
            yield from _compare(found, reprint.paper, producer, told)
            if theirs.is_encrypted:
                yield Difference("/Encrypt: trailer", "it has a lock", kind="active")
            for warning in theirs.get_warnings()[:1]:
                yield Difference("report.pdf", DAMAGED, str(warning)[:120], kind="active")
    except pikepdf.PikepdfError as error:
        yield Difference("report.pdf", DAMAGED, str(error).partition("\n")[0][:120], kind="active")


_NOT_READ = re.compile(r"[\s\u00ad\u2010-]")
"""White space and hyphens, which depend on where lines end."""

_PAGE_NUMBER = re.compile(r"\d{1,3}")
"""Where it stands alone, it may be the number of a page; numbers of the results are read by their links."""


def flows_alike(submitted: Path | bytes, reprint: Reprint) -> bool:
    """Whether what is read aloud is the same, in the same order, fonts, sizes and colours and with the same
    links, apart from page numbers: whether other line and page breaks can explain what differs.
    """
    import pikepdf

    try:
        with pikepdf.open(_stream(submitted), suppress_warnings=True) as theirs:
            found, due = read_paper(theirs), reprint.paper
    except pikepdf.PikepdfError:
        return False
    styles = [list_styles(mark for page in paper.marks for mark in page) for paper in (found, due)]
    return (
        styles[0] <= styles[1]
        and _read_aloud(found) == _read_aloud(due)
        and _list_links(found) == _list_links(due)
        and _is_furnished_alike(found, due)
    )


def _is_furnished_alike(found: Paper, due: Paper) -> bool:
    """Whether running heads, and heads of tables that are repeated, are words of the report."""
    words = _NO_FURNITURE.sub("", "".join(mark.text for page in due.marks for mark in page))
    pieces = (words for page in found.marks for _, words in read_contents(page).get(-1.0, []))
    return all(_NO_FURNITURE.sub("", piece) in words for piece in pieces)


_NO_FURNITURE = re.compile(r"[\s\d\u00ad\u2010-]")


def _list_links(paper: Paper) -> list[tuple[Any, Any]]:
    """What each link says and where it leads; one that is broken into lines once."""
    rows = [row for page in paper.annotations for row in page]
    links = [(show(row.get("/Contents", "")), str(row.get("/Dest"))) for row in rows]
    return [link for link, before in zip(links, [None, *links], strict=False) if link != before]


def _read_aloud(paper: Paper) -> list[Styled]:
    """The text in the order in which it is read, in pieces that are drawn in the same way."""
    contents = [read_contents(page) for page in paper.marks]
    pieces: list[Styled] = []
    for node in paper.structure:
        pieces += [(key, str(words)) for key in ("/Alt", "/E", "/ActualText") if (words := node.get(key))]
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


def refuse_paper(submitted: Path) -> Iterator[Difference]:
    """What no report has, told without a reprint: what stands for programs, and odd attached files."""
    import pikepdf

    try:
        with pikepdf.open(_stream(submitted), suppress_warnings=True) as theirs:
            yield from refuse_names(theirs)
            yield from refuse_files(theirs)
    except pikepdf.PikepdfError as error:
        yield Difference("report.pdf", DAMAGED, str(error).partition("\n")[0][:120])


def _stream(file: Path | bytes) -> Any:
    return io.BytesIO(file) if isinstance(file, bytes) else file


_OWN = frozenset(["/Pages", "/Names", "/Outlines", "/StructTreeRoot", "/Metadata", "/AF"])
"""Entries of the catalogue that are compared in ways of their own, the attached files elsewhere."""

_PAGE = frozenset(["/Parent", "/Contents", "/Resources", "/Annots"])

_NODE = frozenset(["/Kids", "/Count", "/Parent", "/Type"])


def read_paper(pdf: Any) -> Paper:
    """All of a PDF, whatever its objects are; raises what pikepdf raises for a damaged one."""
    numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
    reader = Reader(numbers)
    painter = Painter(reader)
    root = table_of(pdf.Root)
    nodes, order = read_nodes(table_of(root.get("/StructTreeRoot")), reader)
    annotations = tuple(
        tuple(reader.value(each) for each in items_of(page.obj.get("/Annots"))) for page in pdf.pages
    )
    return Paper(
        reader.table(root, _OWN),
        _inherited(table_of(root.get("/Pages")), reader),
        reader.table(pdf.trailer.get("/Info")),
        _read_xmp(root.get("/Metadata")),
        {**_read_trees(table_of(root.get("/Names")), reader)},
        tuple(_read_bookmarks(table_of(root.get("/Outlines")), reader)),
        tuple(reader.table(page.obj, _PAGE) for page in pdf.pages),
        tuple(tuple(row if isinstance(row, dict) else {"": row} for row in rows) for rows in annotations),
        tuple(tuple(painter.read(page.obj)) for page in pdf.pages),
        nodes,
        read_owners(table_of(root.get("/StructTreeRoot")), order),
        _count_resources(pdf),
    )


_MOST = 500_000


def _inherited(root: Any, reader: Reader) -> Table:
    """What the nodes above pages hand down to them."""
    found: Table = {}
    waiting, seen = [root], set()
    for _ in range(_MOST):
        if not waiting:
            break
        node = waiting.pop()
        if node.objgen in reader.pages or node.objgen in seen:
            continue
        seen.add(node.objgen)
        found |= reader.table(node, _NODE)
        waiting += [table_of(kid) for kid in items_of(node.get("/Kids"))]
    return found


def _read_trees(names: Any, reader: Reader) -> Table:
    """The trees of names, each entry by the name of its tree and its own."""
    found: Table = {}
    for tree in names:
        if tree == "/EmbeddedFiles":
            continue
        waiting, seen = [names.get(tree)], 0
        while waiting and seen < _MOST:
            node = table_of(waiting.pop())
            seen += 1
            waiting += items_of(node.get("/Kids"))
            listed = items_of(node.get("/Names"))
            for name, target in zip(listed[::2], listed[1::2], strict=False):
                found[f"{tree} {show(reader.value(name))}"] = reader.value(target)
    return found


def _read_bookmarks(outlines: Any, reader: Reader) -> Iterator[tuple[float, Table]]:
    """Each bookmark in order, with its level."""
    waiting: list[tuple[float, Any]] = [(1.0, outlines.get("/First"))]
    yield 0.0, reader.table(outlines, _TREE)
    for _ in range(_MOST):
        if not waiting:
            break
        level, thing = waiting.pop()
        if thing is None:
            continue
        entry = table_of(thing)
        yield level, reader.table(entry, _TREE)
        waiting += [(level, entry.get("/Next")), (level + 1, entry.get("/First"))]


_TREE = frozenset(["/First", "/Last", "/Next", "/Prev", "/Parent"])


def _read_xmp(metadata: Any) -> tuple[str, ...]:
    """Each statement of the metadata, as it is nested."""
    import pikepdf

    if not isinstance(metadata, pikepdf.Stream):
        return ()
    try:
        text = metadata.read_bytes().decode("utf-8-sig")
        # Entities, which reportgen does not write, can unfold without end.
        root = ET.fromstring("<no/>" if "<!" in text else text)  # noqa: S314
    except (ET.ParseError, ValueError):
        return ("no XML",)
    return tuple(_list_statements(root, ""))


def _list_statements(element: ET.Element, above: str) -> Iterator[str]:
    waiting = [(element, above)]
    while waiting:
        element, above = waiting.pop()
        name = f"{above}/{element.tag.rpartition('}')[2]}"
        if text := (element.text or "").strip():
            yield f"{name}: {text}"
        yield from (f"{name}@{key.rpartition('}')[2]}: {value}" for key, value in element.attrib.items())
        if tail := (element.tail or "").strip():
            yield f"{above} after {name}: {tail}"
        waiting += [(child, name[-200:]) for child in reversed(element)]


def _count_resources(pdf: Any) -> Mapping[str, int]:
    """How many forms, pictures and fonts there are for pages to draw with."""
    found: dict[str, set[Any]] = {}
    for page in pdf.pages:
        resources = table_of(page.obj.get("/Resources"))
        for kind in resources:
            for name, thing in table_of(resources.get(kind)).items():
                here = thing.objgen if hasattr(thing, "objgen") else (0, 0)
                found.setdefault(str(kind), set()).add(here if here != (0, 0) else str(name))
    return {kind: len(each) for kind, each in found.items()}


_LINK_SLACK = 0.6
"""In points, for what is clicked and jumped to."""

_MOST_EACH = 12

_GRAVEST: tuple[Kind, ...] = ("active", "word", "content", "picture", "flow", "layout")


def _compare(found: Paper, due: Paper, producer: str, named: set[str]) -> Iterator[Difference]:
    """Whatever was ``named`` already is not told again."""
    parts = [
        compare_tables("catalogue", found.catalogue, due.catalogue),
        compare_tables("the tree of pages", found.nodes, due.nodes),
        compare_tables("Info", found.info, _with_producer(due.info, producer)),
        _compare_lists("metadata (XMP)", found.xmp, _xmp_with_producer(due.xmp, producer)),
        _in_flow(compare_tables("named places", found.names, due.names, _LINK_SLACK)),
        _compare_bookmarks(found.bookmarks, due.bookmarks),
        _compare_counts(found.resources, due.resources),
        compare_nodes(found.structure, due.structure),
        _in_flow(compare_tables("structure of the pages", found.owners, due.owners)),
    ]
    for part in parts:
        rows = [row for row in part if row.place.rpartition(", ")[2] not in named]
        yield from rows[:_MOST_EACH]
        if len(rows) > _MOST_EACH:
            rest = rows[_MOST_EACH:]
            # The kind that is excused least.
            kind = min((row.kind for row in rest), key=_GRAVEST.index)
            yield Difference(rest[0].place, f"and {len(rest)} more of this kind", kind=kind)
    for number, (one, other) in enumerate(zip(found.pages, due.pages, strict=False), 1):
        place = f"page {number}"
        yield from compare_tables(place, one, other)
        index = number - 1
        yield from _compare_annotations(place, found.annotations[index], due.annotations[index])
        yield from compare_marks(place, found.marks[index], due.marks[index])[:_MOST_EACH]


def _with_producer(info: Table, producer: str) -> Table:
    return {**info, "/Producer": f"“{producer}”"} if producer and "/Producer" in info else info


def _xmp_with_producer(xmp: Sequence[str], producer: str) -> list[str]:
    if not producer:
        return list(xmp)
    return [f"{row.partition(': ')[0]}: {producer}" if "Producer: " in row else row for row in xmp]


def _compare_lists(place: str, theirs: Sequence[str], ours: Sequence[str]) -> Iterator[Difference]:
    for run in find_runs(theirs, ours, lambda a, b: a == b):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        for index in range(max(len(there), len(due))):
            one = there[index] if index < len(there) else None
            other = due[index] if index < len(due) else None
            yield Difference(place, "it says something else", one, other)


def _compare_bookmarks(
    theirs: Sequence[tuple[float, Table]], ours: Sequence[tuple[float, Table]]
) -> Iterator[Difference]:
    def alike(one: tuple[float, Table], other: tuple[float, Table]) -> bool:
        return one[0] == other[0] and same(one[1], other[1], _LINK_SLACK)

    for run in find_runs(theirs, ours, alike):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        if len(there) == len(due):
            for (level, one), (due_level, other) in zip(there, due, strict=True):
                place = f"bookmark “{show(other.get('/Title', ''))}”"
                yield from compare_tables(place, one, other, _LINK_SLACK, _DESTINED)
                if level != due_level:
                    yield Difference(place, "it has another level", level, due_level)
            continue
        for _, entry in there:
            yield Difference(f"bookmark “{show(entry.get('/Title', ''))}”", "the report has no such bookmark")
        for _, entry in due:
            yield Difference(f"bookmark “{show(entry.get('/Title', ''))}”", "it is missing")


_DESTINED: Mapping[str, Kind] = {"/Dest": "flow"}


def _in_flow(found: Iterable[Difference]) -> Iterator[Difference]:
    """The same as what other page breaks may bring about."""
    for each in found:
        yield replace(each, kind="flow")


def _compare_counts(theirs: Mapping[str, int], ours: Mapping[str, int]) -> Iterator[Difference]:
    for kind in {**ours, **theirs}:
        one, other = theirs.get(kind, 0), ours.get(kind, 0)
        if one > other:
            what: Kind = "picture" if kind == "/Font" else "content"
            yield Difference(f"resources {kind}", "it has more of them than the report", one, other, what)


_PLACED: Mapping[str, Kind] = {
    "/Rect": "layout", "/Dest": "flow", "/Contents": "flow", "/StructParent": "flow",
}  # fmt: skip


def _compare_annotations(place: str, theirs: Sequence[Table], ours: Sequence[Table]) -> Iterator[Difference]:
    def alike(one: Table, other: Table) -> bool:
        return same(one, other, _LINK_SLACK)

    for run in find_runs(theirs, ours, alike):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        if len(there) == len(due):
            for one, other in list(zip(there, due, strict=True))[:_MOST_EACH]:
                name = f"{place}, link “{show(other.get('/Contents', ''))}”"
                yield from compare_tables(name, one, other, _LINK_SLACK, _PLACED)
            continue
        for entry in there:
            kind: Kind = "flow" if entry.get("/Subtype") == "/Link" else "active"
            what = show(entry.get("/Contents", "")) or show(entry.get("/Subtype", "annotation"))
            yield Difference(
                f"{place}, annotation “{what}”", "the report has no such thing to click", kind=kind
            )
        for entry in due:
            name = f"{place}, link “{show(entry.get('/Contents', ''))}”"
            yield Difference(name, "it is missing", kind="flow")
