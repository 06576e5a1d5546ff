"""Objects of a PDF as plain values, which any object of a stranger can be turned into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.verify.differences import Difference, Kind

_DEEPEST, _MOST = 24, 20_000

_TRANSPORT = frozenset(["/Length", "/Filter", "/DecodeParms", "/DL"])
"""How a stream is packed, which says nothing of what is in it."""

Value = Any
"""A number, text, name (``/Name``), tuple, ``Table`` or one of the words below in brackets."""

Table = dict[str, Value]

Pages = Mapping[Any, int]
"""The number of each page (from 0) by the number of its object."""


class Reader:
    """Turns objects into values; a page becomes its number, a stream what is in it.

    What leads in a circle, or is deeper or larger than anything in a report, becomes a word that says so: it
    equals nothing of ours, and stops no comparison.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def value(self, obj: Any, leave: frozenset[str] = frozenset()) -> Value:
        """The value of an object; the keys to ``leave`` out are those of the outermost dictionary."""
        # For each value separately: one that is too large must not hide those behind it.
        self._left = _MOST
        return self._value(obj, leave, ())

    def table(self, obj: Any, leave: frozenset[str] = frozenset()) -> Table:
        """The entries of a dictionary, also of a page; none of anything else."""
        self._left = _MOST
        return self._table(table_of(obj), leave, ())

    def _value(self, obj: Any, leave: frozenset[str], above: tuple[Any, ...]) -> Value:
        import pikepdf

        self._left -= 1
        # Both: a tree can be wide or deep, and shared parts make few objects many values.
        if self._left < 0 or len(above) > _DEEPEST:
            return "<too much>"
        if isinstance(obj, pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream):
            number = obj.objgen
            if number != (0, 0):
                if number in self.pages:
                    return ("<page>", self.pages[number])
                # Only above: what two objects share is no circle, and is written out for each.
                if number in above:
                    return "<circle>"
            above = (*above, number)
        if isinstance(obj, pikepdf.Stream):
            table = self._table(obj, leave | _TRANSPORT, above)
            return {**table, "<data>": digest_of(obj)}
        if isinstance(obj, pikepdf.Dictionary):
            return self._table(obj, leave, above)
        if isinstance(obj, pikepdf.Array):
            return tuple(self._value(item, frozenset(), above) for item in obj)
        return scalar(obj)

    def _table(self, obj: Any, leave: frozenset[str], above: tuple[Any, ...]) -> Table:
        return {
            str(key): self._value(item, frozenset(), above)
            for key, item in obj.items()
            if str(key) not in leave
        }


def scalar(obj: Any) -> Value:
    """A number as a float, a name with its slash, a text in quotes, so that none equals another kind."""
    import pikepdf

    # Before float(), to which true is 1.
    if isinstance(obj, bool) or obj is None:
        return obj
    if isinstance(obj, pikepdf.Name):
        return str(obj)
    if isinstance(obj, pikepdf.String):
        return f"“{obj}”"
    try:
        return float(obj)
    except (TypeError, ValueError):
        return f"<{type(obj).__name__}>"


def digest_of(stream: Any) -> str:
    """A hash of what is in a stream, unpacked; pictures in JPEG stay packed."""
    import pikepdf

    filters = stream.get("/Filter")
    packed = isinstance(filters, pikepdf.Name) and filters != "/FlateDecode"
    data = stream.read_raw_bytes() if packed else stream.read_bytes()
    return hashlib.sha256(data).hexdigest()


def table_of(obj: Any) -> Any:
    """The object itself if it is a dictionary or a stream, else an empty one."""
    import pikepdf

    return obj if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream) else pikepdf.Dictionary()


def items_of(obj: Any) -> list[Any]:
    """The items of an array, none of anything else."""
    import pikepdf

    return list(obj) if isinstance(obj, pikepdf.Array) else []


def same(one: Value, other: Value, slack: float = 0.0) -> bool:
    """Whether two values are the same, numbers up to ``slack``."""
    # bool first: True is no 1.
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= slack
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(same(a, b, slack) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], slack) for key in one)
    return type(one) is type(other) and bool(one == other)


def show(value: Value) -> Any:
    """A value for a reader."""
    if isinstance(value, str):
        return value.strip("“”") if value.startswith("“") else value
    if isinstance(value, tuple):
        return ", ".join(str(show(item)) for item in value[:8])
    if isinstance(value, dict):
        return " ".join(f"{key} {show(item)}" for key, item in list(value.items())[:8])
    return value


def compare_tables(
    location: str, one: Table, other: Table, slack: float = 0.0, kinds: Mapping[str, Kind] | None = None
) -> Iterator[Difference]:
    """A difference for each key of two dictionaries that only one has, or that has another value.

    ``kinds``: what a difference of some keys is, if not of content.
    """
    for key in {**other, **one}:
        name = f"{location}, {key}" if location else key
        kind = (kinds or {}).get(key, "content")
        if key not in other:
            yield Difference(name, "the report has no such entry here", show(one[key]), None, kind)
        elif key not in one:
            yield Difference(name, "it is missing", None, show(other[key]), kind)
        elif not same(one[key], other[key], slack):
            yield Difference(name, "it has another value", show(one[key]), show(other[key]), kind)
