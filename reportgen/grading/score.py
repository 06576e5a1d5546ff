"""Exact decimal points. All exports use the sums computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Literal

PLACES = 2
Status = Literal["passed", "not graded yet", "not checkable", "skipped", "failed", "error"]
STATUSES: tuple[Status, ...] = ("passed", "not graded yet", "not checkable", "skipped", "failed", "error")
"""The outcomes of a case, from best to worst."""
NOT_GRADED: Status = "not graded yet"
NOT_CHECKABLE: Status = "not checkable"
OPEN: tuple[Status, ...] = (NOT_GRADED, NOT_CHECKABLE)
"""Outcomes that neither give points nor lose them; all others but ``passed`` lose them."""
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
VISIBILITIES: tuple[Visibility, ...] = ("visible", "hidden", "after_due_date", "after_published")
Kind = Literal["points", "bonus", "deduction", "adjustment"]
KINDS: tuple[Kind, ...] = ("points", "bonus", "deduction", "adjustment")


@dataclass(frozen=True)
class Case:
    """One check as it was run: ``message`` says why it did not pass, ``seconds`` how long it took.

    ``weight`` is how much it counts relative to the other cases of its criterion; ``share`` how much of that
    a case that did not pass has reached all the same, below 1; ``part`` the row of a best-of group that it
    belongs to.
    """

    name: str
    status: Status
    message: str = ""
    seconds: float = 0.0
    weight: Fraction = Fraction(1)
    share: Fraction = Fraction(0)
    part: str = ""

    @property
    def reached(self) -> Fraction:
        """How much of its weight counts, from 0 to 1."""
        if self.status == "passed":
            return Fraction(1)
        return self.share if self.status == "failed" else Fraction(0)


@dataclass(frozen=True)
class Criterion:
    """A graded criterion: each case gives its share of the points, by weight, as far as it passed.

    ``best``: only that many of its parts count, those that reached most (0: all). A ``bonus`` is worth
    points above the maximum. A ``deduction`` is worth none and takes up to ``change``, a negative number, for
    the cases that failed. An ``adjustment`` has no cases of the report: it adds ``change`` to the sum.
    """

    name: str
    points: Decimal
    cases: tuple[Case, ...]
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()
    kind: Kind = "points"
    best: int = 0
    change: Decimal = Decimal(0)

    @property
    def passed(self) -> int:
        """Cases that passed."""
        return sum(case.status == "passed" for case in self.cases)

    @property
    def score(self) -> Decimal:
        """The points reached, see ``round_part``; all of them only if every case that counts passed."""
        if self.kind == "adjustment":
            return self.change
        if self.kind == "deduction":
            return -round_part(-self.change, self._weigh(_taken))
        return round_part(self.points, self._weigh(_reached))

    @property
    def status(self) -> Status:
        """The worst outcome of its cases, in the order of ``STATUSES``."""
        # Without a case nothing was judged, which must not be taken for a pass.
        return max((case.status for case in self.cases), key=STATUSES.index, default="error")

    def count_open(self, *statuses: Status) -> Decimal:
        """The points that nobody can have reached or lost, because their cases ended as one of ``statuses``:
        those that the score could still rise by, or those that a deduction could still take.
        """
        if self.kind == "deduction":
            return round_part(-self.change, self._weigh(lambda case: Fraction(case.status in statuses)))
        reached = self._weigh(_reached)
        rest = self._weigh(lambda case: Fraction(1) if case.status in statuses else case.reached) - reached
        # What is left is rounded, not what is open, so that a score never exceeds what could be checked.
        return _tidy(self.points - round_part(self.points, 1 - rest))

    def _weigh(self, value: Callable[[Case], Fraction]) -> Fraction:
        """The mean of a value of the cases by weight; of the best parts alone if only those count."""
        # Fractions, since a third of the points is no finite decimal.
        parts: dict[str, list[Case]] = {}
        for case in self.cases:
            parts.setdefault(case.part if self.best else "", []).append(case)
        # The best parts are chosen again for each value: what is open counts only where it could become one
        # of them.
        means = sorted((_mean(cases, value) for cases in parts.values()), reverse=True)
        counted = means[: self.best or None]
        return sum(counted, Fraction(0)) / (self.best or 1)


def _reached(case: Case) -> Fraction:
    return case.reached


def _taken(case: Case) -> Fraction:
    return Fraction(case.status == "failed")


def _mean(cases: Sequence[Case], value: Callable[[Case], Fraction]) -> Fraction:
    total = sum((case.weight for case in cases), Fraction(0))
    return sum((case.weight * value(case) for case in cases), Fraction(0)) / total if total else Fraction(0)


@dataclass(frozen=True)
class Grades:
    """The points of one report, criterion by criterion.

    ``gaps`` say what was not graded and why: a file that could not be read, checks that were left out or
    not reached. Whatever is missing counts zero.
    """

    subject: str
    criteria: tuple[Criterion, ...]
    title: str = ""
    seconds: float = 0.0
    gaps: tuple[str, ...] = ()

    @property
    def score(self) -> Decimal:
        """The sum of the criteria's scores."""
        return sum((criterion.score for criterion in self.criteria), Decimal(0))

    @property
    def points(self) -> Decimal:
        """The most that could be reached, without bonus points."""
        return sum((criterion.points for criterion in self._counted), Decimal(0))

    @property
    def checked(self) -> Decimal:
        """The part of ``points`` that could be checked and is graded: passed or failed."""
        return _tidy(self.points - self._open)

    @property
    def not_checkable(self) -> Decimal:
        """The part of ``points`` that could not be checked."""
        return _tidy(self._open - self.not_graded)

    @property
    def not_graded(self) -> Decimal:
        """The part of ``points`` that a person has yet to give."""
        return sum((criterion.count_open(NOT_GRADED) for criterion in self._counted), Decimal(0))

    @property
    def complete(self) -> bool:
        """Whether everything that was to be graded was."""
        return not self.gaps

    @property
    def open_points(self) -> list[str]:
        """What is neither passed nor failed, in words: “10 not checkable”, “5 not graded yet”, and so on."""
        bonus, deductions = (
            sum((item.count_open(*OPEN) for item in self.criteria if item.kind == kind), Decimal(0))
            for kind in ("bonus", "deduction")
        )
        counts = (
            (self.not_checkable, "{:f} not checkable"),
            (self.not_graded, "{:f} not graded yet"),
            (bonus, "a bonus of up to {:f} not decided"),
            (deductions, "a deduction of up to {:f} not decided"),
        )
        return [text.format(count) for count, text in counts if count]

    @property
    def _counted(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.kind == "points"]

    @property
    def _open(self) -> Decimal:
        return sum((criterion.count_open(*OPEN) for criterion in self._counted), Decimal(0))


