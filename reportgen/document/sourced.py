"""Results as templates see them: every value carries its pointer into ``results.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup

from reportgen.contract.lookup import escape_step

Note = Callable[[str], str]
"""Records that the value at a pointer is printed; returns the id of the element that shows its source."""


class Sourced:
    """A value of ``results.json`` with its JSON pointer (RFC 6901).

    Attributes and items lead deeper, as in the JSON. Numbers print with their pointer, as a link to the place
    that tells their source: ``<a class="n" href="#s1" data-ptr="…">``, or as a ``<span>`` without ``note``.
    Everything else prints as escaped text. Comparisons and truth are those of the value.
    """

    __slots__ = ("_note", "_pointer", "_value")

    def __init__(self, value: Any, pointer: str = "", note: Note | None = None) -> None:
        self._value = value
        self._pointer = pointer
        self._note = note

    def __getattr__(self, name: str) -> Sourced:
        if isinstance(self._value, dict) and name in self._value:
            return self[name]
        raise AttributeError(f"no '{name}' at {self._pointer or '/'} of the results")

    def __getitem__(self, key: Any) -> Sourced:
        key = plain(key)
        if isinstance(self._value, list) and isinstance(key, slice):
            raise TypeError("a slice of the results has no pointer")
        return Sourced(self._value[key], f"{self._pointer}/{escape_step(key)}", self._note)

    def __iter__(self) -> Iterator[Sourced]:
        return (
            self[key] for key in (range(len(self._value)) if isinstance(self._value, list) else self._value)
        )

    def __len__(self) -> int:
        return len(self._value)

    def __contains__(self, key: Any) -> bool:
        return plain(key) in self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == plain(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self._value < plain(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._value > plain(other))

    def __hash__(self) -> int:
        return hash(self._value)

    def __str__(self) -> str:
        return str(self._value)

    def __html__(self) -> str:
        return self.as_markup(str(self._value))

    def as_markup(self, text: str) -> Markup:
        """``text``, which shows this value, with the pointer attached if the value is a number."""
        if isinstance(self._value, bool | str) or self._value is None:
            return Markup.escape(text)
        return self.as_source(text)

    def as_source(self, text: str | Markup, kind: str = "n") -> Markup:
        """``text``, whatever it shows of this value, with the pointer attached; ``kind`` is its class."""
        if self._note is None:
            return Markup('<span class="{}" data-ptr="{}">{}</span>').format(kind, self._pointer, text)
        return Markup('<a class="{}" href="#{}" data-ptr="{}">{}</a>').format(
            kind, self._note(self._pointer), self._pointer, text
        )


def plain(value: Any) -> Any:
    """The bare value, without its pointer."""
    return value._value if isinstance(value, Sourced) else value


def entries(node: Sourced) -> list[tuple[str, Sourced]]:
    """The keys of an object of the results, each with its value."""
    return [(key, node[key]) for key in plain(node)]
