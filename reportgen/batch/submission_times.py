"""Times of submission of the groups' reports, from class.toml and from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.class_file import ClassError, Group
from reportgen.batch.manual_points import find_group
from reportgen.dataset.names import capped, escaped
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line
from reportgen.text import find_nearest

if TYPE_CHECKING:
    from reportgen.grading.policy import Late

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
            near = find_nearest(name, names)
            hint = f"; did you mean '{near}'?" if near else ""
            faults.append(f"{where}: group = '{name}': there is no group of that name{hint}")
        elif group in times:
            faults.append(f"{where}: group = '{name}': is there twice; leave one line out")
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
