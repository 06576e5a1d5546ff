"""Reads the rows of a rubric. What cannot be meant is a fault of the rubric, never a loss of points."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from reportgen.contract.known_pointers import KnownPointers, find_limits
from reportgen.errors import UserError
from reportgen.grading.checks import NamedCheck
from reportgen.grading.commentary import Commentary, is_named, read_citation
from reportgen.grading.exports.table import one_line
from reportgen.grading.formula import FormulaError, count_stars, list_pointers, parse_formula
from reportgen.grading.points import MAXIMUM
from reportgen.grading.rubric_item import (
    Bands,
    Computed,
    Expected,
    Manual,
    Named,
    Range,
    RubricItem,
    Test,
    Tolerance,
)
from reportgen.grading.rubric_values import find_misfit, find_reach
from reportgen.grading.score import VISIBILITIES, Visibility
from reportgen.pointer import REMEDY
from reportgen.text import did_you_mean, propose

_KINDS = {
    "expected": {"pointer", "expected", "tolerance", "relative"},
    "range": {"pointer", "range"},
    "bands": {"pointer", "bands"},
    "formula": {"pointer", "formula", "tolerance", "relative"},
    "check": {"check"},
    "manual": {"manual", "text"},
    "commentary": {"commentary", "words", "references", "figures"},
}

_DECIDED = ("expected", "range", "formula", "check")
"""Rows that pass or fail, and nothing between: only these can be deductions."""

_COMMON = {"criterion", "points", "message", "visibility", "tags", "depends", "bonus", "group"}

KEYS = sorted(_COMMON.union(*_KINDS.values()))

_LONGEST = 80

_ROUNDING = 1e-9
"""Relative; a formula is computed in floating point, in which a / b need not be the decimal written."""


class Fault(Exception):  # noqa: N818 - becomes a line of a RubricError
    """The error of a row, in words that follow its number."""


@dataclass(frozen=True)
class Known:
    """What rows may name: checks in code, the pointers that a ``results.json`` can have, and the kinds and
    names of figures and tables, in which ``<i>`` stands for a class or its index.
    """

    checks: Mapping[str, NamedCheck]
    pointers: KnownPointers
    figures: Collection[tuple[str, str]] = ()


def refuse_unknown(table: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Raise ``Fault`` for a key that is none of those that are ``allowed``."""
    for key in table:
        if key not in allowed:
            meant = did_you_mean(key, allowed)
            hint = f"{meant} Allowed" if meant else "allowed"
            raise Fault(f"unknown key '{key}'; {hint} are {', '.join(allowed)}")


def read_amount(key: str, value: Any, remedy: str, most: int = MAXIMUM) -> Decimal:
    """A number above 0. Raises ``Fault`` naming the key."""
    number = _decimal(value)
    if number is None or not 0 < number <= most:
        raise Fault(f"{key} = {value!r}; a number above 0, {most} at most, is needed: {remedy}")
    return number


def read_row(number: int, row: Mapping[str, Any], known: Known) -> RubricItem:
    """The row of that number. Raises ``Fault``."""
    refuse_unknown(row, KEYS)
    criterion = row.get("criterion")
    if not isinstance(criterion, str) or not one_line(criterion):
        raise Fault('it has no criterion, a text; write a name of its own, as criterion = "Q3 Accuracy"')
    visibility = row.get("visibility", "visible")
    if visibility not in VISIBILITIES:
        raise Fault(f"visibility = {visibility!r}; allowed are {', '.join(VISIBILITIES)}")
    bonus = row.get("bonus", False)
    if type(bonus) is not bool:
        raise Fault(f"bonus = {bonus!r}; write true, or leave it out")
    kind = _kind(row)
    bands = _bands(row["bands"]) if kind == "bands" else ()
    points = _points(row, bands)
    group = _text(row, "group")
    _refuse_contradictions(kind, points, bonus, group)
    return RubricItem(
        number,
        one_line(criterion),
        points,
        _test(kind, row, known, bands),
        _text(row, "message"),
        cast(Visibility, visibility),
        _names(row, "tags"),
        _names(row, "depends"),
        bonus,
        group,
    )


def _refuse_contradictions(kind: str, points: Decimal, bonus: bool, group: str) -> None:
    if points < 0 and kind not in _DECIDED:
        raise Fault(f"points = {points:f}: a deduction does not go with {kind}; use {', '.join(_DECIDED)}")
    if points < 0 and (bonus or group):
        raise Fault(f"points = {points:f}: a deduction is no bonus and in no group; leave these keys out")
    if bonus and group:
        raise Fault("bonus and group do not go together; leave one out")


