"""What a rubric may name."""

from __future__ import annotations

from typing import Final

from reportgen.grading.checks import NamedCheck, classes
from reportgen.grading.report import Report, require


def judge_mean(report: Report, label: str) -> None:
    """The mean brightness of a class's image is the mean over the rows that are in the arrays."""
    numbers = report.results.brightness
    rows = report.array("brightness", f"rows_{list(numbers.mean).index(label)}")
    require(
        abs(float(rows.mean()) / 255 - numbers.mean[label]) < 1e-6,
        f"/brightness/mean/{label} is not the mean of its rows",
    )


CHECKS: Final = {"brightness_true": NamedCheck(classes, judge_mean)}
