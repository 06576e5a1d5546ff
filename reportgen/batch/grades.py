"""Grading and verification of a group's report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.job import Job, Mark, Outcome, describe_problem, localise
from reportgen.contract.lookup import find_value
from reportgen.errors import ExplanationError, RenderError, UserError, WeightsError
from reportgen.models.backend import BackendError
from reportgen.outline.kind import ReportKind
from reportgen.store.files import StorageError, write_atomically
from reportgen.text import plural, printable

if TYPE_CHECKING:
    from reportgen.grading.score import Grades
    from reportgen.progress import Progress
    from reportgen.settings import Settings
    from reportgen.verify import Verification


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


def mark(report: Path, job: Job, folder: Path, progress: Progress) -> GradedReport:
    """Grade a report and write its points to ``folder``, without times, which differ from run to run.

    Raises ``UserError`` if the report cannot be read or a rubric not be used.
    """
    from reportgen.contract.reader import load_results
    from reportgen.grading.exports import Exports, write_exports
    from reportgen.grading.rubric import shipped_rubrics
    from reportgen.grading.run import grade
    from reportgen.grading.score import describe_sum

    kind = job.config.outline.kind
    with progress.stage("Grading"):
        rubrics = [Path(name) for name in job.config.rubrics] or shipped_rubrics(kind)
        grades = _settle(grade(report, rubrics, show=False, kind=kind), job, folder)
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
        fingerprint=_fingerprint(document, kind),
        undecided=undecided,
    )
    return GradedReport(outcome, (*filter(None, [undecided]), *grades.gaps, *document["dataset"]["warnings"]))


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


def _fingerprint(document: Mapping[str, Any], kind: ReportKind) -> str:
    """A hash of all computed numbers, whatever files and classes are called."""
    numbers = list(_numbers([document.get(section) for section in kind.names]))
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


_LONGEST_REASON = 300

_NOT_THEIRS = (BackendError, ExplanationError, RenderError, WeightsError)
"""Errors due to this machine and not to the group's submission."""

JSON_FILE, TEXT_FILE = "verification.json", "verification.txt"


@dataclass(frozen=True)
class Case:
    """The input of a verification: the submitted report, and the data and settings it should come from."""

    submission: Path | None
    data: Path | None
    settings: Settings


def verify_group(outcome: Outcome, case: Case, job: Job, folder: Path, progress: Progress) -> Outcome:
    """Recompute a submitted report from data; the findings go to ``folder``, and in few words to the outcome.

    A report that cannot be verified is no failure of the group. Raises ``StorageError`` if nothing can be
    written.
    """
    if case.submission is None:
        return replace(outcome, verification="no report handed in")
    if case.data is None:
        return replace(outcome, verification="no data handed in")
    from reportgen.verify import describe, verify, write_json

    try:
        found = verify(
            case.submission, case.data, settings=case.settings, outline=job.config.outline, progress=progress
        )
    # It is a UserError, too, but a full disk says nothing about the report.
    except StorageError:
        raise
    except UserError as error:
        reason = describe_problem(error, job, folder)
        return replace(
            outcome,
            verification=f"cannot be verified: {reason}",
            differs=not isinstance(error, _NOT_THEIRS),
        )
    found = replace(found, submission=case.submission.name, data=case.data.name)
    texts = {JSON_FILE: write_json(found), TEXT_FILE: "\n".join(describe(found)) + "\n"}
    for name, text in texts.items():
        # A report may hold characters that no encoding has.
        write_atomically(folder / name, localise(text, job, folder).encode("utf-8", "backslashreplace"))
    return replace(outcome, verification=_judge(found), verified=True, differs=not found.confirmed)


def _judge(found: Verification) -> str:
    differing, missing = found.of("differs"), found.of("not recomputable")
    if differing:
        subjects = ", ".join(dict.fromkeys(row.subject for row in differing))
        return f"{plural(len(differing), 'differs', 'differ')}: {subjects}"
    if missing:
        reason = next((row.reason for row in missing if row.reason), "")
        text = f"nothing differs; {len(missing)} could not be recomputed"
        return f"{text}: {printable(reason)[:_LONGEST_REASON]}" if reason else text
    return "confirmed"
