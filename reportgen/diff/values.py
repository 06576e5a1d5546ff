"""Compares two JSON documents value by value; changes are named by JSON pointer (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeGuard

from reportgen.outline.section import Tolerance as Tolerance
from reportgen.pointer import escape_step

DISPLAYED_PER_LIST = 5
"""How many changed elements of a list are given one by one; the others are counted."""

# By index, one element more would change all that follow.
KEYS: Final[Mapping[str, str]] = {"/checks": "name", "/dataset/duplicates": "sha256"}
"""Lists whose elements are matched by this key and not by their index."""


class Absent(Enum):
    """Placeholder for a value that only the other document has; JSON's null is a value."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True)
class Change:
    """A value that differs; ``ABSENT`` where one document does not have it."""

    pointer: str
    old: Any
    new: Any

    @property
    def difference(self) -> float | None:
        """New minus old, None unless both are numbers."""
        return self.new - self.old if is_number(self.old) and is_number(self.new) else None


@dataclass(frozen=True)
class ListChange:
    """The change of a list as a whole.

    Of the elements that both have, ``differing`` differ, ``hidden`` of them without a ``Change`` of their
    own; ``largest`` is the largest absolute difference of their numbers, None if no number differs.
    ``old_only`` and ``new_only`` are the texts of a list that changed its length and only one has.
    """

    pointer: str
    old_length: int
    new_length: int
    differing: int
    hidden: int
    largest: float | None
    old_only: tuple[str, ...] = ()
    new_only: tuple[str, ...] = ()


Entry = Change | ListChange


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a JSON value is a number; Python's booleans pass for integers, JSON's do not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare_values(
    old: Any, new: Any, tolerance: Tolerance, pointer: str = "", skip: frozenset[str] = frozenset()
) -> Iterator[Entry]:
    """Everything that differs below ``pointer``, in the order of the documents, the pointers of ``skip``
    left out. The order of an object's keys is no difference.
    """
    if pointer in skip:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            below = f"{pointer}/{escape_step(key)}"
            yield from compare_values(old.get(key, ABSENT), new.get(key, ABSENT), tolerance, below, skip)
    elif isinstance(old, list) and isinstance(new, list):
        key = KEYS.get(pointer, "")
        if _are_keyed(old, key) and _are_keyed(new, key):
            yield from _compare_keyed(old, new, key, tolerance, pointer)
        else:
            yield from _compare_lists(old, new, tolerance, pointer)
    elif is_number(old) and is_number(new):
        if not tolerance.equal(old, new):
            yield Change(pointer, old, new)
    # To Python true is 1 and false is 0; in JSON they are different values.
    elif type(old) is not type(new) or old != new:
        yield Change(pointer, old, new)


def _are_keyed(items: list[Any], key: str) -> bool:
    # In what somebody handed in, the key may be missing, or there twice.
    names = [item.get(key) for item in items if isinstance(item, dict)]
    texts = {name for name in names if isinstance(name, str)}
    return bool(key) and len(texts) == len(items)


def _compare_keyed(
    old: list[Any], new: list[Any], key: str, tolerance: Tolerance, pointer: str
) -> Iterator[Entry]:
    before, after = ({item[key]: index for index, item in enumerate(items)} for items in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        # Its location in the new document, where a reader will look.
        index = after.get(name, before.get(name))
        yield from compare_values(
            old[before[name]] if name in before else ABSENT,
            new[after[name]] if name in after else ABSENT,
            tolerance,
            f"{pointer}/{index}",
        )


def _compare_lists(old: list[Any], new: list[Any], tolerance: Tolerance, pointer: str) -> Iterator[Entry]:
    found = (
        # Not strict: how the lengths differ is said for the list as a whole.
        list(compare_values(a, b, tolerance, f"{pointer}/{index}"))
        for index, (a, b) in enumerate(zip(old, new, strict=False))
    )
    changed = [entries for entries in found if entries]
    longer = len(old) != len(new)
    # In a list that changed its length an index no longer says which elements belong together.
    displayed = 0 if longer else DISPLAYED_PER_LIST
    for entries in changed[:displayed]:
        yield from entries
    if longer or len(changed) > displayed:
        yield ListChange(
            pointer,
            len(old),
            len(new),
            differing=len(changed),
            hidden=len(changed[displayed:]),
            largest=_largest(changed),
            old_only=_texts_only_in(old, new) if longer else (),
            new_only=_texts_only_in(new, old) if longer else (),
        )


def _largest(changed: list[list[Entry]]) -> float | None:
    sizes = (
        entry.largest if isinstance(entry, ListChange) else entry.difference
        for entries in changed
        for entry in entries
    )
    return max((abs(size) for size in sizes if size is not None), default=None)


def _texts_only_in(items: list[Any], others: list[Any]) -> tuple[str, ...]:
    known = {item for item in others if isinstance(item, str)}
    return tuple(item for item in items if isinstance(item, str) and item not in known)
