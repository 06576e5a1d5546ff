"""Points that a person gives to the groups of a class: ``manual.csv``, to be filled in and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.anonymity import number_order
from reportgen.batch.class_file import ClassError
from reportgen.batch.job import EnteredPoints
from reportgen.batch.roster import simplify
from reportgen.batch.tables import write_table
from reportgen.dataset.names import capped
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line, safe_cell
from reportgen.text import did_you_mean

if TYPE_CHECKING:
    from reportgen.grading.rubric_item import RubricItem

MANUAL_FILE, COMPLETED_FILE = "manual.csv", "manual-completed.csv"

COLUMNS = ("group", "criterion", "text", "maximum", "points", "comment")
_NEEDED = ("group", "criterion", "points")

_REMEDY = "Correct the file. 'reportgen batch' writes a new one if you move it away."
_TOLD = 8
# More than for one report: there is a row for each group and criterion, with the text each time.
_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Entry:
    """A line of the file as it was read, not yet checked; ``number``: its line number, from 1."""

    number: int
    group: str
    criterion: str
    maximum: str
    points: str
    comment: str

    @property
    def filled(self) -> bool:
        """Whether a person typed something."""
        return bool(self.points or self.comment)


def read_entries(file: Path) -> list[Entry]:
    """The lines of a file, not yet checked. Raises ``ClassError`` if it cannot be read as a table."""
    # Imported only now: a class without points by hand needs no rubrics.
    from reportgen.grading.manual import read_lines

    names = ("group", "criterion", "maximum", "points", "comment")
    try:
        lines = list(read_lines(file, _NEEDED, _REMEDY, _MAX_BYTES))
    except UserError as error:
        raise ClassError(error.problem, error.remedy) from None
    return [
        Entry(line.number, *(one_line(line.cells.get(name, "")).strip() for name in names)) for line in lines
    ]


def read_class_points(
    file: Path, names: Mapping[str, str], rows: Sequence[RubricItem]
) -> dict[str, tuple[EnteredPoints, ...]]:
    """The points of each group, in the order of the rubric; ``names``: what the file may call the groups.

    A cell without points is not graded yet. Raises ``ClassError`` with a line for each row that names no
    group or no manual criterion, or whose points are not from 0 to what the criterion is worth.
    """
    reader = _Reader(file, names, rows)
    for entry in read_entries(file):
        reader.read(entry)
    if reader.faults:
        raise ClassError("\n".join(f"{fault}." for fault in capped(reader.faults, _TOLD)), _REMEDY)
    order = {row.criterion: index for index, row in enumerate(rows)}
    return {
        group: tuple(sorted(typed.values(), key=lambda each: order[each.criterion]))
        for group, typed in reader.found.items()
    }


class _Reader:
    """Takes in a file line by line, and collects what is wrong with it."""

    def __init__(self, file: Path, names: Mapping[str, str], rows: Sequence[RubricItem]) -> None:
        self._file, self._names = file, names
        # As the file has them: there a name that a spreadsheet would take for a formula was made text.
        self._rows = {safe_cell(row.criterion): row for row in rows}
        self._seen: dict[tuple[str, str], int] = {}
        self.found: dict[str, dict[str, EnteredPoints]] = {}
        self.faults: list[str] = []

    def read(self, entry: Entry) -> None:
        from reportgen.grading.manual import read_points

        where = f"{self._file}, line {entry.number}"
        group, row = find_group(entry.group, self._names), self._rows.get(entry.criterion)
        if group is None:
            hint = _suggest(entry.group, self._names)
            self.faults.append(f"{where}: group = '{entry.group}': there is no group of that name; {hint}")
        if row is None:
            hint = _suggest(entry.criterion, self._rows)
            said = f"criterion = '{entry.criterion}': is no manual criterion of the rubric"
            self.faults.append(f"{where}: {said}; {hint}")
        # Both were reported: a line may be wrong in two ways.
        if group is None or row is None:
            return
        before = self._seen.setdefault((group, row.criterion), entry.number)
        if before != entry.number:
            self.faults.append(f"{where} ({group}, {row.criterion}): is that of line {before}, too")
            return
        try:
            points = read_points(entry.points, entry.maximum, row, "maximum")
        except ValueError as error:
            self.faults.append(f"{where} ({group}, {row.criterion}): {error}")
            return
        if points is not None:
            typed = EnteredPoints(row.criterion, _plain(points), _plain(row.points), entry.comment)
            self.found.setdefault(group, {})[row.criterion] = typed


def _plain(number: Decimal) -> str:
    """One spelling for equal numbers: 4, 4.0 and 4.00 are the same points."""
    return f"{number.normalize():f}"


def find_group(name: str, names: Mapping[str, str]) -> str | None:
    """The group that a file names, in any of the name's spellings; None if there is none."""
    plain = {safe_cell(each): group for each, group in names.items()}
    if name in plain:
        return plain[name]
    return {simplify(each): group for each, group in names.items()}.get(simplify(name))


