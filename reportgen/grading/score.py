"""Exact decimal points. All exports use the sums computed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Literal

PLACES = 2
Status = Literal["passed", "failed", "error", "skipped"]
STATUSES: tuple[Status, ...] = ("passed", "skipped", "failed", "error")
"""The outcomes of a case, from best to worst."""
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
VISIBILITIES: tuple[Visibility, ...] = ("visible", "hidden", "after_due_date", "after_published")


@dataclass(frozen=True)
class Case:
    """One check as it was run: ``message`` says why it did not pass, ``seconds`` how long it took.

    ``weight`` is how much it counts relative to the other cases of its criterion.
    """

    name: str
    status: Status
    message: str = ""
    seconds: float = 0.0
    weight: Fraction = Fraction(1)


@dataclass(frozen=True)
class Criterion:
    """A graded criterion: each case gives its share of them, by weight, if it passed."""

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
        """The points reached, see ``round_part``; all of them only if every case that counts passed."""
        # Fractions, since a third of the points is no finite decimal.
        total = sum((case.weight for case in self.cases), Fraction(0))
        reached = sum((case.weight for case in self.cases if case.status == "passed"), Fraction(0))
        return round_part(self.points, reached / total) if total else Decimal(0)

    @property
    def status(self) -> Status:
        """The worst outcome of its cases: error, failed, skipped, else passed."""
        return max((case.status for case in self.cases), key=STATUSES.index, default="error")


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
        """The most that could be reached."""
        return sum((criterion.points for criterion in self.criteria), Decimal(0))

    @property
    def complete(self) -> bool:
        """Whether everything that was to be graded was."""
        return not self.gaps


def round_part(points: Decimal, share: Fraction) -> Decimal:
    """``points`` times ``share`` (0 to 1), in hundredths, half a hundredth going up.

    Rounding alone must neither give full points nor take the last: a part that hundredths cannot tell from
    all or from nothing gets as many more decimals as it takes.
    """
    if share in (0, 1) or not points:
        return points if share == 1 else Decimal(0)
    places = PLACES
    while True:
        units = floor(Fraction(points) * share * 10**places + Fraction(1, 2))
        rounded = Decimal(f"{units}e-{places}")
        if 0 < rounded < points:
            # normalize() alone writes 10 as 1E+1.
            return rounded.quantize(Decimal(1)) if rounded == int(rounded) else rounded.normalize()
        places += 1


def find_criterion(grades: Grades, name: str) -> Criterion:
    """The criterion of that name. Raises ``KeyError`` without one."""
    found: Sequence[Criterion] = [item for item in grades.criteria if item.name == name]
    if not found:
        raise KeyError(name)
    return found[0]
