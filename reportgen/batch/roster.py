"""Whose a submission is: names as Moodle, Canvas and people write them, the students of a class and their
groups, and the grades with a row a student.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.batch.class_file import Class, ClassError, Group
from reportgen.batch.contents import folder_name
from reportgen.batch.tables import GroupResult
from reportgen.dataset.names import capped, escaped
from reportgen.errors import SettingsError
from reportgen.grading.exports.table import safe_cell
from reportgen.store.files import cannot_be_read
from reportgen.toml.reading import decode_text

# All of these take the shortest name: what follows, the name of a file, may have numbers and underscores
# in it, too. DOTALL, since a file's name may even have a line end.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<ident>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
"""``NAME_ID_assignsubmission_file_``: a folder, or with a file's name behind it, the file. For groups the
name is ``GROUP-NAME``."""

_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<ident>\d+)_(?P<submission>\d+)_(?P<file>.+)", re.DOTALL
)
"""``lastnamefirst_LATE_USER_SUBMISSION_FILE``."""

_NUMBERED = re.compile(r"(?P<name>.+?)_(?P<ident>\d+)_(?P<file>.+)", re.DOTALL)
"""``group5_1234_report.pdf``."""

_WORDS = r"report|data|images|build|submission"
_TITLED = re.compile(rf"(?P<name>.+?)[ _-]+(?P<file>{_WORDS})", re.IGNORECASE | re.DOTALL)
"""``Group 5 report``, without the ending."""

_NO_NAME = re.compile(rf"(?:{_WORDS})(?:[-_ ]?\(?\d+\)?)?", re.IGNORECASE)
"""What a part of a submission is called, and no group: ``report``, ``report (1)``."""

_LIKE_GROUP = re.compile(r"[^\W\d_]*[ _.-]?\d+[^\W\d_]?")
"""``group5``, ``Team 12``, ``7b``: one word and a number."""

_LIKE_CLASS = re.compile(
    r"(?:assignment|exercise|homework|submission|download)s?\b.*", re.IGNORECASE | re.DOTALL
)
"""``Exercise 2``: the title of an exercise, and nobody's name."""


@dataclass(frozen=True)
class UploadName:
    """What a name says: the group or the student, "" if nobody; ``ident``: the number that an LMS knows them
    by, "" without one; ``file``: what the file was called when it was handed in, "" for a folder. ``lms``: an
    LMS gave the name; ``late``: it calls the submission late.
    """

    owner: str
    ident: str = ""
    file: str = ""
    lms: bool = False
    late: bool = False


def read_name(name: str, *, folder: bool) -> UploadName:
    """What the name of a folder, or of a file with its ending, says."""
    # The surest first: of all forms only this one names itself.
    if found := _MOODLE.fullmatch(name):
        return UploadName(_spaced(found["name"]), found["ident"], found["file"] or "", lms=True)
    if folder:
        return UploadName("" if _NO_NAME.fullmatch(name) else name)
    if found := _CANVAS.fullmatch(name):
        return UploadName(
            _spaced(found["name"]), found["ident"], found["file"], lms=True, late=bool(found["late"])
        )
    if found := _NUMBERED.fullmatch(name):
        return UploadName(_spaced(found["name"]), found["ident"], found["file"])
    stem, dot, suffix = name.rpartition(".")
    if found := _TITLED.fullmatch(stem):
        return UploadName(_spaced(found["name"]), file=f"{found['file']}.{suffix}")
    return UploadName("" if not dot or _NO_NAME.fullmatch(stem) else stem, file=name)


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def is_like_group(name: UploadName) -> bool:
    """Whether a name is one as groups give them to themselves, whichever group it is."""
    numbered = _LIKE_GROUP.fullmatch(name.owner) and not _LIKE_CLASS.fullmatch(name.owner)
    return bool(name.ident or numbered)


