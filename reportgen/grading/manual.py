"""Points that a person gives: a CSV to type them into, and to read them from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from reportgen.errors import SettingsError
from reportgen.grading.exports.table import one_line, safe_cell
from reportgen.grading.report import GradingError, ManualPoints
from reportgen.grading.rubric import Rubric
from reportgen.grading.rubric_item import Manual, RubricItem
from reportgen.store.files import cannot_be_read
from reportgen.store.output import write_output
from reportgen.text import did_you_mean
from reportgen.toml.reading import decode_text

COLUMNS = ("criterion", "points", "of", "comment", "text")
_NEEDED = COLUMNS[:2]
_MAX_BYTES = 2**20


@dataclass(frozen=True)
class Line:
    """A line of the file: its number, and its cells by heading."""

    number: int
    cells: Mapping[str, str]


def list_manual(rubrics: Sequence[Rubric]) -> list[RubricItem]:
    """The rows whose points a person gives, in order."""
    return [row for rubric in rubrics for row in rubric.rows if isinstance(row.test, Manual)]


def write_manual(path: Path, rows: Sequence[RubricItem]) -> None:
    """Write a CSV with an empty cell for the points of each row.

    Raises ``TakenError`` if the file is there already: it may have points in it. ``GradingError`` without
    any row.
    """
    if not rows:
        raise GradingError(
            "No row of the rubric has points that a person gives.", "Write manual = true and text = … there."
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        asked = row.test.text if isinstance(row.test, Manual) else ""
        writer.writerow([safe_cell(row.criterion), "", f"{row.points:f}", "", safe_cell(asked)])
    # With a mark, by which spreadsheets know that it is UTF-8.
    write_output(path, text.getvalue().encode("utf-8-sig"), lambda _stream: False)


def read_manual(path: Path, rows: Sequence[RubricItem]) -> dict[str, ManualPoints]:
    """The points that were typed in, by criterion; a row without any is not graded yet.

    Commas, semicolons and tabs may separate cells, and points may have a decimal comma, as spreadsheets write
    them. Raises ``GradingError`` with one line for each row that names none of the criteria, or whose points
    are not from 0 to what it is worth.
    """
    # As write_manual() wrote them: a name that begins with = has an apostrophe before it there.
    known = {safe_cell(row.criterion): row for row in rows}
    found: dict[str, ManualPoints] = {}
    faults: list[str] = []
    for line in read_lines(path, _NEEDED, "Name a file that --write-manual wrote."):
        name = one_line(line.cells["criterion"])
        where = f"{path}, line {line.number}"
        if name not in known:
            hint = did_you_mean(name, known, f"there are {', '.join(known) or 'none'}")
            faults.append(f"{where}: criterion = '{name}' is no manual criterion of the rubric; {hint}")
            continue
        row = known[name]
        if row.criterion in found:
            faults.append(f"{where}: criterion = '{name}' is there twice; leave one line out")
        try:
            points = read_points(line.cells["points"], line.cells.get("of", ""), row)
        except ValueError as error:
            faults.append(f"{where} ({name}): {error}")
            continue
        if points is not None:
            found[row.criterion] = ManualPoints(points, row.points, one_line(line.cells.get("comment", "")))
    if faults:
        raise GradingError(
            "\n".join(f"{fault}." for fault in faults), "Correct the file, or write a new one."
        )
    return found


def read_points(written: str, of: str, row: RubricItem, key: str = "of") -> Decimal | None:
    """The points ``written`` in a line of a criterion that was worth ``of`` ("": unknown); None without any.
    ``key``: the heading of the latter.

    Raises ``ValueError`` that says what is wrong.
    """
    of, written = of.strip(), written.strip()
    if of and _decimal(of) != row.points:
        raise ValueError(
            f"{key} = {of}, and the rubric says {row.points:f}; write a new file for this rubric"
        )
    if not written:
        return None
    points = _decimal(written)
    if points is None or not 0 <= points <= row.points:
        raise ValueError(f"points = {one_line(written)}; write a number from 0 to {row.points:f}")
    return points


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def read_lines(path: Path, needed: Sequence[str], remedy: str, max_bytes: int = _MAX_BYTES) -> Iterator[Line]:
    """The lines of a CSV with a heading that are not empty; commas, semicolons or tabs separate cells.

    Raises ``GradingError`` with ``remedy`` if it cannot be read, or lacks one of the columns ``needed``.
    """
    try:
        with path.open("rb") as stream:
            # One byte more than is allowed shows that a file is too large without reading all of it.
            data = stream.read(max_bytes + 1)
        text = decode_text(data, str(path))
    except OSError as error:
        raise GradingError(cannot_be_read(path, error), remedy) from None
    except SettingsError as error:
        raise GradingError(error.problem, error.remedy) from None
    if len(data) > max_bytes:
        raise GradingError(f"{path}: more than {max_bytes} bytes.", remedy)
    first = text.partition("\n")[0]
    # The headings themselves have none of these signs.
    delimiter = max(",;\t", key=first.count)
    # newline="", as the csv module asks for: comments may have line ends within their quotes.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        head = [name.strip() for name in next(reader, [])]
        if missing := [name for name in needed if name not in head]:
            raise GradingError(f"{path}: has no column {' and no column '.join(missing)}.", remedy)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [*cells, *[""] * (len(head) - len(cells))]
                # A cell beyond the headings has no name.
                yield Line(reader.line_num, dict(zip(head, padded, strict=False)))
    except csv.Error as error:
        raise GradingError(f"{path}, line {reader.line_num}: is no CSV: {error}.", remedy) from None
