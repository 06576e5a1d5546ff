"""Pointer patterns: ``/convolution/classes/*/observed_shape`` matches one pointer for each class."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from reportgen.contract.lookup import escape_step, join_pointer, split_pointer

STAR = "*"


@dataclass(frozen=True)
class Match:
    """A pointer that matches a pattern, and the steps that matched its stars."""

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
    children = _branches(value)
    if steps[0] == STAR:
        for key, child in children.items():
            yield from _follow(child, steps[1:], (*passed, key), (*keys, key))
    elif steps[0] in children:
        yield from _follow(children[steps[0]], steps[1:], (*passed, steps[0]), keys)
    elif STAR not in steps:
        yield (*passed, *steps), keys


def _branches(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else {}


_DISPLAYED = 5


class Source(Protocol):
    """Whatever gives a value for a JSON pointer, as ``LoadedResults`` does."""

    def at(self, pointer: str, /) -> Any: ...


def check_close(
    results: Source, pointer: str, expected: Any, *, absolute: float = 0.0, relative: float = 0.0
) -> None:
    """Assert that the value at ``pointer`` is ``expected``, a number or lists and objects of numbers.

    A number is close if it differs by no more than the larger of ``absolute`` and ``relative`` times the
    expected number's size. Numbers count as the decimals they are written as, so 0.8 lies within 0.1 of
    0.7; NaN and infinity are close to nothing; true and false are no numbers.

    Raises ``AssertionError`` naming pointer, both numbers, their difference and the tolerance, or both
    shapes if they differ; ``ValueError`` or ``TypeError`` if tolerance or expectation make no sense.
    """
    for name, tolerance in (("absolute", absolute), ("relative", relative)):
        if not _is_number(tolerance) or not math.isfinite(tolerance) or tolerance < 0:
            raise ValueError(f"{name}={tolerance!r} is no tolerance; it is a number from 0 up")
    found, expected = results.at(pointer), _plain(expected)
    for where, value in _leaves(expected, pointer):
        if not _is_number(value):
            raise TypeError(f"{where}: {value!r} is expected, which is no number")
    problems = list(_differences_of_shape(found, expected, pointer))
    if not problems:
        actual = dict(_leaves(found, pointer))
        for where, value in _leaves(expected, pointer):
            problems += _distance(where, actual[where], value, (absolute, relative))
    if problems:
        more = [f"… and {len(problems) - _DISPLAYED} more"] if len(problems) > _DISPLAYED else []
        raise AssertionError("\n".join(problems[:_DISPLAYED] + more))


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, numbers of NumPy as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _children(value: Any) -> list[tuple[str, Any]] | None:
    if isinstance(value, list):
        return [(str(index), item) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return [(escape_step(key), item) for key, item in value.items()]
    return None


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    children = _children(value)
    if children is None:
        yield where, value
        return
    for key, item in children:
        yield from _leaves(item, f"{where}/{key}")


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {', '.join(map(repr, value)) or 'nothing'}"
    return "a number" if _is_number(value) else f"{value!r}, which is no number"


def _differences_of_shape(found: Any, expected: Any, where: str) -> Iterator[str]:
    mine, theirs = _children(found), _children(expected)
    if mine is None and theirs is None and _is_number(found):
        return
    alike = type(found) is type(expected) and mine is not None and theirs is not None
    if not alike or {key for key, _ in mine or ()} != {key for key, _ in theirs or ()}:
        yield f"{where}: found {_kind(found)}, expected {_kind(expected)}"
        return
    actual = dict(mine or ())
    for key, item in theirs or ():
        yield from _differences_of_shape(actual[key], item, f"{where}/{key}")


def _distance(where: str, found: Any, expected: Any, tolerances: tuple[float, float]) -> Iterator[str]:
    if not (math.isfinite(found) and math.isfinite(expected)):
        yield f"{where}: found {found}, expected {expected}; only finite numbers can be close"
        return
    # As they are written, so that the limit itself lies within, and no digit of a large count is lost.
    difference = abs(Fraction(str(found)) - Fraction(str(expected)))
    absolute, relative = (Fraction(str(tolerance)) for tolerance in tolerances)
    tolerance = max(absolute, relative * abs(Fraction(str(expected))))
    if difference > tolerance:
        yield (
            f"{where}: found {found}, expected {expected}: the difference {_short(difference)} is more than "
            f"the tolerance {_short(tolerance)} (absolute {tolerances[0]}, relative {tolerances[1]})"
        )


def _short(number: Fraction) -> str:
    if number.denominator == 1 and number < 10**15:
        return str(number.numerator)
    try:
        return f"{float(number):.6g}"
    except OverflowError:
        return str(number.numerator // number.denominator)
