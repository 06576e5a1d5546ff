"""Pointers with stars: ``/convolution/classes/*/observed_shape`` is one pointer for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.contract.lookup import join_pointer, split_pointer

STAR = "*"


@dataclass(frozen=True)
class Match:
    """A pointer that fits a pattern, and what stood for its stars."""

    pointer: str
    keys: tuple[str, ...]


def count_stars(pattern: str) -> int:
    """How many steps of ``pattern`` are stars. Raises ``PointerError`` if it is no pointer."""
    return split_pointer(pattern).count(STAR)


def fill_stars(pattern: str, keys: Sequence[str]) -> str:
    """``pattern`` with the k-th star replaced by the k-th of ``keys``, of which there are enough."""
    waiting = iter(keys)
    return join_pointer(next(waiting) if step == STAR else step for step in split_pointer(pattern))


def find_matches(document: Any, pattern: str) -> list[Match]:
    """The pointers that fit ``pattern``, in the order of the document.

    A step other than a star is kept even if it leads nowhere, so that its absence is found, not passed over.
    """
    return [
        Match(join_pointer(steps), keys) for steps, keys in _follow(document, split_pointer(pattern), (), ())
    ]


def _follow(
    value: Any, steps: Sequence[str], passed: tuple[str, ...], keys: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    if not steps:
        yield passed, keys
        return
    children = _children(value)
    if steps[0] == STAR:
        for key, child in children.items():
            yield from _follow(child, steps[1:], (*passed, key), (*keys, key))
    elif steps[0] in children:
        yield from _follow(children[steps[0]], steps[1:], (*passed, steps[0]), keys)
    elif STAR not in steps:
        yield (*passed, *steps), keys


def _children(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {str(place): item for place, item in enumerate(value)} if isinstance(value, list) else {}
