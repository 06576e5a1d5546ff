"""What a person adds to the grades of a class: points by hand, and when each report came."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.anonymity import find_numbers
from reportgen.batch.class_file import Class, ClassError, Group
from reportgen.batch.job import EnteredPoints
from reportgen.batch.manual_points import (
    COMPLETED_FILE,
    MANUAL_FILE,
    Entry,
    Naming,
    find_group,
    is_kept,
    is_unfilled,
    read_class_points,
    read_entries,
    write_template,
)
from reportgen.dataset.names import capped, escaped
from reportgen.errors import SettingsError, UserError
from reportgen.grading.exports.table import one_line, safe_cell
from reportgen.store.files import read_file
from reportgen.store.output import TakenError, write_output
from reportgen.text import did_you_mean
from reportgen.toml.reading import decode_text

if TYPE_CHECKING:
    from reportgen.grading.policy import Late
    from reportgen.grading.rubric import Rubric
    from reportgen.grading.rubric_item import RubricItem


_NEEDED = ("group", "submitted")
_REMEDY = "Write a table with the headings group and submitted, and times as 2026-02-01T23:59:00."
_TOLD = 8


def read_times(file: Path | None, groups: Sequence[Group]) -> dict[str, datetime]:
    """The time of each group for which one is known; that of class.toml goes before that of the table.

    Raises ``ClassError`` with a line for each row that names no group, or no date with a time.
    """
    times = _read_table(file, {group.name: group.name for group in groups}) if file else {}
    return times | {group.name: group.submitted for group in groups if group.submitted is not None}


def _read_table(file: Path, names: Mapping[str, str]) -> dict[str, datetime]:
    from reportgen.grading.manual import read_lines

    times: dict[str, datetime] = {}
    faults: list[str] = []
    try:
        lines = list(read_lines(file, _NEEDED, _REMEDY))
    except UserError as error:
        raise ClassError(error.problem, error.remedy) from None
    for line in lines:
        where, name = f"{file}, line {line.number}", one_line(line.cells["group"])
        written = line.cells["submitted"].strip()
        group = find_group(name, names)
        if group is None:
            hint = did_you_mean(name, names)
            problem = f"{where}: group = '{name}': there is no group of that name"
            faults.append(f"{problem}; {hint}" if hint else problem)
        elif group in times:
            faults.append(f"{where}: group = '{name}': is there twice; leave one line out")
        # An empty cell is a time that is not known.
        elif written:
            try:
                times[group] = _read_time(written)
            except ValueError:
                faults.append(f"{where}: submitted = '{escaped(written)}': is no date with a time")
    if faults:
        raise ClassError("\n".join(capped(faults, _TOLD)), _REMEDY)
    return times


def _read_time(text: str) -> datetime:
    """Raises ``ValueError`` for anything else, and for a day alone: it would be taken for midnight."""
    if ":" not in text:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def check_times(times: Mapping[str, datetime], late: Late) -> None:
    """Raise ``ClassError`` naming the first group whose time cannot be compared with the due time.

    Before any group is worked on: it is no fault of theirs.
    """
    for name, time in times.items():
        try:
            late.count_days(time)
        except UserError as error:
            raise ClassError(f"group '{escaped(name)}': {error.problem}", error.remedy) from None


Say = Callable[[str], None]

_MARK = re.compile(r"\b(?:manual|late)\b|\\[uU]")
"""A rubric without these words, which TOML may spell by their letters' numbers, too, has neither points by
hand nor a policy for lateness.
"""


@dataclass(frozen=True)
class Supplements:
    """By group: ``times`` in ISO 8601, and ``points`` that a person gave."""

    times: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, tuple[EnteredPoints, ...]] = field(default_factory=dict)


def gather_supplements(
    chosen: Class, groups: Sequence[Group], labels: Mapping[str, str], out: Path, say: Say
) -> Supplements:
    """Read the tables that class.toml names, and write ``manual.csv`` if there are points to be given.

    ``labels``: what tables call the groups, by name. Raises ``ClassError`` naming file, line and value.
    """
    rows, late = _read_rules(chosen)
    # Who judged numbers may hand them to a run that knows the names.
    names = {label: name for label, name in find_numbers(out).items() if name in labels}
    # A name goes before a number that is spelt alike.
    names |= {group.name: group.name for group in groups}
    points: dict[str, tuple[EnteredPoints, ...]] = {}
    if chosen.manual:
        points = read_class_points(chosen.manual, names, rows)
    if rows:
        _offer_table(chosen.manual, out, Naming(labels, names), rows, say)
    times = read_times(chosen.submissions_times, groups)
    if late is None:
        if times:
            say("No rubric has [late], so the times of submission change no points.")
        return Supplements({}, points)
    check_times(times, late)
    return Supplements({name: time.isoformat() for name, time in times.items()}, points)


def _read_rules(chosen: Class) -> tuple[list[RubricItem], Late | None]:
    """The criteria whose points a person gives, and the policy for lateness."""
    tables = list(_read_rubrics(chosen))
    if not tables:
        return [], None
    from reportgen.grading.manual import list_manual
    from reportgen.grading.policy import merge_policies

    try:
        return list_manual(tables), merge_policies(table.policy for table in tables).late
    except ValueError as error:
        raise ClassError(f"rubric: two of them say differently {error}.", "Keep one of the rules.") from None


def _read_rubrics(chosen: Class) -> Sequence[Rubric]:
    files = chosen.rubrics
    if not files:
        from reportgen.grading.shipped import shipped_rubrics

        files = tuple(shipped_rubrics(chosen.outline.kind))
    # A second run, which has nothing to do, need not know what every row means.
    named = [file for file in files if file.suffix != ".py" and _is_marked(file)]
    if not named:
        return []
    from reportgen.grading.rubric import load_rubric

    return [load_rubric(file, chosen.outline.kind) for file in named]


def _is_marked(file: Path) -> bool:
    try:
        # In every encoding in which a rubric is read.
        return _MARK.search(decode_text(file.read_bytes(), str(file))) is not None
    # What cannot be read is reported where it is read in full.
    except SettingsError:
        return True


def _offer_table(named: Path | None, out: Path, naming: Naming, rows: Sequence[RubricItem], say: Say) -> None:
    """Write the table to be filled in. A file with somebody's points is never written to: if it lacks rows,
    the whole table with these points goes to another file.
    """
    own = out / MANUAL_FILE
    source = named or own
    # Nobody has typed anything yet, so that it can follow the class and the rubric.
    if named is None and (not own.exists() or is_unfilled(own)):
        _write_if_new(own, write_template(naming, rows))
        say(f'{own}: type points there, and name it in class.toml with manual = "…".')
        return
    if named is None:
        say(f'{own}: has points, which do not count until class.toml names it with manual = "…".')
    try:
        entries = read_entries(source)
    except ClassError as error:
        # One that counts has been read before, where this is an error; this one may be half typed.
        say(f"{error.problem} It stays as it is.")
        return
    missing = _count_missing(entries, naming, rows)
    if missing:
        target = out / COMPLETED_FILE
        said = f"{source}: lacks {missing} rows of the class"
        try:
            data = write_template(naming, rows, entries)
            write_output(target, data, lambda _stream: is_kept(entries, target, naming))
        except TakenError:
            say(f"{said}, and {target} has points of yours: move it away for a complete table.")
        else:
            say(f"{said}; {target.name} in the output has all, with your points.")


def _count_missing(entries: Sequence[Entry], naming: Naming, rows: Sequence[RubricItem]) -> int:
    there = {(naming.find(entry), entry.criterion) for entry in entries}
    return sum((name, safe_cell(row.criterion)) not in there for name in naming.labels for row in rows)


def _write_if_new(file: Path, data: bytes) -> None:
    if not file.exists() or read_file(file) != data:
        write_output(file, data, lambda _stream: is_unfilled(file))
