"""Grades in the forms that other programs read."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from reportgen.grading.report import GradingError
from reportgen.grading.score import STATUSES, VISIBILITIES, Case, Criterion, Grades

FORMAT = "reportgen-grades"

VERSION = 1


def write_json(grades: Grades) -> str:
    """All of ``grades`` with their sums. Points are exact decimals and therefore written as text."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "subject": grades.subject,
        "title": grades.title,
        "score": str(grades.score),
        "points": str(grades.points),
        "complete": grades.complete,
        "gaps": list(grades.gaps),
        "seconds": grades.seconds,
        "criteria": [_criterion(item) for item in grades.criteria],
    }
    # ASCII, for a message may hold characters that no encoding has.
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def read_grades(path: Path) -> Grades:
    """Read what ``write_json`` wrote.

    Raises ``GradingError`` if the file cannot be read, is something else, or if its sums are not those of
    its criteria.
    """
    remedy = "Name a file that was written with --grades-json or --json, or grade again."
    try:
        grades = _read(json.loads(path.read_bytes()))
    except OSError as error:
        raise GradingError(f"{path}: cannot be read: {error.strerror}.", remedy) from None
    except RecursionError:
        raise GradingError(f"{path}: holds no grades: it is nested too deep.", remedy) from None
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise GradingError(f"{path}: holds no grades: {error!r}.", remedy) from None
    return grades


def _criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "name": criterion.name,
        "points": str(criterion.points),
        "score": str(criterion.score),
        "status": criterion.status,
        "visibility": criterion.visibility,
        "tags": list(criterion.tags),
        "cases": [
            {
                "name": case.name,
                "status": case.status,
                "message": case.message,
                "seconds": case.seconds,
                "weight": str(case.weight),
            }
            for case in criterion.cases
        ],
    }


def _read(document: Any) -> Grades:
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (
        FORMAT,
        VERSION,
    ):
        raise ValueError(f"format and version are not {FORMAT} {VERSION}")
    grades = Grades(
        _text(document["subject"]),
        tuple(_read_criterion(item) for item in document["criteria"]),
        _text(document["title"]),
        float(document["seconds"]),
        tuple(_text(gap) for gap in document["gaps"]),
    )
    written = (_decimal(document["score"]), _decimal(document["points"]), document["complete"])
    if written != (grades.score, grades.points, grades.complete):
        raise ValueError("score, points or complete is not what the criteria give")
    return grades


