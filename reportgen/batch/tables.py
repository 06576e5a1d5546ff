"""The class as CSV files: grades and, separately, run times and memory; the distribution of scores; and one
criterion before and after another grading.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from reportgen.batch.class_file import Group
from reportgen.batch.outcome import Costs, Mark, Outcome
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line, safe_cell
from reportgen.grading.score import OPEN, round_part
from reportgen.outline.kind import ReportKind
from reportgen.store.files import MEGABYTE
from reportgen.text import as_sentence, did_you_mean, share_text

_BINS = 10


@dataclass(frozen=True)
class PointsSummary:
    """The points that ``groups`` groups reached of ``points``; mean and median in hundredths.

    ``full``: groups with all of them. ``counts``: groups with no points, with parts up to each tenth of the
    points (full ones left out), and with all. ``scores``: what it is of, in the order of the groups;
    ``undecided``: of how many further groups it is not known yet, or of how many a part is not.
    """

    name: str
    points: Decimal
    groups: int
    mean: Decimal
    median: Decimal
    full: int
    counts: tuple[int, ...]
    scores: tuple[Decimal, ...] = ()
    undecided: int = 0

    @property
    def shares(self) -> list[float]:
        """The scores as parts of the points, none where nothing can be reached."""
        return (
            [float(Fraction(score) / Fraction(self.points)) for score in self.scores] if self.points else []
        )


def spread_of(name: str, points: Decimal, scores: Sequence[Decimal]) -> PointsSummary:
    """Mean, median and histogram of scores from 0 to ``points``, or above with a bonus, of one group or more.

    As with a single score, rounding neither gives all points nor takes the last.
    """
    # A deduction is worth no points, and what it takes is in the sum.
    # As fractions: rounding must not move a share of just one tenth to the next bar.
    # Less than nothing only a process says that a stranger's file has taken over.
    nothing = Fraction(0)
    shares = sorted(max(Fraction(each) / Fraction(points), nothing) if points else nothing for each in scores)
    middle = len(shares) // 2
    median = shares[middle] if len(shares) % 2 else (shares[middle - 1] + shares[middle]) / 2
    counts = [0] * (_BINS + 2)
    for share in shares:
        # -(-x // 1) is x rounded up: a share of exactly one tenth belongs to the first of them.
        counts[_BINS + 1 if share >= 1 else -int(-share * _BINS // 1)] += 1
    return PointsSummary(
        name,
        points,
        len(shares),
        round_part(points, sum(shares, Fraction(0)) / len(shares)),
        round_part(points, median),
        sum(share >= 1 for share in shares),
        tuple(counts),
        tuple(scores),
    )


def criteria_of(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of all criteria, each once, in the order of the rubric."""
    return list(dict.fromkeys(mark.criterion for outcome in outcomes for mark in outcome.marks))


def find_mark(outcome: Outcome, criterion: str) -> Mark | None:
    """A group's points for a criterion, None without grades."""
    return next((mark for mark in outcome.marks if mark.criterion == criterion), None)


def spread_criteria(outcomes: Sequence[Outcome]) -> list[PointsSummary]:
    """One spread a criterion, over the groups of which it is known what they reached."""
    spreads = []
    for name in criteria_of(outcomes):
        marks = [mark for outcome in outcomes if (mark := find_mark(outcome, name))]
        points = Decimal(marks[0].points)
        # What is not graded yet, or cannot be checked, is no zero.
        decided = [mark for mark in marks if mark.status not in OPEN]
        if decided:
            spread = spread_of(name, points, [Decimal(mark.score) for mark in decided])
        else:
            spread = PointsSummary(name, points, 0, Decimal(0), Decimal(0), 0, (0,) * (_BINS + 2))
        spreads.append(replace(spread, undecided=len(marks) - len(decided)))
    return spreads


def spread_scores(outcomes: Sequence[Outcome]) -> PointsSummary | None:
    """The spread of the sums, None if no group has grades."""
    graded = [outcome for outcome in outcomes if outcome.done]
    if not graded:
        return None
    spread = spread_of("", Decimal(graded[0].points), [Decimal(outcome.score) for outcome in graded])
    return replace(spread, undecided=sum(bool(outcome.undecided) for outcome in graded))


_BEFORE = ("group", "status", "score", "points", "checked", "not checkable", "not graded yet")

_AFTER = ("verification", "reason", "notes")

_DIGITS = 4


GroupStatus = Literal["done", "held", "nothing handed in", "not checkable", "failed"]
"""Points are held until the instructor releases them; until then only the overview shows them."""

_WITHOUT: Mapping[str, GroupStatus] = {"absent": "nothing handed in", "unchecked": "not checkable"}


