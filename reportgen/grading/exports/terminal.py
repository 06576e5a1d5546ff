"""Grades as a table for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reportgen.grading.exports.table import collect_messages, one_line
from reportgen.grading.score import Grades, Status, describe_sum

_NARROWEST = 60
_WIDEST_NAME = 0.4


@dataclass(frozen=True)
class Line:
    """A line of the table, and what colour says of it besides its words; None for none."""

    text: str
    status: Status | None = None


def describe_grades(grades: Grades, width: int = 100) -> list[Line]:
    """The rubric's title, a heading, a line for each criterion, the total of what could be checked and what
    could not, and what was not graded.

    Lines are at most ``width`` columns wide (60 at least) where wide characters take two; messages that find
    no room in the table are printed below it in full.
    """
    from rich.cells import cell_len, set_cell_size

    width = max(width, _NARROWEST)
    rows = [_cells(grades, index) for index in range(len(grades.criteria))]
    total = ("Total", *_points(grades.score, grades.checked), "", "")
    head = ("Criterion", "Points", "Of", "Status", "")
    sizes = [max(cell_len(row[column]) for row in (head, *rows, total)) for column in range(4)]
    # However long a name is, there is room for the message.
    sizes[0] = min(sizes[0], int(width * _WIDEST_NAME))
    room = width - sum(sizes) - 2 * len(sizes)

    def line(row: tuple[str, ...]) -> str:
        name, score, points, status, message = row
        cells = [
            _cut(name, sizes[0]),
            score.rjust(sizes[1]),
            points.rjust(sizes[2]),
            set_cell_size(status, sizes[3]),
            _cut(message, max(room, 0)),
        ]
        return "  ".join(cells).rstrip()

    statuses = [criterion.status for criterion in grades.criteria]
    lines = [Line(_cut(one_line(grades.title), width).rstrip()), Line("")] if grades.title else []
    lines.append(Line(line(head)))
    lines += [Line(line(row), status) for row, status in zip(rows, statuses, strict=True)]
    lines.append(Line(line(total)))
    lines += [Line(describe_sum(grades, " points"), "not checkable")] if grades.open_points else []
    lines += _reasons([row for row in rows if cell_len(row[4]) > max(room, 0)], width)
    if not grades.complete:
        lines.append(Line("The grading is incomplete; what is missing counts zero:", "error"))
        lines += [Line(f"  {one_line(gap)}", "error") for gap in grades.gaps]
    return lines


def _reasons(rows: list[tuple[str, ...]], width: int) -> list[Line]:
    from rich.console import Console
    from rich.text import Text

    console = Console(width=width, color_system=None)
    lines = [Line("Why points were lost or not given:")] if rows else []
    for row in rows:
        wrapped = Text(f"{row[0]}: {row[4]}").wrap(console, width - 4)
        lines += [
            Line(("    " if index else "  ") + text.plain.rstrip()) for index, text in enumerate(wrapped)
        ]
    return lines


def _cells(grades: Grades, index: int) -> tuple[str, ...]:
    criterion = grades.criteria[index]
    status: str = criterion.status
    if len(criterion.cases) > 1:
        status += f" {criterion.passed}/{len(criterion.cases)}"
    score, points = _points(criterion.score, criterion.points)
    return one_line(criterion.name), score, points, status, collect_messages(criterion)


def _points(score: Decimal, points: Decimal) -> tuple[str, str]:
    return f"{score:f}", f"{points:f}"


def _cut(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(width - 1, 0)) + "…"[:width]
