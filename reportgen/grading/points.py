"""The marker ``points``: the points and the criterion of a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn, cast

from reportgen.grading.exports.table import one_line
from reportgen.grading.score import VISIBILITIES, Kind, Visibility

if TYPE_CHECKING:
    import pytest

MARKER = "points"
KEYWORDS = ("criterion", "depends", "visibility", "tags")
MAXIMUM = 1_000_000
# With MAXIMUM that is 27 digits, and Decimal counts with 28.
_FINEST = -20


@dataclass(frozen=True)
class Points:
    """What a test is worth. ``criterion`` is None if the name of the test is used instead.

    The last four only rows of a rubric have, see ``Criterion``; ``part`` is the name of a row in a group of
    which the ``best`` count.
    """

    points: Decimal
    criterion: str | None = None
    depends: tuple[str, ...] = ()
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()
    kind: Kind = "points"
    change: Decimal = Decimal(0)
    best: int = 0
    part: str = ""


def read_points(mark: pytest.Mark, test: str) -> Points:
    """Read a marker ``points(n, criterion=None, depends=None, visibility="visible", tags=())``.

    ``n`` is an int, a Decimal, text such as "2.5", or a float, which counts as it is printed. Raises
    ``pytest.UsageError`` naming the test, the value and what is allowed.
    """
    arguments = dict(mark.kwargs)
    values = list(mark.args)
    if "n" in arguments and not values:
        values = [arguments.pop("n")]
    if len(values) != 1:
        _refuse(test, f"points takes one number, and {len(values)} are given", "write points(2)")
    for name in arguments:
        if name not in KEYWORDS:
            _refuse(test, f"points knows no {name!r}", f"allowed are {', '.join(KEYWORDS)}")
    criterion = arguments.get("criterion")
    if criterion is not None and (not isinstance(criterion, str) or not one_line(criterion)):
        _refuse(test, f"criterion={criterion!r} is no name", "give a text, or leave it out")
    visibility = arguments.get("visibility", "visible")
    if visibility not in VISIBILITIES:
        _refuse(test, f"visibility={visibility!r} is unknown", f"allowed are {', '.join(VISIBILITIES)}")
    return Points(
        _number(values[0], test),
        None if criterion is None else one_line(criterion),
        _names(arguments.get("depends"), "depends", test),
        cast(Visibility, visibility),
        _names(arguments.get("tags"), "tags", test),
    )


def _number(value: Any, test: str) -> Decimal:
    allowed = f"give a number from 0 to {MAXIMUM}, as 2 or '2.5'"
    if not isinstance(value, int | float | str | Decimal):
        _refuse(test, f"points({value!r}) is no number", allowed)
    try:
        # By way of text: Decimal(0.1) is 0.1000000000000000055…, and True, an int, is then no number.
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        _refuse(test, f"points({value!r}) is no number", allowed)
    if not number.is_finite() or not 0 <= number <= MAXIMUM:
        _refuse(test, f"points({value!r}) is out of range", allowed)
    if cast(int, number.as_tuple().exponent) < _FINEST:
        _refuse(test, f"points({value!r}) is finer than {-_FINEST} decimal places", allowed)
    # Decimal keeps the sign of zero, and tables would print it.
    return abs(number)  # -0 is 0


def _names(value: Any, keyword: str, test: str) -> tuple[str, ...]:
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Sequence | set | frozenset) or not all(
        isinstance(name, str) and one_line(name) for name in names
    ):
        _refuse(test, f"{keyword}={value!r} is no name and no list of names", "give texts")
    # A set has another order in each process.
    ordered = sorted(names) if isinstance(names, set | frozenset) else names
    return tuple(dict.fromkeys(one_line(name) for name in ordered))


def _refuse(test: str, problem: str, remedy: str) -> NoReturn:
    import pytest

    raise pytest.UsageError(f"{test}: {problem}; {remedy}.")