def _read_criterion(item: Any) -> Criterion:
    cases = tuple(
        Case(
            _text(case["name"]),
            _choice(case["status"], STATUSES),
            _text(case["message"]),
            float(case["seconds"]),
            Fraction(_text(case["weight"])),
        )
        for case in item["cases"]
    )
    criterion = Criterion(
        _text(item["name"]),
        _decimal(item["points"]),
        cases,
        _choice(item["visibility"], VISIBILITIES),
        tuple(_text(tag) for tag in item["tags"]),
    )
    if (_decimal(item["score"]), item["status"]) != (criterion.score, criterion.status):
        raise ValueError(f"score or status of {criterion.name!r} is not what its cases give")
    return criterion


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(_text(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    # A huge exponent would take all memory when it is counted with.
    if not number.is_finite() or number < 0 or not -40 < cast(int, number.as_tuple().exponent) < 10:
        raise ValueError(f"{value!r} is no number of points")
    return number


def _choice(value: Any, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value


REPLACEMENT = "\ufffd"

_ANSI = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # colours and movements
)

# These change the order in which the text around them is shown.
_BIDIRECTIONAL = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
    """The same, white space and line ends made single spaces."""
    return " ".join(plain(text).split())


def _is_displayable(character: str) -> bool:
    if character in "\n\t":
        return True
    # Not of XML 1.0 either: control characters, halves of surrogate pairs, the two last of each plane.
    return (
        unicodedata.category(character) not in ("Cc", "Cs")
        and ord(character) & 0xFFFE != 0xFFFE
        and character not in _BIDIRECTIONAL
    )


COLUMNS = (
    "subject", "number", "criterion", "score", "points", "status", "passed", "cases", "visibility", "tags",
    "message", "complete",
)  # fmt: skip

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
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def collect_messages(criterion: Criterion) -> str:
    """Why points were lost: the message of each case that did not pass, with its name if there are more;
    cases with one message share it.
    """
    names: dict[str, list[str]] = {}
    for case in criterion.cases:
        if case.status != "passed":
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
    ]


PREFIX = "points."

TOTALS = ("total", "max", "complete")


def list_properties(grades: Grades) -> list[tuple[str, str]]:
    """Names and values: ``points.total``, ``points.max``, ``points.complete`` (true or false), for each
    criterion ``points.<criterion>`` as "1.5/2", and ``points.gap`` for what was not graded.
    """
    properties = [
        (f"{PREFIX}total", f"{grades.score:f}"),
        (f"{PREFIX}max", f"{grades.points:f}"),
        (f"{PREFIX}complete", "true" if grades.complete else "false"),
    ]
    for criterion in grades.criteria:
        name = one_line(criterion.name)
        # A criterion that is called so would be read as the sum.
        if name in TOTALS or name == "gap":
            name = f"criterion {name}"
        properties.append((PREFIX + name, f"{criterion.score:f}/{criterion.points:f}"))
    return properties + [(f"{PREFIX}gap", one_line(gap)) for gap in grades.gaps]


_LONGEST_OUTPUT = 100_000


def write_gradescope(grades: Grades) -> str:
    """One test a criterion, numbered in order; a criterion is passed only if all of its cases are.

    What a program prints is for instructors only. Each criterion has the visibility it was given.
    """
    document = {
        # Gradescope's format has numbers where ours has exact decimals.
        "score": float(grades.score),
        "execution_time": round(max(grades.seconds, 0.0), 3),
        "output": _summary(grades),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(number, item) for number, item in enumerate(grades.criteria, start=1)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _summary(grades: Grades) -> str:
    lines = [f"{grades.score:f} of {grades.points:f} points"]
    if not grades.complete:
        lines.append("The grading is incomplete; what is missing counts zero:")
        lines += [plain(gap) for gap in grades.gaps]
    return "\n".join(lines)


def _test(number: int, criterion: Criterion) -> dict[str, Any]:
    return {
        "name": one_line(criterion.name),
        "number": str(number),
        "score": float(criterion.score),
        "max_score": float(criterion.points),
        "status": "passed" if criterion.status == "passed" else "failed",
        "output": plain("\n".join(_outputs(criterion)), _LONGEST_OUTPUT),
        "output_format": "text",
        "tags": [one_line(tag) for tag in criterion.tags],
        "visibility": criterion.visibility,
    }


def _outputs(criterion: Criterion) -> list[str]:
    if len(criterion.cases) == 1:
        return [_describe(criterion.cases[0])]
    counts = f"{criterion.passed} of {len(criterion.cases)} cases passed"
    return [counts, *(f"{case.name}: {_describe(case)}" for case in criterion.cases)]


def _describe(case: Case) -> str:
    if case.message.startswith(case.status):
        return case.message
    return case.status + (f": {case.message}" if case.message else "")


HEADING = "| Criterion | Points | Of | Status | Message |"

_LONGEST = 500

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_markdown(grades: Grades) -> str:
    """A heading, the total, what is missing, and one row a criterion; nothing in it acts as mark-up."""
    lines = [f"# {escape(grades.title or grades.subject or 'Points')}", ""]
    if grades.title and grades.subject:
        lines += [escape(grades.subject), ""]
    lines += [f"**{grades.score:f} of {grades.points:f} points**", ""]
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
    lines.append(f"| **Total** | **{grades.score:f}** | **{grades.points:f}** | | |")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """``text`` on one line so that Markdown shows each of its characters."""
    line = one_line(text)
    # Every other mark is escaped by a backslash; dots and colons too, or addresses would become links.
    escaped = re.sub(r"[\\`*_{}\[\]()#+\-.!|~:@$^=\"']", r"\\\g<0>", line)
    return re.sub(r"[&<>]", lambda mark: _ENTITIES[mark[0]], escaped)
