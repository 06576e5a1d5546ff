"""A specimen of ``results.json``, made from the schema before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from reportgen.contract.schema import INDICES

Node = Mapping[str, Any]

_WHOLE, _FRACTION = 2, 0.5
"""A whole number that is no share of one, and a number that may be one."""


class OpenList(list[Any]):
    """A list of a length that is not known yet: it has one item, and every index leads to that."""

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(0)


class OpenDict(dict[str, Any]):
    """An object whose keys are not known yet: every key leads to the same."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self._value = value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str)

    def __missing__(self, key: str) -> Any:
        return self._value


@dataclass(frozen=True)
class Known:
    """Known properties of a document, by patterns as in the list of pointers, ``/neurons/top/<class>``.

    ``keys``: the names that a placeholder such as ``class`` stands for; ``lengths``: of lists, at most;
    ``values``: the values at pointers; ``absent``: pointers that are null for want of data.
    """

    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    absent: AbstractSet[str] = frozenset()

    def joined(self, more: Known, section: str) -> Known:
        """These properties and those of a section, whose patterns begin below the section."""
        return Known(
            self.keys,
            {**self.lengths, **{f"/{section}{pattern}": value for pattern, value in more.lengths.items()}},
            {**self.values, **{f"/{section}{pattern}": value for pattern, value in more.values.items()}},
            {*self.absent, *(f"/{section}{pattern}" for pattern in more.absent)},
        )


def make_specimen(schema: Node, known: Known) -> Any:
    """A document with every key that may be there, and a value of the right kind at each.

    Lists and objects of unknown size are :class:`OpenList` and :class:`OpenDict`. Where null may be, or
    something else, the latter does unless it is known to be ``absent``.
    """
    return _Maker(schema["$defs"], known).make(schema, "")


@dataclass(frozen=True)
class _Maker:
    types: Mapping[str, Node]
    known: Known

    def make(self, node: Node, pattern: str) -> Any:
        """The values that a node of the schema allows."""
        if pattern in self.known.values:
            return self.known.values[pattern]
        if pattern in self.known.absent:
            return None
        if "$ref" in node:
            # What a field says of itself goes before what its type says, as everywhere in the contract.
            node = {**self.types[node["$ref"].rpartition("/")[2]], **node}
        if "anyOf" in node:
            # The first of several forms: "filter", the only one that has two, is among the known values.
            return self.make(next(each for each in node["anyOf"] if each.get("type") != "null"), pattern)
        if "const" in node or "enum" in node:
            return node["const"] if "const" in node else node["enum"][0]
        return getattr(self, f"_make_{node['type']}")(node, pattern)

    def _make_object(self, node: Node, pattern: str) -> Any:
        if not isinstance(node.get("additionalProperties"), dict):
            return {name: self.make(each, f"{pattern}/{name}") for name, each in node["properties"].items()}
        kind = node["propertyNames"]["placeholder"]
        value = self.make(node["additionalProperties"], f"{pattern}/<{kind}>")
        names = self.known.keys.get(kind)
        return OpenDict(value) if names is None else dict.fromkeys(names, value)

    def _make_array(self, node: Node, pattern: str) -> Any:
        if "prefixItems" in node:
            return [self.make(each, f"{pattern}/{n}") for n, each in enumerate(node["prefixItems"])]
        # As list_pointers() names indices, for the known properties are found by its patterns.
        letter = INDICES[sum(f"<{letter}>" in pattern for letter in INDICES)]
        item = self.make(node["items"], f"{pattern}/<{letter}>")
        fixed = node.get("maxItems") if node.get("maxItems") == node.get("minItems") else None
        length = self.known.lengths.get(pattern, fixed)
        return OpenList([item]) if length is None else [item] * length

    def _make_string(self, _node: Node, _pattern: str) -> str:
        return "text"

    def _make_boolean(self, _node: Node, _pattern: str) -> bool:
        return True

    def _make_integer(self, node: Node, _pattern: str) -> int:
        # Not 0 or 1, which a filter for shares would take as well.
        return max(_WHOLE, int(node.get("minimum", 0)))

    def _make_number(self, node: Node, _pattern: str) -> float:
        return _FRACTION if node.get("maximum", 1) == 1 else float(node["maximum"])

    def _make_null(self, _node: Node, _pattern: str) -> None:
        return None
