"""The grades with a row a student, as learning management systems read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reportgen.batch.naming import simplify
from reportgen.batch.roster import Student
from reportgen.batch.tables import GroupResult
from reportgen.grading.exports.table import safe_cell

STUDENT_FILES = (
    *("grades-students.csv", "grades-moodle.csv", "grades-canvas.csv", "grades-gradescope.csv"),
    "grades-blackboard.csv",
)


@dataclass(frozen=True)
class _Graded:
    """A student with the group's points, "" while there are none, and its ``status`` and ``reason``."""

    student: Student
    score: str
    status: str
    reason: str


def write_student_grades(
    students: Sequence[Student], rows: Sequence[GroupResult], assignment: str
) -> dict[str, str]:
    """The files by name. Points that are held are in none of them: the cells are empty, and not zero.

    The headings are those that each system documents for the import; Gradescope, which imports no grades, has
    those of its own export.
    """
    most = next((row.outcome.points for row in rows if row.outcome.done), "")
    graded = list(_grade(students, rows))
    texts = (
        _write_students(graded, most),
        _write_moodle(graded, assignment),
        _write_canvas(graded, assignment, most),
        _write_gradescope(graded, most),
        _write_blackboard(graded, assignment, most),
    )
    return dict(zip(STUDENT_FILES, texts, strict=True))


def _grade(students: Sequence[Student], rows: Sequence[GroupResult]) -> Iterator[_Graded]:
    groups: Mapping[str, GroupResult] = {simplify(row.group.name): row for row in rows}
    for student in students:
        row = groups.get(simplify(student.group)) if student.group else None
        if row is None:
            yield _Graded(student, "", "in no group", "the roster names no group")
        else:
            score = row.outcome.score if row.status in ("done", "nothing handed in") else ""
            yield _Graded(student, score, row.status, row.reason)


def _write_students(graded: Sequence[_Graded], most: str) -> str:
    heading = ["id", "email", "name", "group", "status", "score", "points", "reason"]
    rows = []
    for each in graded:
        who = each.student
        given = (each.status, each.score, most, each.reason)
        rows.append([who.ident, who.email, who.name, who.group, *given])
    return _write(heading, rows)


def _write_moodle(graded: Sequence[_Graded], assignment: str) -> str:
    """For Grades, Import, CSV file: Moodle asks which column says who it is, and which has the grade."""
    rows = [[each.student.ident, each.student.email, each.student.name, each.score] for each in graded]
    return _write(["ID number", "Email address", "Full name", assignment], rows)


def _write_canvas(graded: Sequence[_Graded], assignment: str, most: str) -> str:
    """For Grades, Import: the second row has the points; Canvas must know a student by one of the names."""
    # With the four blanks that Canvas writes there itself.
    rows = [["    Points Possible", "", "", "", "", most]]
    for each in graded:
        who = each.student
        rows.append([who.name, "", who.ident, who.username or who.email, "", each.score])
    return _write(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment], rows)


def _write_gradescope(graded: Sequence[_Graded], most: str) -> str:
    words = {"done": "Graded", "nothing handed in": "Missing"}
    rows = []
    for each in graded:
        who = each.student
        rows.append([who.name, who.ident, who.email, each.score, most, words.get(each.status, "Ungraded")])
    return _write(["Name", "SID", "Email", "Total Score", "Max Points", "Status"], rows)


def _write_blackboard(graded: Sequence[_Graded], assignment: str, most: str) -> str:
    """For Work Offline, Upload: every cell in quotes; the user name is what says who it is."""
    heading = ["Username", "Student ID", "Name", f"{assignment} [Total Pts: {most} Score]"]
    rows = []
    for each in graded:
        who = each.student
        rows.append([who.username or who.ident, who.ident, who.name, each.score])
    return _write(heading, rows, quoting=csv.QUOTE_ALL)


def _write(heading: Sequence[str], rows: Sequence[list[str]], quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(map(safe_cell, heading))
    writer.writerows(map(safe_cell, row) for row in rows)
    return text.getvalue()
