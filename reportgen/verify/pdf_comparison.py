"""Compares a PDF with the one printed again, by whitelist: whatever is not in ours is a difference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.engine.stages.pdf import DESCRIPTIONS
from reportgen.verify.differences import GRAVEST, Difference, Kind, find_runs, keep_gravest
from reportgen.verify.pdf_content import PdfContent, compare_nodes, read_pdf_content, stream_of
from reportgen.verify.pdf_flow import flow_alike
from reportgen.verify.pdf_fonts import compare_letters
from reportgen.verify.pdf_marks import compare_marks
from reportgen.verify.pdf_names import compare_names, list_names, refuse_names
from reportgen.verify.pdf_values import Table, compare_tables, items_of, same, scalar, show, table_of

_SPECIFICATION = frozenset(["/Type", "/F", "/UF", "/EF", "/Desc", "/AFRelationship"])

_FILE = frozenset(["/Type", "/Subtype", "/Params", "/Length", "/Filter", "/DecodeParms"])

# Nodes of the tree of names: one that leads back to itself would have no end.
_MOST = 2000


def refuse_files(pdf: Any) -> Iterator[Difference]:
    """What is odd about the entries of attached files; what the files say is compared elsewhere."""
    for specification in _list_files(pdf):
        names = {show(scalar(specification.get(key))) for key in ("/F", "/UF") if key in specification}
        # Both of its names must be this one: programs go by either.
        name = next((name for name in DESCRIPTIONS if names == {name}), None)
        if name is None:
            yield Difference(
                f"attached file {sorted(map(str, names))}", "reportgen attaches no such file", kind="active"
            )
            continue
        described = show(scalar(specification.get("/Desc"))) or ""
        if described not in ("", DESCRIPTIONS[name]):
            location = f"attached file {name}, /Desc"
            yield Difference(location, "it has another description", described, DESCRIPTIONS[name])
        for key in specification:
            if key not in _SPECIFICATION:
                yield Difference(
                    f"attached file {name}, {key}", "the report has no such entry", kind="active"
                )
        yield from _refuse_contents(name, table_of(specification.get("/EF")))


def _refuse_contents(name: str, files: Any) -> Iterator[Difference]:
    # Viewers take /UF if they know it, and /F if not: with two files each would show a report of its own.
    contents = {table_of(files.get(key)).objgen for key in files}
    if len(contents) > 1 or not {*files} <= {"/F", "/UF"}:
        yield Difference(f"attached file {name}", "it is another file for other systems", kind="active")
    for key in table_of(files.get("/F")):
        if key not in _FILE:
            yield Difference(f"attached file {name}, {key}", "the report has no such entry", kind="active")


def _list_files(pdf: Any) -> Iterator[Any]:
    """Every specification that the document lists, in either of the two lists, once."""
    root = table_of(pdf.Root)
    listed = items_of(root.get("/AF"))
    waiting = [table_of(root.get("/Names")).get("/EmbeddedFiles")]
    for _ in range(_MOST):
        if not waiting:
            break
        node = table_of(waiting.pop())
        waiting += items_of(node.get("/Kids"))
        # Names and what they stand for alternate (ISO 32000-1, 7.9.6).
        listed += items_of(node.get("/Names"))[1::2]
    seen = set()
    for obj in listed:
        entry = table_of(obj)
        # A direct object has no number, (0, 0), and may not be the same as another without one.
        if entry.objgen == (0, 0) or entry.objgen not in seen:
            seen.add(entry.objgen)
            yield entry


DAMAGED = "it is damaged, or written as reportgen does not write: ask for the file as it was printed"


@dataclass(frozen=True)
class Reprint:
    """Our own PDF: its whole content, and every name that occurs in it."""

    content: PdfContent
    names: frozenset[str]


@contextmanager
def open_reprint(expected: Path | bytes) -> Iterator[Reprint]:
    """Read our own PDF, and keep it open: its pictures are looked at only where others have other bytes.

    Whatever fails here is a fault of ours, and evidence against nobody.
    """
    import pikepdf

    with pikepdf.open(stream_of(expected)) as ours:
        yield Reprint(read_pdf_content(ours), frozenset(name for name, _ in list_names(ours)))


def compare_pdfs(submitted: Path | bytes, reprint: Reprint, producer: str = "") -> Iterator[Difference]:
    """What differs, the gravest first; what attached files say is compared elsewhere.

    ``producer``: what the report says it was printed with, which may be another version.
    """
    import pikepdf

    try:
        with pikepdf.open(stream_of(submitted), suppress_warnings=True) as theirs:
            # Listed, since the rows below are left out where these have named the same entry.
            named = [*compare_names(theirs, reprint.names), *refuse_files(theirs)]
            yield from named
            found = read_pdf_content(theirs, reprint.content)
            # The gravest last, which stays.
            rising = sorted(named, key=lambda row: -GRAVEST.index(row.kind))
            reported = {row.location.partition(":")[0]: row.kind for row in rising}
            yield from _compare(found, reprint.content, producer, reported)
            # With an empty password pikepdf opens it without a word.
            if theirs.is_encrypted:
                yield Difference("/Encrypt: trailer", "it has a lock", kind="active")
            # qpdf repairs what is damaged, and another program repairs it in another way and shows
            # something else.
            for warning in theirs.get_warnings()[:1]:
                yield Difference("report.pdf", DAMAGED, str(warning)[:120], kind="active")
    except pikepdf.PikepdfError as error:
        yield Difference("report.pdf", DAMAGED, str(error).partition("\n")[0][:120], kind="active")


def refuse_pdf(submitted: Path) -> Iterator[Difference]:
    """What no report has, whatever a reprint would give: names of active content, odd attached files."""
    import pikepdf

    try:
        with pikepdf.open(stream_of(submitted), suppress_warnings=True) as theirs:
            yield from refuse_names(theirs)
            yield from refuse_files(theirs)
    except pikepdf.PikepdfError as error:
        yield Difference("report.pdf", DAMAGED, str(error).partition("\n")[0][:120])


def flows_alike(submitted: Path | bytes, reprint: Reprint) -> bool:
    """Whether other line and page breaks can explain what differs."""
    import pikepdf

    try:
        with pikepdf.open(stream_of(submitted), suppress_warnings=True) as theirs:
            return flow_alike(read_pdf_content(theirs, reprint.content), reprint.content)
    # What cannot be read explains nothing.
    except pikepdf.PikepdfError:
        return False


_LINK_SLACK = 0.6
"""In points, for what is clicked and jumped to."""

_MOST_EACH = 12


def _compare(
    found: PdfContent, due: PdfContent, producer: str, named: Mapping[str, Kind]
) -> Iterator[Difference]:
    """The differences by part of the PDF; left out are entries ``named`` already as no less grave."""
    # Of pages that all draw the same nothing is read on either side.
    changed = [index for index in range(len(found.pages)) if not found.draws_as(due, index)]
    # Before the letters, which are those of fonts that were read. All pages: a forged one may be set in a
    # font that ours has on another page only, and its letters are compared with those there.
    due.marks.read(range(len(due.pages)) if changed else ())
    parts = [
        compare_tables("catalogue", found.catalogue, due.catalogue),
        compare_tables("the tree of pages", found.nodes, due.nodes),
        compare_tables("Info", found.info, _with_producer(due.info, producer)),
        _compare_lists("metadata (XMP)", found.xmp, _xmp_with_producer(due.xmp, producer)),
        _in_flow(compare_tables("named destinations", found.names, due.names, _LINK_SLACK)),
        _compare_bookmarks(found.bookmarks, due.bookmarks),
        _compare_counts(found.resources, due.resources),
        compare_letters(found.letters, due.letters),
        compare_nodes(found.structure, due.structure),
        _in_flow(compare_tables("structure of the pages", found.owners, due.owners)),
    ]
    for part in parts:
        yield from _shorten([row for row in part if not _is_reported(row, named)])
    # How many pages there are is compared with what they show, in sheets.py.
    for number, (one, other) in enumerate(zip(found.pages, due.pages, strict=False), 1):
        location = f"page {number}"
        yield from compare_tables(location, one, other)
        index = number - 1
        yield from _compare_annotations(location, found.annotations[index], due.annotations[index])
        if index in changed:
            yield from keep_gravest(compare_marks(location, found.marks[index], due.marks[index]), _MOST_EACH)


def _is_reported(row: Difference, named: Mapping[str, Kind]) -> bool:
    kind = named.get(row.location.rpartition(", ")[2])
    # What is named as a matter of fonts, say, may be excused, and this row not.
    return kind is not None and GRAVEST.index(kind) <= GRAVEST.index(row.kind)


def _shorten(rows: Sequence[Difference]) -> Iterator[Difference]:
    """The gravest of many, and how many more there are."""
    displayed = keep_gravest(rows, len(rows))
    yield from displayed[:_MOST_EACH]
    if rest := displayed[_MOST_EACH:]:
        kind = min((row.kind for row in rest), key=GRAVEST.index)
        yield Difference(rest[0].location, f"and {len(rest)} more of this kind", kind=kind)


def _with_producer(info: Table, producer: str) -> Table:
    return {**info, "/Producer": f"“{producer}”"} if producer and "/Producer" in info else info


def _xmp_with_producer(xmp: Sequence[str], producer: str) -> list[str]:
    if not producer:
        return list(xmp)
    return [f"{row.partition(': ')[0]}: {producer}" if "Producer: " in row else row for row in xmp]


def _compare_lists(location: str, theirs: Sequence[str], ours: Sequence[str]) -> Iterator[Difference]:
    for run in find_runs(theirs, ours, lambda a, b: a == b):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        for index in range(max(len(there), len(due))):
            one = there[index] if index < len(there) else None
            other = due[index] if index < len(due) else None
            yield Difference(location, "it says something else", one, other)


def _compare_bookmarks(
    theirs: Sequence[tuple[float, Table]], ours: Sequence[tuple[float, Table]]
) -> Iterator[Difference]:
    def alike(one: tuple[float, Table], other: tuple[float, Table]) -> bool:
        return one[0] == other[0] and same(one[1], other[1], _LINK_SLACK)

    for run in find_runs(theirs, ours, alike):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        if len(there) == len(due):
            for (level, one), (due_level, other) in zip(there, due, strict=True):
                location = f"bookmark “{show(other.get('/Title', ''))}”"
                yield from compare_tables(location, one, other, _LINK_SLACK, _DESTINED)
                if level != due_level:
                    yield Difference(location, "it has another level", level, due_level)
            continue
        for _, entry in there:
            yield Difference(f"bookmark “{show(entry.get('/Title', ''))}”", "the report has no such bookmark")
        for _, entry in due:
            yield Difference(f"bookmark “{show(entry.get('/Title', ''))}”", "it is missing")


_DESTINED: Mapping[str, Kind] = {"/Dest": "flow"}


def _in_flow(found: Iterable[Difference]) -> Iterator[Difference]:
    """The same differences as ones that other page breaks may cause."""
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


def _compare_annotations(
    location: str, theirs: Sequence[Table], ours: Sequence[Table]
) -> Iterator[Difference]:
    def alike(one: Table, other: Table) -> bool:
        return same(one, other, _LINK_SLACK)

    for run in find_runs(theirs, ours, alike):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        if len(there) == len(due):
            rows = [row for pair in zip(there, due, strict=True) for row in _compare_links(location, *pair)]
            yield from keep_gravest(rows, _MOST_EACH)
            continue
        for entry in there:
            # Links go with the words that they are on; nothing else of ours can be clicked.
            kind: Kind = "flow" if entry.get("/Subtype") == "/Link" else "active"
            what = show(entry.get("/Contents", "")) or show(entry.get("/Subtype", "annotation"))
            reason = "the report has no such link or button"
            yield Difference(f"{location}, annotation “{what}”", reason, kind=kind, box=_box_of(entry))
        for entry in due:
            name = f"{location}, link “{show(entry.get('/Contents', ''))}”"
            yield Difference(name, "it is missing", kind="flow", box=_box_of(entry))


def _compare_links(location: str, one: Table, other: Table) -> Iterator[Difference]:
    name = f"{location}, link “{show(other.get('/Contents', ''))}”"
    for each in compare_tables(name, one, other, _LINK_SLACK, _PLACED):
        yield replace(each, box=_box_of(one))


def _box_of(entry: Table) -> tuple[float, float, float, float] | None:
    """The box of an annotation, None if it has no valid one."""
    sides = entry.get("/Rect")
    if not isinstance(sides, tuple) or len(sides) != 4:
        return None
    if not all(isinstance(side, float) and math.isfinite(side) for side in sides):
        return None
    x0, y0, x1, y1 = sides
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
