"""The files for learning management systems, read by readers that are not ours.

Each reader below follows what the system documents for its import (Moodle: "Grade import"; Canvas: "How do I
import grades in the Gradebook?", "How do I use the Gradebook CSV?"; Blackboard: "Work offline with grade
data"; Gradescope: "Exporting Grades"), with the standard library's csv and nothing of the code under test.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest

from reportgen.batch.class_file import Group
from reportgen.batch.outcome import Outcome
from reportgen.batch.roster import Student, write_student_grades
from reportgen.batch.tables import GroupResult

STUDENTS = (
    Student("007", "zoe@uni.example", 'Ö, Zoë "Zo"', "A"),
    Student("12", "=cmd@uni.example", "=HYPERLINK(1)", "A", "bond"),
    Student("13", "li@uni.example", "李 明", "B"),
    Student("14", "nil@uni.example", "Nil\u2028Line", "C"),
    Student("15", "no@uni.example", "No Group", ""),
    Student("16", "bad@uni.example", "Bad", "D"),
    Student("17", "open@uni.example", "Open", "E"),
    Student("18", "hand@uni.example", "By Hand", "F"),
)
SCORES = dict.fromkeys(("13", "15", "16", "17", "18")) | {"007": "7.25", "12": "7.25", "14": "0"}
"""By student, as a person reads the class: B is held, C handed nothing in, D failed; of E a part could not be
checked, and F's points by hand are not given yet.
"""

ASSIGNMENT = 'Übung 2; "final", x'


def result(name: str, **outcome: object) -> GroupResult:
    return GroupResult(Group(name, None, name), Outcome(**outcome), None, {})  # type: ignore[arg-type]


RESULTS = (
    result("A", score="7.25", points="10"),
    result("B", score="9", points="10", hold="2 findings: numbers"),
    result("C", cause="absent", score="0"),
    result("D", cause="data", reason="no report"),
    result(
        "E",
        score="7",
        points="10",
        undecided="7 of 7 points, 3 not checkable",
        checked="7",
        not_checkable="3",
        not_graded="0",
    ),
    result(
        "F",
        score="0",
        points="10",
        undecided="0 of 0 points, 10 not graded yet",
        checked="0",
        not_checkable="0",
        not_graded="10",
    ),
)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    texts = write_student_grades(STUDENTS, RESULTS, ASSIGNMENT)
    return {name: text.encode("utf-8") for name, text in texts.items()}


def rows_of(data: bytes, delimiter: str = ",") -> list[list[str]]:
    """RFC 4180: as many cells in every row as in the heading, lines end with CR LF."""
    text = data.decode("utf-8")
    assert "\n" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(set(rows[0])) == len(rows[0]), "no heading twice"
    return rows


def number(cell: str) -> str | None:
    """A grade: a decimal with a point, as all of them take it, or nothing."""
    if not cell.strip():
        return None
    assert re.fullmatch(r"\d+(\.\d+)?", cell), f"{cell!r} is no number to any of them"
    return str(Decimal(cell))


def read_moodle(data: bytes) -> dict[str, str | None]:
    """UTF-8 with a heading; a column identifies the user, as the id number; an empty grade is none."""
    heading, *rows = rows_of(data)
    user, grade = heading.index("ID number"), len(heading) - 1
    assert "Email address" in heading
    assert heading[grade] not in ("ID number", "Email address", "Full name")
    return {row[user]: number(row[grade]) for row in rows}


def read_canvas(data: bytes) -> tuple[dict[str, str | None], str]:
    """The first five columns are fixed; a row with "Points Possible" may precede the students; who it is say
    ID, SIS User ID or SIS Login ID, in this order.
    """
    heading, *rows = rows_of(data)
    assert heading[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert len(heading) == 6
    points = [row for row in rows if row[0].strip() == "Points Possible"]
    assert rows.index(points[0]) == 0
    grades = {}
    for row in rows[1:]:
        ident = row[1] or row[2] or row[3]
        assert ident, "Canvas ignores who has none"
        grades[ident] = number(row[5])
    return grades, points[0][5]


def read_blackboard(data: bytes) -> tuple[dict[str, str | None], str]:
    """Every cell in quotes; Username is the key; a column is called NAME [Total Pts: POINTS Score]."""
    for line in data.decode("utf-8").removesuffix("\r\n").split("\r\n"):
        assert line.startswith('"')
        assert line.endswith('"')
    heading, *rows = rows_of(data)
    match = re.fullmatch(r"(?P<name>.+) \[Total Pts: (?P<points>\d+(\.\d+)?) Score\]", heading[-1])
    assert match is not None
    return {row[heading.index("Username")]: number(row[-1]) for row in rows}, match["points"]


def read_gradescope(data: bytes) -> dict[str, tuple[str | None, str]]:
    """The columns of the export of an assignment; a status is one of three."""
    heading, *rows = rows_of(data)
    assert heading == ["Name", "SID", "Email", "Total Score", "Max Points", "Status"]
    assert {row[5] for row in rows} <= {"Graded", "Ungraded", "Missing"}
    assert {row[4] for row in rows} == {"10"}
    return {row[1]: (number(row[3]), row[5]) for row in rows}


def test_moodle_reads_the_grades_of_the_class(files: dict[str, bytes]) -> None:
    assert read_moodle(files["grades-moodle.csv"]) == SCORES


def test_canvas_reads_the_grades_of_the_class(files: dict[str, bytes]) -> None:
    grades, points = read_canvas(files["grades-canvas.csv"])
    assert (grades, points) == (SCORES, "10")


def test_blackboard_reads_the_grades_of_the_class(files: dict[str, bytes]) -> None:
    grades, points = read_blackboard(files["grades-blackboard.csv"])
    assert (grades, points) == ({{"12": "bond"}.get(key, key): score for key, score in SCORES.items()}, "10")


def test_gradescope_s_columns_have_the_grades_of_the_class(files: dict[str, bytes]) -> None:
    found = read_gradescope(files["grades-gradescope.csv"])
    assert {key: score for key, (score, _) in found.items()} == SCORES
    statuses = {"007": "Graded", "12": "Graded", "14": "Missing"}
    assert {key: status for key, (_, status) in found.items()} == {
        key: statuses.get(key, "Ungraded") for key in SCORES
    }


def test_the_instructor_s_own_table_says_what_is_not_decided(files: dict[str, bytes]) -> None:
    """Red if 7 of the 7 points that could be checked are read as 7 of 10, or nothing given yet as zero."""
    heading, *rows = rows_of(files["grades-students.csv"])
    reported = {row[0]: dict(zip(heading, row, strict=True)) for row in rows}
    assert {key: number(row["score"]) for key, row in reported.items()} == SCORES
    assert reported["17"]["status"] == reported["18"]["status"] == "not decided"
    assert (reported["17"]["not checkable"], reported["18"]["not checkable"]) == ("3", "0")
    assert reported["17"]["reason"] == "7 of 7 points, 3 not checkable"
    assert reported["18"]["reason"] == "0 of 0 points, 10 not graded yet"
    assert reported["007"]["status"] == "done"


def test_no_cell_is_a_formula_to_a_spreadsheet(files: dict[str, bytes]) -> None:
    """OWASP, "CSV Injection": what begins with = + - @, a tab or a line end."""
    for data in files.values():
        for row in rows_of(data):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
            assert not [cell for cell in row if "\n" in cell or "\u2028" in cell]
