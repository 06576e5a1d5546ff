"""Rubrics without code: a TOML table whose rows become checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reportgen.contract.known_pointers import know_pointers
from reportgen.errors import SettingsError
from reportgen.grading.checks import find_checks, list_exhibits
from reportgen.grading.commentary import Commentary
from reportgen.grading.exports.table import one_line
from reportgen.grading.formula import list_pointers
from reportgen.grading.policy import ADJUSTMENTS, Late, Policy
from reportgen.grading.report import GradingError
from reportgen.grading.rubric_item import Computed, RubricItem
from reportgen.grading.rubric_rows import Fault, Known, read_amount, read_row, refuse_unknown
from reportgen.outline.kind import ReportKind
from reportgen.store.files import cannot_be_read
from reportgen.text import did_you_mean
from reportgen.toml.reading import decode_text, parse_table

# The shipped rubrics have 5 kB together.
_MAX_BYTES = 2**20

_KEYS = ("title", "check", "best_of", "most_bonus", "late")
_KEYS_OF_LATE = ("due", "per_day", "most")
_KEYS_OF_GROUP = ("group", "count")


class RubricError(GradingError):
    """A rubric cannot be used; ``problem`` has one line for each fault."""


@dataclass(frozen=True)
class Rubric:
    """The rows of a rubric, in order, and its rules for the sum."""

    title: str
    rows: tuple[RubricItem, ...]
    policy: Policy = field(default_factory=Policy)

    @property
    def points(self) -> Decimal:
        """The most that can be reached, without bonus points."""
        # A bonus is above the maximum, and a deduction takes from what others gave.
        alone = [row.points for row in self.rows if not (row.best or row.bonus or row.deducts)]
        groups = {row.group: row.best * row.points for row in self.rows if row.best}
        return sum([*alone, *groups.values()], Decimal(0))


def load_rubric(path: Path, kind: ReportKind | None = None) -> Rubric:
    """Read a rubric. Raises ``RubricError`` naming file and, of every wrong row, number, key and value."""
    table = _read(path)
    faults: list[str] = []
    try:
        refuse_unknown(table, _KEYS)
    except Fault as fault:
        faults.append(str(fault))
    title, listed = table.get("title", ""), table.get("check")
    if not isinstance(title, str):
        faults.append(f"title = {title!r} is no text; write it in quotes")
    if not isinstance(listed, list) or not listed or not all(isinstance(row, dict) for row in listed):
        faults.append("it has no [[check]]; write at least one row")
        listed = []
    known = Known(find_checks(kind), know_pointers(kind), list_exhibits(kind))
    rows: list[RubricItem] = []
    for number, row in enumerate(listed, 1):
        try:
            rows.append(read_row(number, row, known))
        except Fault as fault:
            name = row.get("criterion")
            faults.append(
                f"check {number}{f' ({one_line(name)[:60]})' if isinstance(name, str) else ''}: {fault}"
            )
    policy, more = _read_policy(table)
    counts, wrong = _read_groups(table.get("best_of", []))
    # What a row with a fault may have been called is not known.
    whole = len(rows) == len(listed)
    faults += [*more, *wrong, *_overlaps(rows, counts), *_missing_names(rows)]
    faults += _group_faults(rows, counts) if whole else []
    if faults:
        raise RubricError(
            "\n".join(f"{path}: {fault}{'' if fault.endswith('?') else '.'}" for fault in faults),
            "Correct the rubric; docs/graders.md explains its keys.",
        )
    return Rubric(one_line(title), tuple(_resolve_group(row, rows, counts) for row in rows), policy)


@dataclass(frozen=True)
class NamedClass:
    """A class that a row names in a pointer; ``location``: the file, and the row's number and criterion."""

    location: str
    pointer: str
    name: str


def list_classes(path: Path, kind: ReportKind | None = None) -> list[NamedClass]:
    """The classes that a rubric names. Raises ``RubricError`` as :func:`load_rubric`."""
    known = know_pointers(kind)
    return [
        NamedClass(f"{path}: check {row.number} ({row.criterion})", pointer, name)
        for row in load_rubric(path, kind).rows
        for pointer in _pointers_of(row)
        for name in known.find_keys(pointer, "class")
    ]


def _pointers_of(row: RubricItem) -> list[str]:
    test = row.test
    if isinstance(test, Commentary):
        figures = test.figures if isinstance(test.figures, tuple) else ()
        return [figure for figure in figures if figure.startswith("/")]
    pointer = getattr(test, "pointer", None)
    formula = list_pointers(test.formula) if isinstance(test, Computed) else []
    return [*([pointer] if pointer else []), *formula]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise RubricError(f"{path}: more than {_MAX_BYTES} bytes.", "Name a rubric.")
        return parse_table(decode_text(data, str(path)), str(path))[0]
    except OSError as error:
        raise RubricError(cannot_be_read(path, error), "Check the path and who may read it.") from None
    except SettingsError as error:
        raise RubricError(error.problem, error.remedy) from None


