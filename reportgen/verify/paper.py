"""All that a viewer, a screen reader or a search finds in a PDF, as values that can be compared."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.verify.paper_content import Mark, Painter
from reportgen.verify.paper_structure import Node, read_nodes, read_owners
from reportgen.verify.paper_values import Reader, Table, items_of, show, table_of


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


def stream_of(file: Path | bytes) -> Any:
    """What pikepdf opens, of a file or of its content."""
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


# The PDF on 266 photographs has 9,700 objects.
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
        # Cut, or the names of elements nested without end would take the square of their number.
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
