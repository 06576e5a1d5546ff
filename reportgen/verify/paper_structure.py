"""The structure of a tagged PDF: what is read aloud, in which order, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.verify.differences import Difference, Kind, find_runs
from reportgen.verify.paper_values import Reader, Table, Value, items_of, same, scalar, show, table_of

# As in paper.py.
_MOST = 500_000

_OWN = frozenset(["/K", "/P", "/ParentTree", "/IDTree", "/Pg"])


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
    """All elements in reading order, and the place of each by the number of its object."""
    import pikepdf

    found: list[Node] = []
    order: dict[Any, int] = {}
    waiting: list[tuple[int, Any]] = [(0, root)]
    while waiting and len(found) < _MOST:
        level, element = waiting.pop()
        if element.objgen != (0, 0):
            if element.objgen in order:
                found.append(Node(level, "<twice>", -1, ()))
                continue
            order[element.objgen] = len(found)
        kids = element.get("/K")
        listed = items_of(kids) or ([] if kids is None or isinstance(kids, pikepdf.Array) else [kids])
        below = [kid for kid in listed if _is_element(kid)]
        holds = tuple("<element>" if _is_element(kid) else _held(kid, reader) for kid in listed)
        page = table_of(element.get("/Pg")).objgen
        found.append(Node(level, reader.value(element, _OWN), reader.pages.get(page, -1), holds))
        waiting += [(level + 1, kid) for kid in reversed(below)]
    return tuple(found), order


def _is_element(kid: Any) -> bool:
    import pikepdf

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
            for one, other in zip(there[:_MOST_EACH], due, strict=False):
                yield from _compare_node(one, other)
            continue
        for node in there[:_MOST_EACH]:
            reason = "the report has no such element in its structure"
            yield Difference(_place(node), reason, node.get("/Alt"), None, _kind(node))
        for node in due[:_MOST_EACH]:
            yield Difference(
                _place(node), "it is missing in the structure", None, node.get("/Alt"), _kind(node)
            )


def _compare_node(one: Node, other: Node) -> Iterator[Difference]:
    place = _place(other)
    theirs, ours = (e if isinstance(e, dict) else {} for e in (one.entries, other.entries))
    for key in {**ours, **theirs}:
        if not same(theirs.get(key), ours.get(key), 0.6):
            kind: Kind = "flow" if key in ("/S", "/A") and _kind(one) == _kind(other) == "flow" else "content"
            yield Difference(f"{place}, {key}", "it has another value", one.get(key), other.get(key), kind)
    if (one.level, one.page, one.holds) != (other.level, other.page, other.holds):
        reason, values = "it holds something else, or stands elsewhere", (show(one.holds), show(other.holds))
        yield Difference(place, reason, values[0], values[1], "flow")


def _kind(node: Node) -> Kind:
    """What is divided between two pages has an element on each, but no description."""
    if node.get("/Alt") and node.role in ("/Figure", "/Formula"):
        return "flow"
    return "content" if node.get("/Alt") or node.get("/E") or node.get("/ActualText") else "flow"


def _place(node: Node) -> str:
    page = f" of page {node.page + 1}" if node.page >= 0 else ""
    alt = node.get("/Alt")
    return f"structure{page}, {node.role}{f' “{alt}”' if alt else ''}"