def _decimal(value: Any) -> Decimal | None:
    """The number as it is written; None if it is none."""
    try:
        # By way of text, since Decimal(0.1) is 0.1000000000000000055…; by type(), since True is an int.
        number = Decimal(str(value)) if type(value) in (int, float, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _points(row: Mapping[str, Any], bands: Sequence[tuple[float, Decimal]]) -> Decimal:
    if bands and "points" not in row:
        return bands[0][1]
    value = row.get("points")
    points = _decimal(value)
    if points is None or abs(points) > MAXIMUM:
        raise Fault(f"points = {value!r}; a number up to {MAXIMUM} is needed, as 2 or 2.5, or -2 to deduct")
    if points == 0:
        raise Fault("points = 0 is worth nothing; give it points, or leave the row out")
    if bands and points != bands[0][1]:
        raise Fault(f"points = {points:f}, and the first of bands is worth {bands[0][1]:f}; leave points out")
    return points


def _kind(row: Mapping[str, Any]) -> str:
    """The key that says what is looked at."""
    kinds = [kind for kind in _KINDS if kind in row]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        raise Fault(f"it needs one of {', '.join(_KINDS)}, and has {found}")
    for key in row:
        if key not in _COMMON | _KINDS[kinds[0]]:
            raise Fault(f"{key} does not go with {kinds[0]}; leave one of them out")
    return kinds[0]


def _test(kind: str, row: Mapping[str, Any], known: Known, bands: Sequence[tuple[float, Decimal]]) -> Test:
    match kind:
        case "check":
            return _named(row["check"], known.checks)
        case "manual":
            return _manual(row)
        case "commentary":
            return _commentary(row, known)
    pointer = row.get("pointer")
    if not isinstance(pointer, str):
        raise Fault('it has no pointer; write one, as "/transfer/accuracy/test"')
    _know("pointer", pointer, known)
    match kind:
        case "range":
            low, high = _edges(row["range"])
            _can_hold(f"range = {row['range']}", pointer, (low, high), known)
            return Range(pointer, *(edge if math.isfinite(edge) else None for edge in (low, high)))
        case "bands":
            _can_hold(f"bands = {row['bands']}", pointer, (bands[0][0], math.inf), known)
            return Bands(pointer, tuple(bands))
        case "expected":
            return _expected(pointer, row["expected"], _tolerance(row, 0.0), known)
    return _computed(pointer, row, known)


def _expected(pointer: str, value: Any, tolerance: Tolerance, known: Known) -> Expected:
    if misfit := find_misfit(pointer, value, tolerance, known.pointers):
        raise Fault(f"expected = {_quote(value)} cannot be: {misfit}; correct it, or the pointer")
    return Expected(pointer, value, tolerance)


def _quote(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _know(key: str, pointer: str, known: Known) -> None:
    """Refuse a pointer that no report can have. One that a report merely lacks costs it the points."""
    try:
        found = known.pointers.find(pointer)
    except UserError as error:
        raise Fault(f"{key}: {error.problem} {error.remedy}".rstrip(".")) from None
    # Before anybody is graded: with a misspelt pointer every group of a class would lose the points.
    if not found:
        hint = propose(known.pointers.suggest(pointer), otherwise=REMEDY.rstrip("."))
        raise Fault(f"{key} = '{pointer}' is in no results.json; {hint}")


def _can_hold(
    what: str, pointer: str, edges: tuple[float, float], known: Known, remedy: str = "correct the limits"
) -> None:
    """Refuse limits that no number that is allowed at the pointer can keep."""
    nodes = known.pointers.find(pointer)
    limits = find_limits(nodes)
    if limits is None:
        raise Fault(f"{what}: the value at {pointer} is no number; use expected, or another pointer")
    if edges[0] > limits[1] or edges[1] < limits[0]:
        raise Fault(
            f"{what} cannot hold: the value at {pointer} lies between {limits[0]:g} and {limits[1]:g}; "
            f"{remedy}"
        )
    # Limits that are meant for a share, as [0.2, 0.8], lie within those of a count, and no count keeps
    # them.
    whole = all(node.get("type") != "number" for node in nodes)
    if whole and math.inf > edges[1] and edges[0] > -math.inf and math.ceil(edges[0]) > math.floor(edges[1]):
        raise Fault(f"{what} cannot hold: the value at {pointer} is a whole number; {remedy}")


def _named(name: Any, checks: Mapping[str, NamedCheck]) -> Named:
    if name not in checks:
        hint = did_you_mean(str(name), checks, f"there are {', '.join(checks)}")
        raise Fault(f"check = {name!r} is no check; {hint}")
    return Named(name, checks[name])


def _edges(value: Any) -> tuple[float, float]:
    edges = value if isinstance(value, list) else []
    if (
        len(edges) != 2
        or not all(type(edge) in (int, float) and not math.isnan(edge) for edge in edges)
        or edges[0] > edges[1]
    ):
        raise Fault(
            f"range = {value!r}; two numbers are needed, the lower first, as [0.8, 1]; inf is no limit"
        )
    if edges[0] == math.inf or edges[1] == -math.inf:
        raise Fault(f"range = {value!r} cannot hold: no number is infinite; write the lower limit first")
    return edges[0], edges[1]


def _bands(value: Any) -> list[tuple[float, Decimal]]:
    """The least values and what each is worth, the best first."""
    remedy = "write pairs of a least value and its points, the best first, as [[0.9, 5], [0.8, 3]]"
    bands: list[tuple[float, Decimal]] = []
    for pair in value if isinstance(value, list) else []:
        least, points = pair if isinstance(pair, list) and len(pair) == 2 else (math.nan, None)
        worth = _decimal(points)
        if type(least) not in (int, float) or not math.isfinite(least) or worth is None:
            raise Fault(f"bands = {value!r}: {pair!r} is no pair of numbers; {remedy}")
        if not 0 < worth <= MAXIMUM:
            raise Fault(f"bands = {value!r}: {points!r} points are not above 0; leave that pair out")
        # The first band that is reached counts, so another order would give less for more, or never be
        # reached.
        if bands and not (least < bands[-1][0] and worth < bands[-1][1]):
            raise Fault(f"bands = {value!r}: {pair!r} is not below the pair before it; {remedy}")
        bands.append((least, worth))
    if not bands:
        raise Fault(f"bands = {value!r} is no list of pairs; {remedy}")
    return bands


def _computed(pointer: str, row: Mapping[str, Any], known: Known) -> Computed:
    text = row["formula"]
    if not isinstance(text, str):
        raise Fault(f"formula = {text!r} is no text; write it in quotes")
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        raise Fault(f"formula = {text[:80]!r}: {error}") from None
    for named in list_pointers(formula):
        _know(f"formula = {text[:80]!r}: pointer", named, known)
    if formula.stars > count_stars(pointer):
        raise Fault(
            f"formula = {text[:80]!r}: a pointer in it has more stars than {pointer}; "
            "each star stands for what that of the pointer stands for"
        )
    tolerance = _tolerance(row, _ROUNDING)
    reach = find_reach(formula, tolerance, known.pointers)
    what = f"formula = {text[:80]!r}, which is {_tell_reach(*reach)},"
    _can_hold(what, pointer, reach, known, "correct it, or the pointer")
    return Computed(pointer, formula, tolerance)


def _tell_reach(low: float, high: float) -> str:
    """Limits of a formula in words."""
    if low == -math.inf:
        return f"{high:g} at most" if high < math.inf else "any number"
    return f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"


def _tolerance(row: Mapping[str, Any], relative: float) -> Tolerance:
    values = {"tolerance": row.get("tolerance", 0.0), "relative": row.get("relative", relative)}
    for key, value in values.items():
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise Fault(f"{key} = {value!r}; a number from 0 up is needed")
    return Tolerance(float(values["tolerance"]), float(values["relative"]))


def _manual(row: Mapping[str, Any]) -> Manual:
    if row["manual"] is not True:
        raise Fault(f"manual = {row['manual']!r}; write true, or leave it out")
    text = _text(row, "text")
    if not text:
        raise Fault('it has no text; say what a person is to look for, as text = "…"')
    return Manual(one_line(str(row["criterion"])), text)


def _commentary(row: Mapping[str, Any], known: Known) -> Commentary:
    slots = _names(row, "commentary")
    allowed = ("introduction", *known.pointers.sections, "observations", "*")
    for slot in slots:
        if slot not in allowed:
            hint = did_you_mean(slot, allowed, f"allowed are {', '.join(allowed)}")
            raise Fault(f"commentary = '{slot}' is no part of a report that has commentary; {hint}")
    words = row.get("words")
    limits = (words, math.inf) if type(words) is int else tuple(words) if isinstance(words, list) else None
    if words is not None and not _are_limits(limits):
        raise Fault(f"words = {words!r}; write the least, as 150, or the least and the most, as [150, 600]")
    references = row.get("references", 0)
    if type(references) is not int or references < 0:
        raise Fault(f"references = {references!r}; write how many works have to be cited")
    figures = row["figures"] if type(row.get("figures")) is int else _names(row, "figures")
    for figure in figures if isinstance(figures, tuple) else ():
        if figure.startswith("/"):
            _know("figures", figure, known)
        elif (cited := read_citation(figure)) is None:
            raise Fault(f"figures = '{figure}'; write how many, or which, as '@fig:images' or a pointer")
        elif known.figures and not any(is_named(cited, each) for each in known.figures):
            names = [f"@{kind}:{name}" for kind, name in known.figures]
            hint = did_you_mean(figure, names, "name one that reports have, as '@fig:images'")
            raise Fault(f"figures = '{figure}' is in no report; {hint}")
    if not slots or not (words or references or figures):
        raise Fault("commentary needs a part of the report, and words, references or figures; add them")
    return Commentary(slots, cast(tuple[float, float] | None, limits), references, figures)


def _are_limits(limits: tuple[Any, ...] | None) -> bool:
    return (
        limits is not None
        and len(limits) == 2
        and all(type(edge) in (int, float) and not math.isnan(edge) for edge in limits)
        and 0 <= limits[0] <= limits[1]
        and limits[0] < math.inf
        and limits[1] > 0
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise Fault(f"{key} = {value!r} is no text; write it in quotes")
    return one_line(value)


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and one_line(name) for name in names):
        raise Fault(f"{key} = {value!r} is no list of texts; write each in quotes")
    return tuple(dict.fromkeys(one_line(name) for name in names))
