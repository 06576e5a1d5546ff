"""Points, in exact decimals: one place where they are counted, whatever they are written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

CENT = Decimal("0.01")
Status = Literal["passed", "failed", "error", "skipped"]
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
VISIBILITIES: tuple[Visibility, ...] = ("visible", "hidden", "after_due_date", "after_published")


@dataclass(frozen=True)
class Case:
    """One check as it was run: ``message`` says why it did not pass, ``seconds`` how long it took."""

    name: str
    status: Status
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Criterion:
    """What points are given for. Its cases count alike: some of them passed give some of the points."""

    name: str
    points: Decimal
    cases: tuple[Case, ...]
    visibility: Visibility = "visible"
    tags: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """Cases that passed."""
        return sum(case.status == "passed" for case in self.cases)

    @property
    def score(self) -> Decimal:
        """The points reached, in hundredths, rounded half up; full points only if every case passed."""
        if not self.cases:
            return Decimal(0)
        share = Fraction(self.points) * self.passed / len(self.cases)
        return (Decimal(share.numerator) / share.denominator).quantize(CENT, ROUND_HALF_UP)

    @property
    def status(self) -> Status:
        """The worst that befell one of its cases: error, failed, skipped, else passed."""
        for status in ("error", "failed", "skipped"):
            if any(case.status == status for case in self.cases):
                return status
        return "passed" if self.cases else "error"


@dataclass(frozen=True)
class Grades:
    """The points of one report, criterion by criterion."""

    subject: str
    criteria: tuple[Criterion, ...]
    title: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> Decimal:
        """The sum of the criteria's scores."""
        return sum((criterion.score for criterion in self.criteria), Decimal(0))

    @property
    def points(self) -> Decimal:
        """The most that could be reached."""
        return sum((criterion.points for criterion in self.criteria), Decimal(0))


def find_criterion(grades: Grades, name: str) -> Criterion:
    """The criterion of that name. Raises ``KeyError`` without one."""
    found: Sequence[Criterion] = [item for item in grades.criteria if item.name == name]
    if not found:
        raise KeyError(name)
    return found[0]
