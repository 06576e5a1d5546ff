"""All that a viewer, a screen reader or a search finds in a PDF, as values that can be compared.

Among them its structure: what is read aloud, in which order, and as what.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reportgen.verify.content_streams import Font, Mark, Painter
from reportgen.verify.differences import Difference, Kind, find_runs, keep_gravest
from reportgen.verify.pdf_fonts import Letters, read_letters
from reportgen.verify.pdf_signature import Signer
from reportgen.verify.pdf_values import Reader, Table, Value, items_of, same, scalar, show, table_of

# The ways between elements; level, page, order and what an element holds say the same as values.
_OF_ELEMENTS = frozenset(["/K", "/P", "/ParentTree", "/IDTree", "/Pg"])


@dataclass(frozen=True)
class Node:
    """An element: its level, its entries, the page it is on, and what it holds besides elements."""

    level: int
    entries: Value
    page: int
    holds: tuple[Value, ...]

    @property
    def role(self) -> str:
        """Its role, such as /Figure."""
        entries = self.entries if isinstance(self.entries, dict) else {}
        return str(entries.get("/S", "/StructTreeRoot"))

    def get(self, key: str) -> Any:
        """One of its entries as a reader sees it."""
        return show(self.entries.get(key)) if isinstance(self.entries, dict) else None


def read_nodes(root: Any, reader: Reader) -> tuple[tuple[Node, ...], Mapping[Any, int]]:
    """All elements in reading order, and the index of each by the number of its object."""
    import pikepdf

    found: list[Node] = []
    order: dict[Any, int] = {}
    # No recursion: a stranger's tree may be deeper than Python's stack.
    waiting: list[tuple[int, Any]] = [(0, root)]
    while waiting and len(found) < _MOST:
        level, element = waiting.pop()
        if element.objgen != (0, 0):
            # Led to twice, perhaps from below itself, and then without end.
            if element.objgen in order:
                found.append(Node(level, "<twice>", -1, ()))
                continue
            order[element.objgen] = len(found)
        kids = element.get("/K")
        listed = items_of(kids) or ([] if kids is None or isinstance(kids, pikepdf.Array) else [kids])
        below = [kid for kid in listed if _is_element(kid)]
        holds = tuple("<element>" if _is_element(kid) else _held(kid, reader) for kid in listed)
        page = table_of(element.get("/Pg")).objgen
        found.append(Node(level, reader.value(element, _OF_ELEMENTS), reader.pages.get(page, -1), holds))
        waiting += [(level + 1, kid) for kid in reversed(below)]
    return tuple(found), order


def _is_element(kid: Any) -> bool:
    import pikepdf

    # References to marked content and to links are dictionaries, too, but have no role.
    return isinstance(kid, pikepdf.Dictionary) and "/S" in kid


def _held(kid: Any, reader: Reader) -> Value:
    """A number of content, or which link of which page."""
    import pikepdf

    if not isinstance(kid, pikepdf.Dictionary):
        return scalar(kid)
    owner = scalar(table_of(kid.get("/Obj")).get("/StructParent"))
    return ("<object>", owner, reader.pages.get(table_of(kid.get("/Pg")).objgen, -1), *sorted(map(str, kid)))


def read_owners(root: Any, order: Mapping[Any, int]) -> Table:
    """Which elements own the contents of each page and each link, by the key of the page or the link."""
    import pikepdf

    found: Table = {}
    waiting, steps = [root.get("/ParentTree")], 0
    while waiting and steps < _MOST:
        node = table_of(waiting.pop())
        steps += 1
        waiting += items_of(node.get("/Kids"))
        listed = items_of(node.get("/Nums"))
        # A stranger's list may end in the middle of a pair.
        for key, owners in zip(listed[::2], listed[1::2], strict=False):
            each = items_of(owners) if isinstance(owners, pikepdf.Array) else [owners]
            found[f"{show(scalar(key))}"] = tuple(
                float(order.get(table_of(owner).objgen, -1)) for owner in each
            )
    return found


_MOST_EACH = 4


def compare_nodes(theirs: Sequence[Node], ours: Sequence[Node]) -> Iterator[Difference]:
    """Elements that are missing, added, or say something else."""

    def alike(one: Node, other: Node) -> bool:
        return one == other or (
            one.level == other.level
            and one.page == other.page
            and same(one.holds, other.holds)
            and same(one.entries, other.entries, 0.6)  # positions of pictures, in points
        )

    for run in find_runs(theirs, ours, alike):
        there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
        if len(there) == len(due):
            rows = [row for pair in zip(there, due, strict=True) for row in _compare_node(*pair)]
            yield from keep_gravest(rows, _MOST_EACH)
            continue
        reason = "the report has no such element in its structure"
        added = (
            Difference(_describe_location(node), reason, node.get("/Alt"), None, _kind(node))
            for node in there
        )
        yield from keep_gravest(added, _MOST_EACH)
        reason = "it is missing in the structure"
        missing = (
            Difference(_describe_location(node), reason, None, node.get("/Alt"), _kind(node)) for node in due
        )
        yield from keep_gravest(missing, _MOST_EACH)


def _compare_node(one: Node, other: Node) -> Iterator[Difference]:
    location = _describe_location(other)
    theirs, ours = (e if isinstance(e, dict) else {} for e in (one.entries, other.entries))
    for key in {**ours, **theirs}:
        if not same(theirs.get(key), ours.get(key), 0.6):
            kind: Kind = "flow" if key in ("/S", "/A") and _kind(one) == _kind(other) == "flow" else "content"
            yield Difference(f"{location}, {key}", "it has another value", one.get(key), other.get(key), kind)
    if (one.level, one.page, one.holds) != (other.level, other.page, other.holds):
        reason, values = "it holds something else, or is elsewhere", (show(one.holds), show(other.holds))
        yield Difference(location, reason, values[0], values[1], "flow")


def _kind(node: Node) -> Kind:
    """What is divided between two pages has an element on each, but no description."""
    if node.get("/Alt") and node.role in ("/Figure", "/Formula"):
        return "flow"
    return "content" if node.get("/Alt") or node.get("/E") or node.get("/ActualText") else "flow"


def _describe_location(node: Node) -> str:
    page = f" of page {node.page + 1}" if node.page >= 0 else ""
    alt = node.get("/Alt")
    return f"structure{page}, {node.role}{f' “{alt}”' if alt else ''}"


Marks = tuple[Mark, ...]


class PageMarks:
    """What each page draws, read when it is asked for: pages of an honest report draw the same as ours."""

    def __init__(self, readers: Sequence[Callable[[], Sequence[Mark]]]) -> None:
        self._readers = readers
        self._read: dict[int, Marks] = {}

    def __len__(self) -> int:
        return len(self._readers)

    def __getitem__(self, number: int) -> Marks:
        if number not in self._read:
            self._read[number] = tuple(self._readers[number]())
        return self._read[number]

    def __iter__(self) -> Iterator[Marks]:
        return map(self.__getitem__, range(len(self)))

    def read(self, numbers: Iterable[int]) -> None:
        """Read these pages now."""
        for number in numbers:
            self[number]


@dataclass(frozen=True)
class PdfContent:
    """All of a PDF as values: see ``read_pdf_content``. ``signatures``: those of its pages, None without.

    ``fonts`` are those of the pages whose marks were read, with their entries. Marks and letters can be
    asked for as long as the PDF is open.
    """

    catalogue: Table
    nodes: Table
    info: Table
    xmp: tuple[str, ...]
    names: Table
    bookmarks: tuple[tuple[float, Table], ...]
    pages: tuple[Table, ...]
    annotations: tuple[tuple[Table, ...], ...]
    marks: PageMarks
    structure: tuple[Node, ...]
    owners: Table
    resources: Mapping[str, int]
    fonts: Sequence[tuple[Any, Font]]
    signatures: tuple[bytes | None, ...]

    @property
    def letters(self) -> Letters:
        """How the fonts draw their letters, those in which the pages are set whose marks were read so far."""
        return read_letters(self.fonts)

    def draws_as(self, other: PdfContent, number: int) -> bool:
        """Whether a page (from 0) draws with the same objects as the one in its place in another PDF."""
        signatures = [each.signatures[number] for each in (self, other) if number < len(each.signatures)]
        return len(signatures) == 2 and signatures[0] is not None and signatures[0] == signatures[1]


def stream_of(file: Path | bytes) -> Any:
    """What pikepdf opens, of a file or of its content."""
    return io.BytesIO(file) if isinstance(file, bytes) else file


_OF_CATALOGUE = frozenset(["/Pages", "/Names", "/Outlines", "/StructTreeRoot", "/Metadata", "/AF"])
"""Entries of the catalogue that are compared in ways of their own, the attached files elsewhere."""

_PAGE = frozenset(["/Parent", "/Contents", "/Resources", "/Annots"])

_NODE = frozenset(["/Kids", "/Count", "/Parent", "/Type"])


def read_pdf_content(pdf: Any, ours: PdfContent | None = None) -> PdfContent:
    """All of a PDF, whatever its objects are; raises what pikepdf raises for a damaged one.

    A page that draws the same as the one in its place in ``ours`` has the very same marks as that, and is not
    read again; letters of fonts in which no other page is set are those of ``ours`` and are left out. The
    other pages are then read at once; without ``ours`` each is read when it is asked for.
    """
    numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
    reader = Reader(numbers)
    painter = Painter(reader)
    root = table_of(pdf.Root)
    nodes, order = read_nodes(table_of(root.get("/StructTreeRoot")), reader)
    annotations = tuple(
        tuple(reader.value(each) for each in items_of(page.obj.get("/Annots"))) for page in pdf.pages
    )
    signer = Signer(numbers)
    signatures = tuple(signer.sign(page.obj) for page in pdf.pages)
    read = _insist(painter.read) if ours is None else painter.read
    readers: list[Callable[[], Sequence[Mark]]] = [partial(read, page.obj) for page in pdf.pages]
    found = PdfContent(
        reader.table(root, _OF_CATALOGUE),
        _inherited(table_of(root.get("/Pages")), reader),
        reader.table(pdf.trailer.get("/Info")),
        _read_xmp(root.get("/Metadata")),
        {**_read_trees(table_of(root.get("/Names")), reader)},
        tuple(_read_bookmarks(table_of(root.get("/Outlines")), reader)),
        tuple(reader.table(page.obj, _PAGE) for page in pdf.pages),
        # A stranger's list may hold what is no dictionary.
        tuple(tuple(row if isinstance(row, dict) else {"": row} for row in rows) for rows in annotations),
        PageMarks(readers),
        nodes,
        read_owners(table_of(root.get("/StructTreeRoot")), order),
        _count_resources(pdf),
        painter.fonts,
        signatures,
    )
    if ours is None:
        return found
    alike = [number for number in range(len(readers)) if found.draws_as(ours, number)]
    for number in alike:
        readers[number] = partial(ours.marks.__getitem__, number)
    found.marks.read({*range(len(readers))} - {*alike})
    return found


def _insist(read: Callable[[Any], list[Mark]]) -> Callable[[Any], list[Mark]]:
    """The same of our own PDF, which is read while a stranger's is, whose damage is no fault of ours."""
    import pikepdf

    def insist(page: Any) -> list[Mark]:
        try:
            return read(page)
        except pikepdf.PikepdfError as error:
            raise RuntimeError(f"reportgen printed a page that it cannot read: {error}") from error

    return insist


# The PDF on 266 photographs has 9,700 objects.
_MOST = 500_000


def _inherited(root: Any, reader: Reader) -> Table:
    """What the nodes above pages pass down to them."""
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
            # A stranger's list may end in the middle of a pair.
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
        level, obj = waiting.pop()
        if obj is None:
            continue
        entry = table_of(obj)
        yield level, reader.table(entry, _TREE)
        # What is inside comes off the stack before what is next, as a reader sees them.
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
    # Equal to nothing of ours, which is a difference and no reason to stop.
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
        # Cut, or the names of elements nested without end would take the square of their number.
        waiting += [(child, name[-200:]) for child in reversed(element)]


def _count_resources(pdf: Any) -> Mapping[str, int]:
    """How many forms, pictures and fonts there are for pages to draw with."""
    found: dict[str, set[Any]] = {}
    for page in pdf.pages:
        resources = table_of(page.obj.get("/Resources"))
        for kind in resources:
            for name, obj in table_of(resources.get(kind)).items():
                # A direct object has no number, and is distinguished by its name.
                here = obj.objgen if hasattr(obj, "objgen") else (0, 0)
                found.setdefault(str(kind), set()).add(here if here != (0, 0) else str(name))
    return {kind: len(each) for kind, each in found.items()}
