"""The attached files of a PDF as they are listed: known names, our descriptions, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportgen.engine.stages.pdf import DESCRIPTIONS
from reportgen.verify.differences import Difference
from reportgen.verify.paper_values import items_of, scalar, show, table_of

_SPECIFICATION = frozenset(["/Type", "/F", "/UF", "/EF", "/Desc", "/AFRelationship"])

_FILE = frozenset(["/Type", "/Subtype", "/Params", "/Length", "/Filter", "/DecodeParms"])

# Nodes of the tree of names: one that leads back to itself would have no end.
_MOST = 2000


def refuse_files(pdf: Any) -> Iterator[Difference]:
    """What is odd about the entries of attached files; what the files say is compared elsewhere."""
    for specification in _list_files(pdf):
        names = {show(scalar(specification.get(key))) for key in ("/F", "/UF") if key in specification}
        name = next((name for name in DESCRIPTIONS if names == {name}), None)
        if name is None:
            yield Difference(
                f"attached file {sorted(map(str, names))}", "reportgen attaches no such file", kind="active"
            )
            continue
        described = show(scalar(specification.get("/Desc"))) or ""
        if described not in ("", DESCRIPTIONS[name]):
            place = f"attached file {name}, /Desc"
            yield Difference(place, "it has another description", described, DESCRIPTIONS[name])
        for key in specification:
            if key not in _SPECIFICATION:
                yield Difference(
                    f"attached file {name}, {key}", "the report has no such entry", kind="active"
                )
        yield from _refuse_contents(name, table_of(specification.get("/EF")))


def _refuse_contents(name: str, files: Any) -> Iterator[Difference]:
    contents = {table_of(files.get(key)).objgen for key in files}
    if len(contents) > 1 or not {*files} <= {"/F", "/UF"}:
        yield Difference(f"attached file {name}", "it is another file for other systems", kind="active")
    for key in table_of(files.get("/F")):
        if key not in _FILE:
            yield Difference(f"attached file {name}, {key}", "the report has no such entry", kind="active")


def _list_files(pdf: Any) -> Iterator[Any]:
    """Every specification that the document lists, in either of the two places, once."""
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
    for thing in listed:
        entry = table_of(thing)
        # What is written in place has no number, (0, 0), and may not be the same as another without one.
        if entry.objgen == (0, 0) or entry.objgen not in seen:
            seen.add(entry.objgen)
            yield entry