@dataclass(frozen=True)
class GroupResult:
    """A group, what came of it, what that took if it is known, and the SHA-256 of its own images by file.

    ``earlier``: of a group that failed, the report of a run before in its folder, "" if there is none;
    ``report``: the page of this run; ``pdf``: the SHA-256 of the PDF that was handed in, "" without one.
    ``released``: the instructor holds no grades of this group; ``late``: the LMS calls it late.
    """

    group: Group
    outcome: Outcome
    costs: Costs | None
    images: dict[str, str]
    earlier: str = ""
    report: str = ""
    pdf: str = ""
    released: bool = False
    late: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What the instructor should know about the submission."""
        return (*(["The LMS says that it was handed in late."] if self.late else []), *self.outcome.notes)

    @property
    def status(self) -> GroupStatus:
        """What became of the group."""
        if self.outcome.cause:
            return _WITHOUT.get(self.outcome.cause, "failed")
        return "held" if self.outcome.hold and not self.released else "done"

    @property
    def decided(self) -> bool:
        """Whether the points are final, so that they may be given to students."""
        return self.status in ("done", "nothing handed in") and not self.outcome.undecided

    @property
    def status_text(self) -> str:
        """The status, with what an instructor must not miss of a group whose points count."""
        return (
            f"{self.status}, to be looked at" if self.status == "done" and self.outcome.look else self.status
        )

    @property
    def reason(self) -> str:
        """Why there are no points, or why they were released although the report differs; "" otherwise."""
        if not self.outcome.hold:
            return self.outcome.reason
        return f"{'released' if self.released else 'held'}: {self.outcome.hold}"


def write_grades(rows: Sequence[GroupResult], kind: ReportKind) -> str:
    """RFC 4180 with a heading, a row a group in the order of the class; a column a criterion.

    Cells that a spreadsheet would take for formulas are made text. A group that failed, or whose points are
    held, has none here: its cells are empty, not zero, and so is that of a criterion of which nothing is
    decided. One that handed nothing in has zero.
    """
    # The same for all groups, since one rubric grades them.
    most = next((row.outcome.points for row in rows if row.outcome.done), "")
    criteria = criteria_of(row.outcome for row in rows)
    column = [kind.headline[1].column] if kind.headline else []
    cells = (_grades_of(row, criteria, most, headline=bool(column)) for row in rows)
    return write_table([*_BEFORE, *criteria, *column, *_AFTER], cells)


def write_timings(rows: Sequence[GroupResult]) -> str:
    """Wall time and peak memory of each group when it was last worked on."""
    return write_table(
        ["group", "seconds", "peak_mb"],
        (
            [row.group.name, f"{row.costs.seconds:.1f}", f"{row.costs.peak / MEGABYTE:.0f}"]
            if row.costs
            else [row.group.name, "", ""]
            for row in rows
        ),
    )


def _grades_of(row: GroupResult, criteria: Iterable[str], most: str, *, headline: bool) -> list[str]:
    outcome, held = row.outcome, row.status == "held"
    marks = [None if held else find_mark(outcome, name) for name in criteria]
    share = share_text((outcome.correct or 0) / outcome.total, _DIGITS) if outcome.total else ""
    return [
        row.group.name,
        row.status_text,
        "" if held else outcome.score,
        # Who handed nothing in has a score of 0; out of how many points is known from the other groups only.
        outcome.points or (most if outcome.score else ""),
        *(outcome.checked, outcome.not_checkable, outcome.not_graded),
        *(mark.score if mark and not _is_open(mark) else "" for mark in marks),
        *([share] if headline else []),
        outcome.verification,
        row.reason,
        "; ".join(row.notes),
    ]


def write_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180 with a heading; cells that a spreadsheet would take for formulas are made text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(safe_cell, heading))
    writer.writerows(map(safe_cell, row) for row in rows)
    return text.getvalue()


_HEAD = ("group", "before", "now", "of")


def compare_criterion(name: str, rows: Sequence[GroupResult], before: Mapping[str, Outcome]) -> list[str]:
    """A table of the groups' points for a criterion: of the run ``before``, by group, and of this one.

    Raises ``UserError`` if neither run has the criterion.
    """
    known = criteria_of([*(row.outcome for row in rows), *before.values()])
    if name not in known:
        raise UserError(
            f"--criterion '{name}': there is no criterion of that name.",
            as_sentence(did_you_mean(name, known, f"There are {', '.join(known) or 'none'}.")),
        )
    cells = [_HEAD, *(_cells(name, row, before) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in cells
    ]


def _cells(name: str, row: GroupResult, before: Mapping[str, Outcome]) -> tuple[str, str, str, str]:
    last = before.get(row.group.name)
    mark = find_mark(row.outcome, name)
    label = one_line(row.group.name)
    held = " (held)" if row.status == "held" else ""
    return label + held, _score(last, name), _score(row.outcome, name), mark.points if mark else "–"


def _score(outcome: Outcome | None, name: str) -> str:
    mark = find_mark(outcome, name) if outcome else None
    if mark is None:
        return "–"
    return mark.status if _is_open(mark) else mark.score


def _is_open(mark: Mark) -> bool:
    """Whether nothing of a criterion is reached, and it is not decided how much will be."""
    return mark.status in OPEN and mark.score == "0"
