"""Every JSON pointer of ``results.json`` with type, unit and meaning, taken from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

POINTERS_FILE = Path(__file__).with_name("POINTERS.md")
INDICES = "ijklm"
_HEAD = """\
# The pointers of results.json, version {version}

Each row is a JSON pointer (RFC 6901) into `build/results.json`, as in `/transfer/accuracy/test`.
`<class>`, `<split>` (train, val or test), `<array>` and `<package>` stand for a name, in which `~` is
written `~0` and `/` is written `~1`; `<i>`, `<j>`, `<k>` for an index, from 0. *Derived* values follow
from others and are written for convenience. Boxes are half-open, [start, stop), in pixels of the 224 ×
224 image. Within version 1 pointers are added and never removed or given another meaning. `reportgen
schema` prints the JSON Schema, made from the same types."""


@dataclass(frozen=True)
class Pointer:
    """A pointer with placeholders, as ``/transfer/confusion/<split>/<i>/<j>``, and what is there.

    ``kind`` is its JSON type or the values it may have; ``unit`` may be empty.
    """

    pattern: str
    kind: str
    unit: str
    meaning: str
    derived: bool = False


def list_pointers(schema: Mapping[str, Any]) -> list[Pointer]:
    """Every pointer that a document of this schema may have, in the order of the document."""
    found: dict[str, Pointer] = {}
    for pointer in _walk(schema, schema["$defs"], Pointer("", "", "", "")):
        known = found.get(pointer.pattern)
        if known is None:
            found[pointer.pattern] = pointer
        elif pointer.kind not in known.kind.split(" or "):
            found[pointer.pattern] = replace(known, kind=f"{known.kind} or {pointer.kind}")
    del found[""]
    return list(found.values())


def describe_pointers(schema: Mapping[str, Any]) -> str:
    """The same as a document in Markdown, one table for each part of ``results.json``."""
    lines = [_HEAD.format(version=schema["version"])]
    part = ""
    for pointer in list_pointers(schema):
        first = pointer.pattern.split("/")[1]
        if first != part:
            part = first
            lines += ["", f"## {part}", "", "| pointer | type | unit | meaning |", "|---|---|---|---|"]
        meaning = f"*Derived.* {pointer.meaning}" if pointer.derived else pointer.meaning
        texts = [
            cell.replace("|", "\\|").replace("<", "\\<") for cell in (pointer.kind, pointer.unit, meaning)
        ]
        lines.append(" | ".join([f"| `{pointer.pattern}`", *texts]) + " |")
    return "\n".join(lines) + "\n"


def _walk(node: Mapping[str, Any], types: Mapping[str, Any], above: Pointer) -> Iterator[Pointer]:
    """A node of the schema and all below it; ``above`` has its pattern, and its unit if it names none."""
    if "$ref" in node:
        node = {**types[node["$ref"].rpartition("/")[2]], **node}
        node.pop("$ref")
    here = replace(
        above,
        unit=node.get("unit", above.unit),
        meaning=" ".join(node.get("description", above.meaning).split()),
        derived=above.derived or node.get("readOnly", False),
    )
    if "anyOf" in node:
        for each in node["anyOf"]:
            # The meaning of the whole is next to its alternatives.
            yield from _walk({**each, "description": here.meaning}, types, here)
        return
    yield replace(here, kind=_kind(node))
    for step, child, inherits in _children(node, here.pattern):
        below = replace(
            here, pattern=f"{here.pattern}/{step}", unit=here.unit if inherits else "", meaning=""
        )
        yield from _walk(child, types, below)


def _kind(node: Mapping[str, Any]) -> str:
    values = [node["const"]] if "const" in node else node.get("enum")
    return " or ".join(map(json.dumps, values)) if values else str(node["type"])


def _children(node: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The steps from a node, where they lead, and whether the node's unit is theirs too."""
    for name, child in node.get("properties", {}).items():
        yield name, child, False
    if isinstance(node.get("additionalProperties"), dict):
        yield f"<{node['propertyNames']['placeholder']}>", node["additionalProperties"], True
    for index, child in enumerate(node.get("prefixItems", [])):
        yield str(index), child, True
    if "items" in node:
        used = sum(f"<{letter}>" in pattern for letter in INDICES)
        yield f"<{INDICES[used]}>", node["items"], True