def _overlaps(rows: Sequence[RubricItem], groups: Mapping[str, int]) -> Iterator[str]:
    """Names that would be taken for each other, in a table or in ``depends``."""
    # Without regard to case and spaces: a reader of the table would not distinguish such names either.
    taken: dict[str, str] = {_folded(name): f"the row '{name}' below the criteria" for name in ADJUSTMENTS}
    for group in groups:
        if (other := taken.setdefault(_folded(group), f"the group '{group}'")) != f"the group '{group}'":
            yield f"best_of: group = '{group}' is also the name of {other}; rename one of them"
    for row in rows:
        own = f"check {row.number} ({row.criterion})"
        if (other := taken.setdefault(_folded(row.criterion), own)) != own:
            same = "has the same criterion" if other.startswith("check") else "has the same name"
            yield f"{own}: criterion = '{row.criterion}': {other} {same}; rename one of them"


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _missing_names(rows: Sequence[RubricItem]) -> Iterator[str]:
    names = [row.criterion for row in rows]
    for row in rows:
        for name in row.depends:
            if name not in names:
                hint = did_you_mean(name, names, "name another row")
                yield f"check {row.number} ({row.criterion}): depends on '{name}', no criterion; {hint}"


def _read_policy(table: Mapping[str, Any]) -> tuple[Policy, list[str]]:
    """The rules for the sum, and what is wrong with them."""
    faults, most_bonus, late = [], None, None
    try:
        if "most_bonus" in table:
            most_bonus = read_amount("most_bonus", table["most_bonus"], "leave it out for no limit")
    except Fault as fault:
        faults.append(str(fault))
    try:
        late = _read_late(table["late"]) if "late" in table else None
    except Fault as fault:
        faults.append(f"late: {fault}")
    return Policy(most_bonus, late), faults


def _read_late(table: Any) -> Late:
    if not isinstance(table, dict):
        raise Fault(f"late = {table!r} is no table; write [late] and its keys below")
    refuse_unknown(table, _KEYS_OF_LATE)
    due = table.get("due")
    if not isinstance(due, datetime):
        text = due.isoformat() if isinstance(due, date) else repr(due)
        raise Fault(f"due = {text} is no date with a time; write due = 2026-02-01T23:59:00, without quotes")
    per_day = read_amount("per_day", table.get("per_day"), "write per cent a day, as per_day = 10", 100)
    most = read_amount("most", table.get("most", 100), "write the most per cent that are deducted", 100)
    if per_day > most:
        raise Fault(f"per_day = {per_day:f} is more than most = {most:f}; lower it")
    return Late(due, per_day, most)


def _read_groups(listed: Any) -> tuple[dict[str, int], list[str]]:
    """How many rows of each group count, and what is wrong with what is said of them."""
    counts: dict[str, int] = {}
    faults = []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return {}, [f"best_of = {listed!r} is no list of tables; write [[best_of]] for each group"]
    for number, table in enumerate(listed, 1):
        name, count = table.get("group"), table.get("count")
        try:
            refuse_unknown(table, _KEYS_OF_GROUP)
            if not isinstance(name, str) or not one_line(name):
                raise Fault("it has no group; name the one that rows have as group = …")
            if type(count) is not int or count < 1:
                raise Fault(f"count = {count!r}; write how many rows count, a whole number from 1 up")
            if one_line(name) in counts:
                raise Fault(f"group = '{one_line(name)}' is there twice; leave one out")
        except Fault as fault:
            faults.append(f"best_of {number}: {fault}")
        else:
            counts[one_line(name)] = count
    return counts, faults


def _group_faults(rows: Sequence[RubricItem], counts: Mapping[str, int]) -> Iterator[str]:
    """Groups of which it is not clear what their best rows are worth."""
    members: dict[str, list[RubricItem]] = {}
    for row in rows:
        if row.group:
            members.setdefault(row.group, []).append(row)
            if row.group not in counts:
                hint = did_you_mean(row.group, counts, "write [[best_of]] with its name and count")
                yield f"check {row.number} ({row.criterion}): group = '{row.group}' is no best_of; {hint}"
    for group, count in counts.items():
        found = members.get(group, [])
        # Of as many rows as count, each counts, so that the group would say nothing and is a slip.
        if len(found) <= count:
            yield (
                f"best_of: group = '{group}': count = {count}, and it has {len(found)} rows; "
                "give it more rows, or lower the count"
            )
        for row in found[1:]:
            for key in ("points", "visibility"):
                mine, theirs = getattr(row, key), getattr(found[0], key)
                if mine != theirs:
                    yield (
                        f"check {row.number} ({row.criterion}): {key} = {mine}, and check {found[0].number} "
                        f"of the same group has {theirs}; give both the same"
                    )


def _resolve_group(row: RubricItem, rows: Sequence[RubricItem], counts: Mapping[str, int]) -> RubricItem:
    """A row that knows of how many rows how many count."""
    if not row.group:
        return row
    size = sum(other.group == row.group for other in rows)
    return replace(row, best=counts[row.group], group=f"{row.group}: best {counts[row.group]} of {size}")
