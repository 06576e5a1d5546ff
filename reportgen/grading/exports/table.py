"""Grades as tables, for other programs and for the terminal."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal

from reportgen.grading.score import NOT_CHECKABLE, NOT_GRADED, Criterion, Grades, Status, describe_sum
from reportgen.text import is_printable

REPLACEMENT = "\ufffd"

# By ECMA-48, with both forms of the introducer: ESC [ and the one character U+009B.
_ANSI = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # colours and movements
)


def plain(text: str, limit: int | None = None) -> str:
    """``text`` without escape sequences, each character that cannot be shown replaced; at most ``limit``
    characters of it, and then how many are missing. Line ends and tabs stay.
    """
    text = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(character if _is_displayable(character) else REPLACEMENT for character in text)
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit} more characters)"
    return text


def one_line(text: str) -> str:
    """``plain`` text on one line: white space and line ends become single spaces."""
    return " ".join(plain(text).split())


def _is_displayable(character: str) -> bool:
    return character in "\n\t" or is_printable(character)


FIRST_COLUMNS = (
    "subject", "number", "criterion", "score", "points", "status", "passed", "cases", "visibility", "tags",
    "message", "complete",
)  # fmt: skip
"""These have been there from the first version on; further ones come behind them."""

COLUMNS = (*FIRST_COLUMNS, "kind", "not_checkable", "not_graded")

# Spreadsheets take the full-width signs of East Asian keyboards for signs, too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

_WHERE = re.compile(r"\s*\+\s+(where|and)\s")


def write_csv(grades: Grades) -> str:
    """RFC 4180 with a heading; ``complete`` is yes or no in each row, and times are left out, so that the
    same grades give the same bytes.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, criterion in enumerate(grades.criteria, start=1):
        writer.writerow(_row(number, criterion, grades))
    return text.getvalue()


def safe_cell(text: str) -> str:
    """``text`` on one line, made text also for a spreadsheet: what it would take for a formula gets an
    apostrophe in front.
    """
    cell = one_line(text)
    # As OWASP advises against CSV injection; a negative number would be such a formula, too, so numbers do
    # not pass here.
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def collect_messages(criterion: Criterion) -> str:
    """Why points were lost, or were not given: the message of each case that did not pass, with its name if
    there are more; cases with one message share it. Of a row below the criteria it is what the row says.
    """
    names: dict[str, list[str]] = {}
    for case in criterion.cases:
        if case.status != "passed" or criterion.kind == "adjustment":
            names.setdefault(_shorten(case.message) or case.status, []).append(case.name)
    several = len(criterion.cases) > 1
    return "; ".join(
        f"{', '.join(cases)}: {message}" if several else message for message, cases in names.items()
    )


def _shorten(message: str) -> str:
    # pytest's account of how it came to the values of an assertion is long, and not for a table.
    lines = [line for line in message.splitlines() if not _WHERE.match(line)]
    return one_line("\n".join(lines))


def _row(number: int, criterion: Criterion, grades: Grades) -> list[str]:
    return [
        safe_cell(grades.subject),
        str(number),
        safe_cell(criterion.name),
        f"{criterion.score:f}",
        f"{criterion.points:f}",
        criterion.status,
        str(criterion.passed),
        str(len(criterion.cases)),
        criterion.visibility,
        safe_cell(", ".join(criterion.tags)),
        safe_cell(collect_messages(criterion)),
        "yes" if grades.complete else "no",
        criterion.kind,
        f"{criterion.count_open(NOT_CHECKABLE):f}",
        f"{criterion.count_open(NOT_GRADED):f}",
    ]


def list_open(criterion: Criterion) -> list[str]:
    """What of a criterion neither passed nor failed: “10 not checkable”, “5 not graded yet”."""
    counts = [(criterion.count_open(status), status) for status in (NOT_CHECKABLE, NOT_GRADED)]
    return [f"{count:f} {status}" for count, status in counts if count]


PREFIX = "points."

TOTALS = ("total", "max", "complete")

_RESERVED = (*TOTALS, "gap", "open")


def list_properties(grades: Grades) -> list[tuple[str, str]]:
    """Names and values: ``points.total``, ``points.max``, ``points.complete`` (true or false); for each
    criterion ``points.<criterion>`` as "1.5/2", with what of it could not be checked; ``points.open`` for all
    that neither passed nor failed, as "10 not checkable", and ``points.gap`` for what was not graded.
    """
    properties = [
        (f"{PREFIX}total", f"{grades.score:f}"),
        (f"{PREFIX}max", f"{grades.points:f}"),
        (f"{PREFIX}complete", "true" if grades.complete else "false"),
        *((f"{PREFIX}open", text) for text in grades.open_points),
    ]
    for criterion in grades.criteria:
        name = one_line(criterion.name)
        # A criterion that is called so would be read as the sum.
        if name in _RESERVED:
            name = f"criterion {name}"
        value = ", ".join([f"{criterion.score:f}/{criterion.points:f}", *list_open(criterion)])
        properties.append((PREFIX + name, value))
    return properties + [(f"{PREFIX}gap", one_line(gap)) for gap in grades.gaps]


HEADING = "| Criterion | Points | Of | Status | Message |"

_LONGEST = 500

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_markdown(grades: Grades) -> str:
    """A heading, the total, what is missing, and one row a criterion; nothing in it acts as mark-up."""
    lines = [f"# {escape(grades.title or grades.subject or 'Points')}", ""]
    if grades.title and grades.subject:
        lines += [escape(grades.subject), ""]
    # Nothing in this text needs an escape: numbers and words of this program.
    lines += [f"**{describe_sum(grades, ' points')}**", ""]
    if not grades.complete:
        lines += ["The grading is incomplete; what is missing counts zero:", ""]
        lines += [f"- {escape(gap)}" for gap in grades.gaps] + [""]
    lines += [HEADING, "|---|---:|---:|---|---|"]
    for item in grades.criteria:
        message = collect_messages(item)
        cut = message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
        lines.append(
            f"| {escape(item.name)} | {item.score:f} | {item.points:f} | {item.status} | {escape(cut)} |"
        )
    rest = ", ".join(grades.open_points)
    lines.append(f"| **Total** | **{grades.score:f}** | **{grades.checked:f}** | | {rest} |")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """``text`` on one line so that Markdown shows each of its characters."""
    line = one_line(text)
    # Every other mark is escaped by a backslash; dots and colons too, or addresses would become links.
    escaped = re.sub(r"[\\`*_{}\[\]()#+\-.!|~:@$^=\"']", r"\\\g<0>", line)
    return re.sub(r"[&<>]", lambda mark: _ENTITIES[mark[0]], escaped)


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