def simplify(name: str) -> str:
    """The letters and digits of a name, in small letters: what remains the same in all of its spellings."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum())


_HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(("id", "studentid", "idnumber", "matriculationnumber", "sid"), "ident"),
    **dict.fromkeys(("email", "mail", "emailaddress"), "email"),
    **dict.fromkeys(("name", "fullname", "student", "studentname"), "name"),
    **dict.fromkeys(("group", "team", "groupname"), "group"),
    **dict.fromkeys(("username", "login", "user", "sisloginid"), "username"),
}
"""Headings without case, blanks and hyphens, and what they mean."""

_NEEDED = ("ident", "email", "name", "group")

_REMEDY = "Write a table with the headings id, email, name and group; username may be there, too."

_TOLD = 8


@dataclass(frozen=True)
class Student:
    """A student; ``group``: the name of the group, "" for none; ``username``: in Blackboard and Canvas."""

    ident: str
    email: str
    name: str
    group: str
    username: str = ""


def read_roster(file: Path) -> tuple[Student, ...]:
    """Read a table with a heading; commas, semicolons or tabs separate its columns.

    Raises ``ClassError`` with a line for each problem, naming file, line and value.
    """
    try:
        text = decode_text(file.read_bytes(), str(file))
    except SettingsError as error:
        raise ClassError(error.problem, error.remedy) from None
    except OSError as error:
        raise ClassError(cannot_be_read(file, error), "Check the path.") from None
    first = text.split("\n", 1)[0]
    # newline="" as csv asks for it, so that a line break inside a cell stays one.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        # A cell may have line breaks, so that the number of a row is not that of its line.
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ClassError(f"{file}, line {reader.line_num}: is no CSV: {error}.", _REMEDY) from None
    heading = [_HEADINGS.get(simplify(cell), "") for cell in rows[0][1]] if rows else []
    # The column is called id, the field ident.
    missing = [
        _NEEDED[0].removesuffix("ent") if key == "ident" else key for key in _NEEDED if key not in heading
    ]
    if missing:
        raise ClassError(f"{file}, line 1: has no column {', '.join(missing)}.", _REMEDY)
    read = [(line, _make_student(heading, row)) for line, row in rows[1:] if any(row)]
    problems = list(_find_problems(read, file))
    if problems:
        raise ClassError("\n".join(capped(problems, _TOLD)), "Correct the file.")
    return tuple(student for _, student in read)


def _make_student(heading: Sequence[str], row: Sequence[str]) -> Student:
    # Spreadsheets leave out empty cells at the end of a row.
    cells = {key: value for key, value in zip(heading, row, strict=False) if key}
    return Student(**{**dict.fromkeys(_NEEDED, ""), **cells})


def _find_problems(read: Sequence[tuple[int, Student]], file: Path) -> Iterator[str]:
    if not read:
        yield f"{file}: has no student"
    seen: dict[tuple[str, str], int] = {}
    for line, student in read:
        if not student.ident and not student.email:
            yield f"{file}, line {line}: '{escaped(student.name)}' has neither an id nor an e-mail address"
        for key, value in (("id", student.ident), ("email", student.email.casefold())):
            # An empty cell is nobody's, and may come again.
            before = seen.setdefault((key, value), line) if value else line
            if before != line:
                yield f"{file}, line {line}: {key} = '{escaped(value)}': is that of line {before}, too"
        if student.group and not folder_name(student.group):
            yield f"{file}, line {line}: group = '{escaped(student.group)}': has no letter and no digit"


def add_groups(chosen: Class, students: Sequence[Student]) -> Class:
    """The class with every group of the roster, so that one that hands in nothing has its row, too."""
    known = {simplify(group.name) for group in chosen.groups}
    added: list[Group] = []
    slugs = {group.slug: group.name for group in chosen.groups}
    for student in students:
        name = escaped(student.group)
        if not name or simplify(name) in known:
            continue
        group = Group(name, None, folder_name(name), data=chosen.data)
        known.add(simplify(name))
        added.append(group)
        if slugs.setdefault(group.slug, name) != name:
            raise ClassError(
                f"{chosen.roster}: '{name}' and '{slugs[group.slug]}': their reports would go to the same "
                f"folder, '{group.slug}'.",
                "Rename one of them.",
            )
    return replace(chosen, groups=(*chosen.groups, *added))


def find_people(students: Sequence[Student]) -> dict[str, str]:
    """The group of each student by name, in small letters, read on from each of its parts in turn.

    Canvas writes the last name first. A name that two students of different groups could have is nobody's.
    """
    found: dict[str, set[str]] = {}
    for student in students:
        parts = student.name.replace(",", " ").split()
        # In each rotation, since nothing tells how many parts the last name has.
        for start in range(len(parts)):
            found.setdefault(simplify("".join(parts[start:] + parts[:start])), set()).add(student.group)
    return {name: next(iter(groups)) for name, groups in found.items() if len(groups) == 1 and name}


STUDENT_FILES = (
    *("grades-students.csv", "grades-moodle.csv", "grades-canvas.csv", "grades-gradescope.csv"),
    "grades-blackboard.csv",
)


@dataclass(frozen=True)
class _Graded:
    """A student with the group's points, "" while there are none, and its ``status`` and ``reason``;
    ``not_checkable``: points of the report that could not be checked.
    """

    student: Student
    score: str
    status: str
    reason: str
    not_checkable: str = ""


def write_student_grades(
    students: Sequence[Student], rows: Sequence[GroupResult], assignment: str
) -> dict[str, str]:
    """The files by name. Points that are held, or of which a part is not decided, are in none of them: the
    cells are empty, and not zero. An LMS knows a score and a maximum, and nothing between.

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
    named = {row.group.name: row for row in rows}
    groups: Mapping[str, GroupResult] = {simplify(row.group.name): row for row in rows}
    for student in students:
        # The name itself first: of "Group 1.1" and "Group 11" the letters and digits are the same.
        row = named.get(student.group) or groups.get(simplify(student.group)) if student.group else None
        if row is None:
            yield _Graded(student, "", "in no group", "the roster names no group")
        else:
            score = row.outcome.score if row.decided else ""
            open_now = row.status == "done" and not row.decided
            reasons = filter(None, [row.outcome.undecided if open_now else "", row.reason])
            status = "not decided" if open_now else row.status
            yield _Graded(student, score, status, "; ".join(reasons), row.outcome.not_checkable)


def _write_students(graded: Sequence[_Graded], most: str) -> str:
    heading = ["id", "email", "name", "group", "status", "score", "points", "not checkable", "reason"]
    rows = []
    for each in graded:
        who = each.student
        result = (each.status, each.score, most, each.not_checkable, each.reason)
        rows.append([who.ident, who.email, who.name, who.group, *result])
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
