"""Points as properties of a JUnit test suite: xUnit 2 knows properties only there, not at test cases."""

from __future__ import annotations

from reportgen.grading.exports.text import one_line
from reportgen.grading.score import Grades

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
        if name in TOTALS or name == "gap":
            name = f"criterion {name}"
        properties.append((PREFIX + name, f"{criterion.score:f}/{criterion.points:f}"))
    return properties + [(f"{PREFIX}gap", one_line(gap)) for gap in grades.gaps]