def describe_sum(grades: Grades, unit: str = "") -> str:
    """“72 of 90, 10 not checkable”: what could not be checked is neither reached nor lost."""
    return ", ".join([f"{grades.score:f} of {grades.checked:f}{unit}", *grades.open_points])


def round_part(points: Decimal, share: Fraction) -> Decimal:
    """``points`` times ``share`` (from 0 up), in hundredths, half a hundredth going up.

    Rounding alone must neither give full points nor take the last: a share that hundredths cannot distinguish
    from all or from nothing gets as many more decimals as it takes.
    """
    if share > 1:  # with bonus points
        return points * floor(share) + round_part(points, share - floor(share))
    if share in (0, 1) or not points:
        return points if share == 1 else Decimal(0)
    decimals = PLACES
    # Ends, since a share that is neither 0 nor 1 differs from both by some decimal.
    while True:
        units = floor(Fraction(points) * share * 10**decimals + Fraction(1, 2))
        rounded = Decimal(f"{units}e-{decimals}")
        if 0 < rounded < points:
            return _tidy(rounded)
        decimals += 1


def _tidy(number: Decimal) -> Decimal:
    """The number without zeros at its end."""
    # normalize() alone writes 10 as 1E+1.
    return number.quantize(Decimal(1)) if number == int(number) else number.normalize()


def find_criterion(grades: Grades, name: str) -> Criterion:
    """The criterion of that name. Raises ``KeyError`` without one."""
    found: Sequence[Criterion] = [item for item in grades.criteria if item.name == name]
    if not found:
        raise KeyError(name)
    return found[0]