def _suggest(name: str, known: Mapping[str, object]) -> str:
    return did_you_mean(name, known, f"there are {', '.join(capped(list(known), _TOLD)) or 'none'}")


@dataclass(frozen=True)
class Naming:
    """The groups by name, with what tables call them (``labels``); and by all that a file may call them."""

    labels: Mapping[str, str]
    names: Mapping[str, str]

    def find(self, entry: Entry) -> str | None:
        """The group that a line names, None if there is none of that name."""
        return find_group(entry.group, self.names)


def write_template(naming: Naming, rows: Sequence[RubricItem], entries: Sequence[Entry] = ()) -> bytes:
    """A row for each group and criterion. What was typed into ``entries`` stays."""
    typed = {(naming.find(entry), entry.criterion): entry for entry in entries if entry.filled}
    # The mark by which spreadsheets know UTF-8.
    return b"\xef\xbb\xbf" + write_table(COLUMNS, _make_rows(naming.labels, rows, typed)).encode()


def _make_rows(
    labels: Mapping[str, str], rows: Sequence[RubricItem], typed: Mapping[tuple[str | None, str], Entry]
) -> Iterator[list[str]]:
    known = list(labels.items())
    # In the order of the class, lines with numbers would reveal whose they are.
    hidden = any(name != label for name, label in known)
    for name, label in sorted(known, key=lambda pair: number_order(pair[1])) if hidden else known:
        for row in rows:
            entry = typed.get((name, safe_cell(row.criterion)))
            entered = [entry.points, entry.comment] if entry else ["", ""]
            text = getattr(row.test, "text", "")
            yield [label, row.criterion, text, f"{row.points:f}", *entered]


def is_unfilled(file: Path) -> bool:
    """Whether a file is one that a batch wrote, and nobody typed anything into."""
    try:
        lines = read_entries(file)
        head = file.read_bytes().decode("utf-8-sig").partition("\n")[0]
    # What cannot be read may have somebody's points in it, and is not replaced.
    except (ClassError, OSError, ValueError):
        return False
    # A table of somebody's own, though it is empty, is not ours to replace.
    ours = all(name in head for name in COLUMNS)
    return ours and not any(entry.filled for entry in lines)


def is_kept(entries: Sequence[Entry], file: Path, naming: Naming) -> bool:
    """Whether all that was typed into ``file`` is among ``entries``, too, so that it may be replaced."""

    def describe(entry: Entry) -> tuple[str | None, str, str, str]:
        # By the group and not by how it is spelt: one file may have its number, and the other its name.
        return naming.find(entry), entry.criterion, entry.points, entry.comment

    known = set(map(describe, entries))
    try:
        lines = read_entries(file)
    # What cannot be read may have points that are nowhere else.
    except ClassError:
        return False
    return all(describe(each) in known for each in lines if each.filled)
