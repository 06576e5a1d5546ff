"""Which pointers a ``results.json`` can have at all, whatever the report, and what may be there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from reportgen.contract.schema import INDICES, list_pointers, read_schema
from reportgen.outline.kind import ReportKind, find_kind, list_sections
from reportgen.outline.section import Section, SectionError
from reportgen.pointer import escape_step, is_index, join_pointer, split_pointer
from reportgen.results import SPLITS
from reportgen.text import find_nearest

STAR = "*"
"""A step that stands for every key or index."""

Node = Mapping[str, Any]
"""A part of a JSON Schema, its references resolved."""


@dataclass(frozen=True)
class KnownPointers:
    """The pointers of these schemas, of which a document may have parts of several, and the names of the
    sections that they describe.
    """

    schemas: tuple[Node, ...]
    sections: tuple[str, ...] = ()

    def find(self, pointer: str) -> list[Node]:
        """What may be at a pointer, which may have stars; nothing if there never is anything.

        Raises ``PointerError`` if it is no pointer.
        """
        steps = split_pointer(pointer)
        return [node for schema in self.schemas for node in _follow(schema, schema.get("$defs", {}), steps)]

    def find_keys(self, pointer: str, placeholder: str) -> list[str]:
        """The steps of a pointer that stand for a placeholder such as ``class``, without stars."""
        steps = split_pointer(pointer)
        found = []
        for count, step in enumerate(steps):
            nodes = self.find(join_pointer(steps[:count]))
            kinds = {node.get("propertyNames", {}).get("placeholder") for node in nodes}
            if step != STAR and placeholder in kinds:
                found.append(step)
        return found

    def suggest(self, pointer: str) -> str:
        """The pointer that is most like one that is not known, with its own stars and names; "" for none."""
        steps = split_pointer(pointer)
        listed = (each.pattern for schema in self.schemas for each in list_pointers(schema))
        return find_nearest(pointer, (_fill(pattern, steps) for pattern in listed))


def know_pointers(kind: ReportKind | None = None) -> KnownPointers:
    """The pointers of every section that is installed here or in ``kind``, whether a report has it or not."""
    shipped = find_kind()
    others = dict.fromkeys([*list_sections(), *(kind.sections if kind else ())])
    # Those that come along are in the shipped schema.
    own: list[Node] = []
    for section in list(others):
        try:
            if section not in shipped.sections:
                own.append(describe_section(section))
        except SectionError:
            # One that only happens to be installed says nothing of a report without it.
            if kind and section in kind.sections:
                raise
            del others[section]
    return KnownPointers((read_schema(), *own), tuple(section.name for section in others))


def describe_section(section: Section) -> Node:
    """The schema of a document with this section only. Raises ``SectionError`` if it has no result type."""
    return _describe(section.name, section.result_type)  # type: ignore[arg-type]  # types can be hashed


# Every rubric that is read asks for those of all sections, 15 ms each.
@cache
def _describe(name: str, result_type: type) -> Node:
    from pydantic import TypeAdapter

    made = TypeAdapter(result_type).json_schema(mode="serialization")
    types = made.pop("$defs", {})
    return {"type": "object", "properties": {name: made}, "$defs": types}


def _follow(node: Node, types: Node, steps: Sequence[str]) -> Iterator[Node]:
    if "$ref" in node:
        # As in the list of pointers, what a field says of itself goes before what its type says.
        node = {**types[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    # Whatever it may be: a pointer is known if it is one of any of these.
    if "anyOf" in node:
        for each in node["anyOf"]:
            yield from _follow(each, types, steps)
    elif not steps:
        yield node
    else:
        for child in _children(node, steps[0]):
            yield from _follow(child, types, steps[1:])


def _children(node: Node, step: str) -> Iterator[Node]:
    """The nodes that a step, or a star, leads to."""
    named, prefix = node.get("properties", {}), node.get("prefixItems", [])
    if step == STAR:
        # And those below, as a star stands for every key.
        yield from (*named.values(), *prefix)
    elif step in named:
        yield named[step]
        return
    elif is_index(step, len(prefix)):
        yield prefix[int(step)]
        return
    elif is_index(step) and int(step) >= node.get("maxItems", math.inf):
        return
    further = node.get("additionalProperties")
    if isinstance(further, dict) and (step == STAR or _fits(node, step)):
        yield further
    if isinstance(node.get("items"), dict) and (step == STAR or is_index(step)):
        yield node["items"]


def _fits(node: Node, step: str) -> bool:
    """Whether a key may be called so: of classes and packages any, of splits only three."""
    return node.get("propertyNames", {}).get("placeholder") != "split" or step in SPLITS


def _fill(pattern: str, steps: Sequence[str]) -> str:
    """A pattern with its placeholders replaced by the steps of a pointer, if it is as long."""
    parts = split_pointer(pattern)
    if len(parts) != len(steps):
        return pattern
    # With the steps of the mistyped one, so that it is not far from the right one for its classes and
    # indices.
    filled = (_stand_for(part, step) for part, step in zip(parts, steps, strict=True))
    return "/" + "/".join(filled)


def _stand_for(part: str, step: str) -> str:
    """A step of a pattern, or for a placeholder what may be there, if possible ``step``."""
    if not part.startswith("<"):
        return part
    if part == "<split>" and step not in (*SPLITS, STAR):
        return find_nearest(step, SPLITS) or SPLITS[-1]
    if part[1:-1] in INDICES and not (is_index(step) or step == STAR):
        return "0"
    return escape_step(step)


def find_limits(nodes: Sequence[Node]) -> tuple[float, float] | None:
    """The least and the most that a number may be where these are; None if there is no number."""
    edges = [_limits(node) for node in nodes if node.get("type") in ("integer", "number")]
    if not edges:
        return None
    return min(low for low, _ in edges), max(high for _, high in edges)


def _limits(node: Node) -> tuple[float, float]:
    # An open end counts as a closed one: only what is out of reach altogether is found here.
    low = max(node.get("minimum", -math.inf), node.get("exclusiveMinimum", -math.inf))
    high = min(node.get("maximum", math.inf), node.get("exclusiveMaximum", math.inf))
    return low, high
