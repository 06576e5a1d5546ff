"""One row of a rubric: what it looks at and what is expected there."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, Protocol

from reportgen.contract.reader import SectionMissingError
from reportgen.errors import UserError
from reportgen.grading.checks import NamedCheck
from reportgen.grading.commentary import LABEL, Commentary
from reportgen.grading.formula import Formula, Match, ValueFault, check_close, evaluate, find_matches
from reportgen.grading.report import CheckFailure, NotGraded, Report
from reportgen.grading.score import Visibility

Judge = Callable[[Report], str | None]
"""Passes, perhaps with a word on it, or raises ``CheckFailure``, ``NotAvailable`` or ``NotGraded``."""


class Test(Protocol):
    """The requirement of a row, case by case."""

    def cases(self, report: Report) -> list[tuple[str, Judge]]:
        """The names of its cases in this report, and who judges each; none if there is nothing to judge."""
        ...


@dataclass(frozen=True)
class RubricItem:
    """A criterion of a rubric. ``number`` counts the rows from 1; ``message`` is the grader's word on it.

    ``points`` below 0 are deducted if the test passes. Of a ``group`` only the ``best`` rows count.
    """

    number: int
    criterion: str
    points: Decimal
    test: Test
    message: str = ""
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    bonus: bool = False
    group: str = ""
    best: int = 0

    @property
    def deducts(self) -> bool:
        """Whether it takes points instead of giving them."""
        return self.points < 0

    @property
    def label(self) -> str:
        """The criterion that its points are counted for, as tables show it."""
        if self.best:
            return self.group
        return f"{self.criterion} ({LABEL})" if isinstance(self.test, Commentary) else self.criterion


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may differ: by the larger of the two."""

    absolute: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True)
class _AtPointer(ABC):
    """A test of what is at ``pointer``, in which stars stand for every key."""

    pointer: str

    def cases(self, report: Report) -> list[tuple[str, Judge]]:
        """One for each pointer that fits."""
        matches = find_matches(report.results.document, self.pointer)
        return [(_name(match), partial(self._judge, match)) for match in matches]

    @abstractmethod
    def _judge(self, match: Match, report: Report) -> None:
        """Raise ``CheckFailure`` if a match does not pass."""


@dataclass(frozen=True)
class Expected(_AtPointer):
    """The value at ``pointer`` is ``value``: numbers within the tolerance, everything else exactly."""

    value: Any
    tolerance: Tolerance

    def _judge(self, match: Match, report: Report) -> None:
        _compare(report, match.pointer, self.value, self.tolerance)


@dataclass(frozen=True)
class Range(_AtPointer):
    """The number at ``pointer`` lies between ``low`` and ``high``, both included; None is no limit."""

    low: float | None
    high: float | None

    def _judge(self, match: Match, report: Report) -> None:
        found = _look_up_number(report, match.pointer)
        # Not "found < low": Python's JSON reads NaN, of which no comparison holds, and which is in no range.
        if self.low is not None and not found >= self.low:
            raise CheckFailure(f"{match.pointer}: found {found}, less than {self.low}")
        if self.high is not None and not found <= self.high:
            raise CheckFailure(f"{match.pointer}: found {found}, more than {self.high}")


@dataclass(frozen=True)
class Bands(_AtPointer):
    """The number at ``pointer`` is worth the points of the first band that it reaches, the best one first."""

    bands: tuple[tuple[float, Decimal], ...]

    def _judge(self, match: Match, report: Report) -> None:
        found = _look_up_number(report, match.pointer)
        best, top = self.bands[0]
        reached = [(least, points) for least, points in self.bands if found >= least]
        if not reached:
            raise CheckFailure(f"{match.pointer}: found {found}, less than {self.bands[-1][0]}")
        least, points = reached[0]
        if points < top:
            raise CheckFailure(
                f"{match.pointer}: found {found}, which is {least} or more and gives {points:f} of {top:f}; "
                f"{best} or more gives all",
                Fraction(points) / Fraction(top),
            )


@dataclass(frozen=True)
class Manual:
    """Points that a person gives for ``criterion``; ``text`` says what to look for."""

    criterion: str
    text: str

    def cases(self, report: Report) -> list[tuple[str, Judge]]:  # noqa: ARG002 - as a Test
        """One."""
        return [("by hand", self._judge)]

    def _judge(self, report: Report) -> str:
        entered = report.manual.get(self.criterion)
        if entered is None:
            raise NotGraded("a person gives these points, in the file of --manual")
        if entered.share < 1:
            text = f"{entered.points:f} of {entered.of:f}"
            raise CheckFailure(f"{text}: {entered.comment}" if entered.comment else text, entered.share)
        return entered.comment


@dataclass(frozen=True)
class Computed(_AtPointer):
    """The number at ``pointer`` is what ``formula`` gives, within the tolerance."""

    formula: Formula
    tolerance: Tolerance

    def _judge(self, match: Match, report: Report) -> None:
        try:
            value = evaluate(self.formula, report.results.at, match.keys)
        except ValueFault as fault:
            raise CheckFailure(f"{match.pointer}: cannot be compared: {fault}") from None
        _compare(report, match.pointer, value, self.tolerance)


@dataclass(frozen=True)
class Named:
    """One of the checks in code that sections bring, and its name."""

    name: str
    check: NamedCheck

    def cases(self, report: Report) -> list[tuple[str, Judge]]:
        """One for each class, split or whatever the check goes through."""
        try:
            cases = self.check.cases(report)
        except SectionMissingError as error:
            return [("report", partial(_refuse, error.problem))]
        return [(case, partial(self._judge, case)) for case in cases]

    def _judge(self, case: str, report: Report) -> None:
        try:
            self.check.judge(report, case)
        except SectionMissingError as error:
            raise CheckFailure(error.problem) from None


def _refuse(problem: str, _report: Report) -> None:
    raise CheckFailure(problem)


def _name(match: Match) -> str:
    return ", ".join(match.keys) if match.keys else match.pointer


def _compare(report: Report, pointer: str, expected: Any, tolerance: Tolerance) -> None:
    found = _look_up(report, pointer)
    if _has_only_numbers(expected):
        try:
            check_close(
                report.results,
                pointer,
                expected,
                absolute=tolerance.absolute,
                relative=tolerance.relative,
            )
        except AssertionError as error:
            raise CheckFailure(str(error)) from None
    # By type, too: to Python true is 1 and 1.0 is 1, and a rubric that asks for the one does not mean the
    # other.
    elif type(found) is not type(expected) or found != expected:
        raise CheckFailure(f"{pointer}: found {_show(found)}, expected {_show(expected)}")


def _look_up(report: Report, pointer: str) -> Any:
    try:
        return report.results.at(pointer)
    except UserError as error:
        raise CheckFailure(error.problem) from None


def _look_up_number(report: Report, pointer: str) -> float:
    found = _look_up(report, pointer)
    # By type, since to Python true is a number, too.
    if type(found) not in (int, float):
        raise CheckFailure(f"{pointer}: found {_show(found)}, which is no number")
    number: float = found
    return number


def _has_only_numbers(value: Any) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and all(map(_has_only_numbers, value))
    return type(value) in (int, float)


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"
