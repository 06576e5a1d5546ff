"""Grades as JSON: written and read without any loss, and as Gradescope reads them."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from reportgen.grading.exports.table import list_open, one_line, plain
from reportgen.grading.report import GradingError
from reportgen.grading.score import (
    KINDS,
    NOT_CHECKABLE,
    NOT_GRADED,
    OPEN,
    STATUSES,
    VISIBILITIES,
    Case,
    Criterion,
    Grades,
    describe_sum,
)
from reportgen.store.files import cannot_be_read

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
        "checked": str(grades.checked),
        "not_checkable": str(grades.not_checkable),
        "not_graded": str(grades.not_graded),
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
        raise GradingError(cannot_be_read(path, error), remedy) from None
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
        "kind": criterion.kind,
        "best": criterion.best,
        "change": str(criterion.change),
        "not_checkable": str(criterion.count_open(NOT_CHECKABLE)),
        "not_graded": str(criterion.count_open(NOT_GRADED)),
        "cases": [
            {
                "name": case.name,
                "status": case.status,
                "message": case.message,
                "seconds": case.seconds,
                "weight": str(case.weight),
                "share": str(case.share),
                "part": case.part,
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
    written = (_decimal(document["score"], signed=True), _decimal(document["points"]), document["complete"])
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
            Fraction(_text(case.get("share", "0"))),
            _text(case.get("part", "")),
        )
        for case in item["cases"]
    )
    criterion = Criterion(
        _text(item["name"]),
        _decimal(item["points"]),
        cases,
        _choice(item["visibility"], VISIBILITIES),
        tuple(_text(tag) for tag in item["tags"]),
        # Files of older versions have none of these.
        _choice(item.get("kind", "points"), KINDS),
        int(item.get("best", 0)),
        _decimal(item.get("change", "0"), signed=True),
    )
    if (_decimal(item["score"], signed=True), item["status"]) != (criterion.score, criterion.status):
        raise ValueError(f"score or status of {criterion.name!r} is not what its cases give")
    return criterion


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _decimal(value: Any, *, signed: bool = False) -> Decimal:
    try:
        number = Decimal(_text(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    # A huge exponent would take all memory when it is counted with.
    if (
        not number.is_finite()
        or (number < 0 and not signed)
        or not -40 < cast(int, number.as_tuple().exponent) < 10
    ):
        raise ValueError(f"{value!r} is no number of points")
    return number


def _choice(value: Any, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value


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
    # Letters as they are: every text in it is plain, so that none is left which UTF-8 cannot write.
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _summary(grades: Grades) -> str:
    lines = [describe_sum(grades, " points")]
    if not grades.complete:
        lines.append("The grading is incomplete; what is missing counts zero:")
        lines += [plain(gap) for gap in grades.gaps]
    return "\n".join(lines)


def _test(number: int, criterion: Criterion) -> dict[str, Any]:
    # Gradescope knows two states. What neither passed nor failed has none, is no part of the maximum, and
    # says so in its name, which every list shows.
    undecided = criterion.status in OPEN
    rest = list_open(criterion) or [criterion.status] * undecided
    return {
        "name": one_line(criterion.name)
        + (f" ({', '.join(rest) or criterion.status})" if rest or undecided else ""),
        "number": str(number),
        "score": float(criterion.score),
        "max_score": float(_possible(criterion)),
        **({} if undecided else {"status": "passed" if criterion.status == "passed" else "failed"}),
        "output": plain("\n".join(_outputs(criterion)), _LONGEST_OUTPUT),
        "output_format": "text",
        "tags": [one_line(tag) for tag in criterion.tags],
        "visibility": criterion.visibility,
    }


def _possible(criterion: Criterion) -> Decimal:
    """The points that could be reached: a deduction gives none, and nor does what could not be checked."""
    # As in our own sums: 80 of 80 with 3 not checkable must not be read as 80 of 83.
    return criterion.points - criterion.count_open(*OPEN) if criterion.points else Decimal(0)


def _outputs(criterion: Criterion) -> list[str]:
    if len(criterion.cases) == 1:
        return [_describe(criterion.cases[0])]
    counts = f"{criterion.passed} of {len(criterion.cases)} cases passed"
    return [counts, *(f"{case.name}: {_describe(case)}" for case in criterion.cases)]


def _describe(case: Case) -> str:
    if case.message.startswith(case.status):
        return case.message
    return case.status + (f": {case.message}" if case.message else "")
