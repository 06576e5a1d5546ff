"""The students of a class and their groups, from a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.batch.class_file import Class, ClassError, Group
from reportgen.batch.contents import folder_name
from reportgen.batch.naming import simplify
from reportgen.dataset.names import capped, escaped
from reportgen.errors import SettingsError
from reportgen.toml.reading import decode_text

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
        raise ClassError(f"{file}: cannot be read: {error.strerror}.", "Check the path.") from None
    first = text.split("\n", 1)[0]
    # newline="" as csv asks for it, so that a line break inside a cell stays one.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
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
            before = seen.setdefault((key, value), line) if value else line
            if before != line:
                yield f"{file}, line {line}: {key} = '{escaped(value)}': is that of line {before}, too"
        if student.group and not folder_name(student.group):
            yield f"{file}, line {line}: group = '{escaped(student.group)}': has no letter and no digit"


def add_groups(chosen: Class, students: Sequence[Student]) -> Class:
    """The class with every group of the roster, so that one that hands in nothing has its row, too."""
    groups = {simplify(group.name): group for group in chosen.groups}
    slugs = {group.slug: group.name for group in chosen.groups}
    for student in students:
        if not student.group or simplify(student.group) in groups:
            continue
        name = escaped(student.group)
        group = groups[simplify(name)] = Group(name, None, folder_name(name), data=chosen.data)
        if slugs.setdefault(group.slug, name) != name:
            raise ClassError(
                f"{chosen.roster}: '{name}' and '{slugs[group.slug]}': their reports would go to the same "
                f"folder, '{group.slug}'.",
                "Rename one of them.",
            )
    return replace(chosen, groups=tuple(groups.values()))


def find_people(students: Sequence[Student]) -> dict[str, str]:
    """The group of each student by name, in small letters and in every order of its parts.

    Canvas writes the last name first. A name that two students of different groups could have is nobody's.
    """
    found: dict[str, set[str]] = {}
    for student in students:
        parts = student.name.replace(",", " ").split()
        for start in range(len(parts)):
            found.setdefault(simplify("".join(parts[start:] + parts[:start])), set()).add(student.group)
    return {name: next(iter(groups)) for name, groups in found.items() if len(groups) == 1 and name}
