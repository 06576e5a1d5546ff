"""The ``results.json`` that Gradescope reads (documented as Autograder Specifications)."""

from __future__ import annotations

import json
from typing import Any

from reportgen.grading.exports.text import one_line, plain
from reportgen.grading.score import Case, Criterion, Grades

_LONGEST = 100_000


def write_gradescope(grades: Grades) -> str:
    """One test a criterion, numbered in order; a criterion is passed only if all of its cases are.

    What a program prints is for instructors only. Each criterion has the visibility it was given.
    """
    document = {
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
        "output": plain("\n".join(_outputs(criterion)), _LONGEST),
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
