"""Grades as CSV, one row a criterion, for spreadsheets."""

from __future__ import annotations

import csv
import io
import re

from reportgen.grading.exports.text import one_line
from reportgen.grading.score import Criterion, Grades

COLUMNS = (
    "subject", "number", "criterion", "score", "points", "status", "passed", "cases", "visibility", "tags",
    "message", "complete",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

_WHERE = re.compile(r"\s*\+\s+(where|and)\s")


def write_csv(grades: Grades) -> str:
    """RFC 4180 with a heading; ``complete`` is yes or no in each row, and times are left out, so that the
    same grades give the same bytes.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, criterion in enumerate(grades.criteria, start=1):
        writer.writerow(_row(number, criterion, grades))
    return text.getvalue()


def safe_cell(text: str) -> str:
    """``text`` on one line, made text also for a spreadsheet: what it would take for a formula gets an
    apostrophe in front.
    """
    cell = one_line(text)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def collect_messages(criterion: Criterion) -> str:
    """Why points were lost: the message of each case that did not pass, with its name if there are more;
    cases with one message share it.
    """
    names: dict[str, list[str]] = {}
    for case in criterion.cases:
        if case.status != "passed":
            names.setdefault(_shorten(case.message) or case.status, []).append(case.name)
    several = len(criterion.cases) > 1
    return "; ".join(
        f"{', '.join(cases)}: {message}" if several else message for message, cases in names.items()
    )


def _shorten(message: str) -> str:
    # pytest's account of how it came to the values of an assertion is long, and not for a table.
    lines = [line for line in message.splitlines() if not _WHERE.match(line)]
    return one_line("\n".join(lines))


def _row(number: int, criterion: Criterion, grades: Grades) -> list[str]:
    return [
        safe_cell(grades.subject),
        str(number),
        safe_cell(criterion.name),
        f"{criterion.score:f}",
        f"{criterion.points:f}",
        criterion.status,
        str(criterion.passed),
        str(len(criterion.cases)),
        criterion.visibility,
        safe_cell(", ".join(criterion.tags)),
        safe_cell(collect_messages(criterion)),
        "yes" if grades.complete else "no",
    ]
