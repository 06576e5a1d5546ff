"""Grades as the ``results.json`` that Gradescope reads."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from reportgen.grading.exports.table import list_open, one_line, plain
from reportgen.grading.score import OPEN, Case, Criterion, Grades, describe_sum

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
