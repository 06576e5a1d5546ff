"""Names in a PDF that reportgen never writes, wherever they are: programs, forms, files, hidden layers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from reportgen.verify.differences import Difference, Kind

_BRINGS = {
    "a form, whose fields are drawn over the page": "/AcroForm /XFA /Widget",
    "a program": "/JS /JavaScript",
    "an action that nobody asks for": "/OpenAction /AA",
    "content that is shown on some occasions only": "/OCProperties /OC /OCG /OCMD /OCGs",
    "words that are read aloud and copied instead of those that are seen": "/ActualText",
    "an action that leads out of the report": (
        "/Launch /GoToR /GoToE /SubmitForm /ImportData /ResetForm /Thread /Hide /Named /SetOCGState "
        "/Rendition /Trans /GoTo3DView /RichMediaExecute"
    ),
    "a note or a film on the page, and no link": (
        "/RichMedia /Movie /Sound /Screen /3D /PrinterMark /TrapNet /Watermark /FileAttachment /Stamp "
        "/FreeText /Square /Circle /Line /Ink /Polygon /PolyLine /Highlight /Underline /StrikeOut "
        "/Squiggly /Caret /Popup /Redact /Projection /Text"
    ),
    "a picture that others are shown or printed for": "/Alternates /OPI /PS /Ref",
    "a part of another kind of PDF": "/Collection /Perms /Requirements /Legal",
    "a lock": "/Encrypt",
}

REFUSED = {name: brought for brought, names in _BRINGS.items() for name in names.split()}
"""Keys and names, each with what it brings into a document."""

_RESOURCES = frozenset(
    ["/Font", "/XObject", "/ExtGState", "/Pattern", "/ColorSpace", "/Shading", "/Properties", "/ProcSet"]
)
"""Dictionaries whose keys are names that a printer chooses."""

_NAMING = ("/S", "/Subtype", "/Type")

# Tables of the file itself, to which no object leads.
_UNUSED = frozenset(["/XRef", "/ObjStm"])

_FILES = (("catalogue", "/AF"), ("catalogue/Names", "/EmbeddedFiles"))
"""Where attached files are listed; they are compared by name and content."""

_TREES = frozenset(["/Kids", "/Limits", "/Names", "/Nums"])
"""How a tree of names is divided; its entries are compared as a whole."""

_TRAILER = frozenset(
    ["/Type", "/Size", "/ID", "/Prev", "/XRefStm", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"]
)
"""How objects are found in the file, which says nothing of them."""

# The PDF on 266 photographs has 9,700 objects; a stranger's may lead in circles.
_MOST = 10**6

_MOST_EACH = 3


def compare_names(theirs: Any, known: frozenset[str]) -> Iterator[Difference]:
    """A difference for each key and kind of object that is not ``known`` from ours, with its location."""
    counted: dict[tuple[str, Kind], int] = {}
    for name, path in list_names(theirs):
        if name in known or name in _TREES:
            continue
        row = Difference(f"{name}: {path}", *_explain(name, path))
        # Of each kind: those in fonts may be excused, and must not hide one elsewhere.
        counted[name, row.kind] = counted.get((name, row.kind), 0) + 1
        if counted[name, row.kind] <= _MOST_EACH:
            yield row


def refuse_names(theirs: Any) -> Iterator[Difference]:
    """A difference for each name that is refused in any report, whatever a reprint has."""
    for name, path in list_names(theirs):
        if name in REFUSED and name not in ("/ActualText", "/Text"):
            yield Difference(f"{name}: {path}", *_explain(name, path))


def _explain(name: str, path: str) -> tuple[str, None, None, Kind]:
    if name in REFUSED:
        return f"it has {REFUSED[name]}", None, None, "active"
    return "the report has nothing of this name", None, None, "picture" if "/Font" in path else "content"


def list_names(pdf: Any) -> Iterator[tuple[str, str]]:
    """Every key, and every name that says what an object is, with the way to it; pages first."""
    import pikepdf

    # Made once: a report has a hundred thousand entries.
    tables = pikepdf.Dictionary, pikepdf.Stream
    composed = *tables, pikepdf.Array
    # Breadth first from the pages: an object is named by the shortest way from a page that shows it.
    seen: set[Any] = {page.objgen for page in pdf.pages} | {pdf.Root.objgen}
    waiting: deque[tuple[Any, str, bool]] = deque(
        (page.obj, f"page {number}", False) for number, page in enumerate(pdf.pages, 1)
    )
    waiting.append((pdf.Root, "catalogue", False))
    waiting.append((pdf.trailer, "trailer", False))
    for _ in range(_MOST):
        if not waiting:
            break
        obj, path, chosen = waiting.popleft()
        is_table = isinstance(obj, tables)
        entries = list(obj.items()) if is_table else [("", item) for item in obj]
        for key, item in entries:
            if (path, key) in _FILES or (path == "trailer" and key in _TRAILER):
                continue
            if is_table and not chosen:
                yield str(key), path
                if key in _NAMING and isinstance(item, pikepdf.Name):
                    yield str(item), path
            if not isinstance(item, composed):
                continue
            if item.objgen != (0, 0):
                if item.objgen in seen:
                    continue
                seen.add(item.objgen)
            further = f"{path}{key}" if len(path) < _LONGEST else path
            named = str(key) in _RESOURCES and isinstance(item, pikepdf.Dictionary)
            waiting.append((item, further, named and "/Type" not in item))
    yield from _list_unused(pdf, seen)


_LONGEST = 80


def _list_unused(pdf: Any, seen: set[Any]) -> Iterator[tuple[str, str]]:
    """What is refused in objects that nothing leads to; some programs find them all the same."""
    import pikepdf

    for obj in pdf.objects:
        if not isinstance(obj, pikepdf.Dictionary | pikepdf.Stream) or obj.objgen in seen:
            continue
        # So does nothing to the dictionary that a linearised file begins with.
        if obj.get("/Type") in _UNUSED or "/Linearized" in obj:
            continue
        names = [*obj.keys(), *(obj.get(key) for key in _NAMING)]
        for name in names:
            if str(name) in REFUSED:
                yield str(name), f"object {obj.objgen[0]}, which nothing leads to"
