"""Expected values of a rubric: pointers with stars, and arithmetic over them."""

from __future__ import annotations

import ast
import math
import numbers
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from reportgen.errors import UserError
from reportgen.pointer import escape_step, join_pointer, split_pointer

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
    # What a star behind a missing step would stand for is not known, so no pointer could be named as absent.
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
    # Shapes first: with other shapes each number would be compared with one of another place.
    problems = list(_differences_of_shape(found, expected, pointer))
    if not problems:
        actual = dict(_leaves(found, pointer))
        for where, value in _leaves(expected, pointer):
            problems += _distance(where, actual[where], value, (absolute, relative))
    if problems:
        more = [f"… and {len(problems) - _DISPLAYED} more"] if len(problems) > _DISPLAYED else []
        raise AssertionError("\n".join(problems[:_DISPLAYED] + more))


def _is_number(value: Any) -> bool:
    # Real, since NumPy's numbers are registered as that: its float32 is no float.
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
    # More than a float can hold.
    except OverflowError:
        return str(number.numerator // number.denominator)


ALLOWED = "a formula has numbers, pointers in quotes, + - * / // % ** and parentheses"

# 9**9**9 would keep the machine busy for ever.
# 300 digits, since a whole number of more than 308 is no float, and math.isfinite() raises for it.
MOST_CHARACTERS, MOST_DEPTH, LARGEST_EXPONENT, MOST_DIGITS = 500, 30, 64, 300

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}

Lookup = Callable[[str], Any]
"""Gives the value at a pointer, or raises ``UserError``."""


class FormulaError(ValueError):
    """A text is not a formula; the message follows its location."""


class ValueFault(Exception):  # noqa: N818 - not a fault of the program, but of the report
    """A formula has no value for these results, and why."""


@dataclass(frozen=True)
class Formula:
    """A parsed formula; ``stars`` is the most that one of its pointers has."""

    text: str
    tree: ast.expr
    stars: int


def parse_formula(text: str) -> Formula:
    """Read a formula. Raises ``FormulaError`` naming what it may not have."""
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(f"it has {len(text)} characters; {MOST_CHARACTERS} are allowed")
    try:
        # Python's own grammar, and then only the nodes that _check() names: nothing is ever run.
        tree = ast.parse(text.strip(), mode="eval").body
    # The parser raises the last two for what is nested too deep.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"it cannot be read; {ALLOWED}") from None
    pointers = list(_check(tree, 0))
    if not pointers:
        raise FormulaError("it names no pointer; write a fixed value as 'expected'")
    return Formula(text.strip(), tree, max(count_stars(pointer) for pointer in pointers))


