"""Arithmetic over pointers, as in ``"/transfer/correct/test" / 2``. It is parsed, never executed."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.contract.lookup import split_pointer
from reportgen.errors import UserError
from reportgen.grading.pattern import count_stars, fill_stars

ALLOWED = "a formula has numbers, pointers in quotes, + - * / // % ** and parentheses"
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
        tree = ast.parse(text.strip(), mode="eval").body
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
    if type(value) is complex:
        raise ValueFault(f"{where}: a root of a negative number")
    if type(value) is int and abs(value) >= 10**MOST_DIGITS:
        raise ValueFault(f"{where}: the number is too large")
    return value


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
