"""Grading of a group's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.job import Job, Mark, Outcome, localise
from reportgen.contract.lookup import find_value
from reportgen.outline.kind import ReportKind

if TYPE_CHECKING:
    from reportgen.grading.report import Supplement
    from reportgen.grading.score import Grades
    from reportgen.progress import Progress


GRADES_FILES = {
    "gradescope": "gradescope.json",
    "csv": "grades.csv",
    "json": "grades.json",
    "markdown": "grades.md",
}
"""Kinds of exports and their files."""


@dataclass(frozen=True)
class GradedReport:
    """The outcome of grading, and what the instructor should know of the report."""

    outcome: Outcome
    notes: tuple[str, ...]


def find_rubrics(job: Job) -> list[Path]:
    """The rubrics of a job: those of the class, or those of its sections."""
    from reportgen.grading.shipped import shipped_rubrics

    return [Path(name) for name in job.config.rubrics] or shipped_rubrics(job.config.outline.kind)


def mark(report: Path, job: Job, folder: Path, progress: Progress) -> GradedReport:
    """Grade a report and write its points to ``folder``, without times, which differ from run to run.

    Raises ``UserError`` if the report cannot be read or a rubric not be used.
    """
    from reportgen.contract.reader import load_results
    from reportgen.grading.exports import Exports, write_exports
    from reportgen.grading.policy import LATE, UNDATED
    from reportgen.grading.run import grade
    from reportgen.grading.score import NOT_CHECKABLE, describe_sum

    kind = job.config.outline.kind
    with progress.stage("Grading"):
        found = grade(report, find_rubrics(job), show=False, kind=kind, supplement=_supplement(job))
        grades = _settle(found, job, folder)
    write_exports(grades, Exports(**{kind: folder / name for kind, name in GRADES_FILES.items()}))
    document = load_results(report, kind).document
    correct, total = _count_correct(document, kind)
    marks = tuple(
        Mark(item.name, f"{item.score:f}", f"{item.points:f}", item.status) for item in grades.criteria
    )
    # Nobody is to take for lost what could not be checked.
    undecided = describe_sum(grades, " points") if grades.open_points else ""
    outcome = Outcome(
        score=f"{grades.score:f}",
        points=f"{grades.points:f}",
        marks=marks,
        correct=correct,
        total=total,
        undecided=undecided,
    )
    undated = any(item.name == LATE and item.status == NOT_CHECKABLE for item in grades.criteria)
    said = (*filter(None, [undecided]), *([UNDATED] if undated else []), *grades.gaps)
    return GradedReport(outcome, (*said, *document["dataset"]["warnings"]))


def _supplement(job: Job) -> Supplement:
    """What a person knows of the group beside its report."""
    from reportgen.grading.report import ManualPoints, Supplement

    manual = {
        typed.criterion: ManualPoints(Decimal(typed.points), Decimal(typed.of), typed.comment)
        for typed in job.manual
    }
    return Supplement(datetime.fromisoformat(job.submitted) if job.submitted else None, manual)


def _settle(grades: Grades, job: Job, folder: Path) -> Grades:
    """The grades without times and without paths of this machine."""
    criteria = tuple(
        replace(
            item,
            cases=tuple(
                replace(case, seconds=0.0, message=localise(case.message, job, folder)) for case in item.cases
            ),
        )
        for item in grades.criteria
    )
    gaps = tuple(localise(gap, job, folder) for gap in grades.gaps)
    return replace(grades, subject=job.name, criteria=criteria, seconds=0.0, gaps=gaps)


def _count_correct(document: Mapping[str, Any], kind: ReportKind) -> tuple[int, int]:
    """The two counts of the first section with a headline, as test images and those of them that are right;
    zeros if there is none.
    """
    if kind.headline is None or kind.headline[0].name not in document:
        return 0, 0
    section, line = kind.headline
    count, total = (
        find_value(document, f"/{section.name}{pointer}", "the report")
        for pointer in (line.count, line.total)
    )
    return int(count), int(total)