def _check(node: ast.expr, depth: int) -> Iterator[str]:
    """The pointers below ``node``. Raises for everything that is no arithmetic."""
    if depth > MOST_DEPTH:
        raise FormulaError(f"it is nested more than {MOST_DEPTH} levels deep")
    match node:
        case ast.Constant(value=str(pointer)):
            try:
                split_pointer(pointer)
            except UserError as error:
                raise FormulaError(error.problem.rstrip(".")) from None
            yield pointer
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and _fits(number):
            pass
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
            yield from _check(operand, depth + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            yield from _check(left, depth + 1)
            yield from _check(right, depth + 1)
        case _:
            raise FormulaError(f"'{_shorten(ast.unparse(node))}' is not allowed in it; {ALLOWED}")


def _fits(number: float) -> bool:
    return bool(abs(number) < 10**MOST_DIGITS)


def list_pointers(formula: Formula) -> list[str]:
    """The pointers in a formula, which may have stars, in order."""
    return list(_check(formula.tree, 0))


def evaluate(formula: Formula, lookup: Lookup, keys: Sequence[str] = ()) -> float:
    """The value of ``formula``; the k-th star of each of its pointers is the k-th of ``keys``.

    Raises ``ValueFault`` if a pointer leads to no number, or if the number is not finite or too large.
    """
    value: float = _value(formula.tree, lookup, keys)
    if not math.isfinite(value):
        raise ValueFault(f"{formula.text} is {value}")
    return value


def _value(node: ast.expr, lookup: Lookup, keys: Sequence[str]) -> Any:
    match node:
        case ast.Constant(value=str(pattern)):
            return _look_up(fill_stars(pattern, keys), lookup)
        case ast.Constant(value=number):
            return number
        case ast.UnaryOp(op=op, operand=operand):
            return _SIGNS[type(op)](_value(operand, lookup, keys))
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(node, _value(left, lookup, keys), _value(right, lookup, keys))
    raise AssertionError(f"{type(node).__name__} was let through")


def _look_up(pointer: str, lookup: Lookup) -> Any:
    try:
        value = lookup(pointer)
    except UserError as error:
        raise ValueFault(error.problem) from None
    if type(value) not in (int, float):
        raise ValueFault(f"{pointer} is no number")
    return value


_EVERYTHING = (-math.inf, math.inf)

Limits = tuple[float, float]


def bound(formula: Formula, limits: Callable[[str], Limits]) -> Limits:
    """Limits that the value never leaves if those at its pointers keep theirs: interval arithmetic.

    What it cannot bound, such as a remainder, is without limits; a pointer that is there twice counts as two.
    """
    try:
        return _bound(formula.tree, limits)
    except OverflowError:
        return _EVERYTHING


def _bound(node: ast.expr, limits: Callable[[str], Limits]) -> Limits:
    match node:
        case ast.Constant(value=str(pattern)):
            return limits(pattern)
        case ast.Constant(value=int() | float() as number):
            return float(number), float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            low, high = _bound(operand, limits)
            return -high, -low
        case ast.UnaryOp(operand=operand):
            return _bound(operand, limits)
        case ast.BinOp(left=left, op=op, right=right):
            return _bound_both(op, _bound(left, limits), _bound(right, limits))
    raise AssertionError(f"{type(node).__name__} was let through")


def _bound_both(op: ast.operator, left: Limits, right: Limits) -> Limits:
    match op:
        case ast.Add():
            return left[0] + right[0], left[1] + right[1]
        case ast.Sub():
            return left[0] - right[1], left[1] - right[0]
        case ast.Mult():
            return _span(left, right)
        # Near a divisor of 0 the quotient has no limits.
        case ast.Div() | ast.FloorDiv() if right[0] > 0 or right[1] < 0:
            low, high = _span(left, (1 / right[1], 1 / right[0]))
            # Rounding down lowers the lower end, and never raises the upper one.
            whole = isinstance(op, ast.FloorDiv)
            return (math.floor(low) if whole and math.isfinite(low) else low), high
        # Only here does a power grow with its base; a fractional power of a negative number is not even real.
        case ast.Pow() if left[0] >= 0 and right[0] == right[1] >= 0:
            return left[0] ** right[0], left[1] ** right[0]
    return _EVERYTHING


def _span(left: Limits, right: Limits) -> Limits:
    products = [a * b for a in left for b in right]
    # Nothing times a number without limit is nothing.
    ends = [0.0 if math.isnan(each) else each for each in products]
    return min(ends), max(ends)


def _combine(node: ast.BinOp, left: Any, right: Any) -> Any:
    where = _shorten(ast.unparse(node))
    if isinstance(node.op, ast.Pow) and abs(right) > LARGEST_EXPONENT:
        raise ValueFault(f"{where}: the exponent {right} is larger than {LARGEST_EXPONENT}")
    try:
        value = _OPERATORS[type(node.op)](left, right)
    except ZeroDivisionError:
        raise ValueFault(f"{where}: a division by zero") from None
    except OverflowError:
        raise ValueFault(f"{where}: the number is too large") from None
    # To Python (-1) ** 0.5 is a number and no error.
    if type(value) is complex:
        raise ValueFault(f"{where}: a root of a negative number")
    if type(value) is int and abs(value) >= 10**MOST_DIGITS:
        raise ValueFault(f"{where}: the number is too large")
    return value


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
