"""What a rubric may name."""

from __future__ import annotations

from typing import Final

from reportgen.grading.checks import NamedCheck, whole
from reportgen.grading.report import Report, require


def judge_count(report: Report, _case: str) -> None:
    """There are as many classes as the data set has."""
    require(report.results.plain.classes == len(report.results.dataset.classes), "another number of classes")


CHECKS: Final = {"plainly_true": NamedCheck(whole, judge_count)}
