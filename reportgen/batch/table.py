"""The class as CSV: the grades, and apart from them what the work took, which differs from run to run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.batch.class_file import Group
from reportgen.batch.outcome import Costs, Outcome
from reportgen.batch.process import MEGABYTE
from reportgen.batch.statistics import criteria_of, find_mark
from reportgen.grading.exports.table import safe_cell

_BEFORE = ("group", "status", "score", "points")
_AFTER = ("accuracy_test", "verification", "graded", "reason", "notes")
_DIGITS = 4


@dataclass(frozen=True)
class GroupResult:
    """A group, what came of it, what that took if it is known, and its images by file.

    ``earlier``: of a group that failed, the report of a run before in its folder, "" if there is none.
    """

    group: Group
    outcome: Outcome
    costs: Costs | None
    images: dict[str, str]
    earlier: str = ""


def write_grades(rows: Sequence[GroupResult]) -> str:
    """RFC 4180 with a heading, a row a group in the order of the class; a column a criterion.

    Cells that a spreadsheet would take for formulas are made text. A group that failed has no points: its
    cells are empty, not zero.
    """
    criteria = criteria_of(row.outcome for row in rows)
    return _write([*_BEFORE, *criteria, *_AFTER], (_grades_of(row, criteria) for row in rows))


def write_timings(rows: Sequence[GroupResult]) -> str:
    """Wall time and peak memory of each group when it was last worked on."""
    return _write(
        ["group", "seconds", "peak_mb"],
        (
            [row.group.name, f"{row.costs.seconds:.1f}", f"{row.costs.peak / MEGABYTE:.0f}"]
            if row.costs
            else [row.group.name, "", ""]
            for row in rows
        ),
    )


def share_text(correct: int, total: int) -> str:
    """A share with four decimals; it is 1 or 0 only if it is exactly that."""
    step = 10**_DIGITS
    units = round(correct / total * step) if total else 0
    if 0 < correct < total:
        units = min(max(units, 1), step - 1)
    return f"{units // step}.{units % step:0{_DIGITS}}"


def _grades_of(row: GroupResult, criteria: Iterable[str]) -> list[str]:
    outcome = row.outcome
    marks = [find_mark(outcome, name) for name in criteria]
    known = outcome.correct is not None and outcome.total
    return [
        row.group.name,
        "done" if outcome.done else "failed",
        outcome.score,
        outcome.points,
        *(mark.score if mark else "" for mark in marks),
        share_text(outcome.correct or 0, outcome.total or 0) if known else "",
        outcome.verification,
        ("submitted" if outcome.submitted else "built") if outcome.done else "",
        outcome.reason,
        "; ".join(outcome.notes),
    ]


def _write(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(safe_cell, heading))
    writer.writerows(map(safe_cell, row) for row in rows)
    return text.getvalue()
