"""Rubrics as pytest collects them: a file of rows, each with its cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UserError
from reportgen.grading.outcomes import leave_open
from reportgen.grading.points import Points
from reportgen.grading.policy import Policy
from reportgen.grading.report import CheckFailure, NotAvailable, NotGraded, Report, consult
from reportgen.grading.rubric import load_rubric
from reportgen.grading.rubric_item import Judge, RubricItem
from reportgen.grading.score import NOT_GRADED
from reportgen.grading.source import load_report, make_report

_HOLDS = "this holds, so points are deducted"


def collect_rubric(file_path: Path, parent: pytest.Collector) -> pytest.File:
    """The collector of a rubric."""
    file: pytest.File = RubricFile.from_parent(parent, path=file_path)
    return file


class RubricFile(pytest.File):
    """A rubric; each of its rows is a test function, with a case for all that its pointer fits."""

    def collect(self) -> Iterator[pytest.Item]:
        """The cases, which depend on the report: it is read here."""
        try:
            rubric = load_rubric(self.path, load_report(self.config).report_kind)
        except UserError as error:
            # pytest's own error for a file: its reader sees the faults of the rubric without a trace of our
            # code.
            raise self.CollectError(str(error)) from None
        report = make_report(self.config)
        for row in rubric.rows:
            # A row without a case would not be collected, and the most that can be reached would be less.
            cases = row.test.cases(report) or [("nothing", _find_nothing)]
            for case, judge in cases:
                name = f"{row.criterion}[{case}]"
                item: RubricCase = RubricCase.from_parent(
                    self, name=name, row=row, judge=judge, report=report
                )
                item.case_name = case
                item.rubric_title, item.rubric_policy = rubric.title, rubric.policy
                yield item


class RubricCase(pytest.Item):
    """One case of a row; ``case_name`` distinguishes it from the others in tables, ``rubric_note`` is a word
    on it if it passes.
    """

    case_name: str
    rubric_title: str
    rubric_policy: Policy
    rubric_note: str = ""

    def __init__(self, *, row: RubricItem, judge: Judge, report: Report, **rest: Any) -> None:
        super().__init__(**rest)
        # As tests of pytest with parameters have it: by this name the plan joins the cases to one check.
        self.originalname = self.rubric_name = row.criterion
        self._row, self._judge, self._report = row, judge, report
        self.rubric_points = _describe_points(row)
        # By the marker other plugins, and options as -m, know that it has points.
        # The marker takes no negative number; what a deduction takes is in rubric_points.
        self.add_marker(pytest.mark.points(max(row.points, Decimal(0))))

    def runtest(self) -> None:
        """Judge the case."""
        try:
            self.rubric_note = consult(self._report, self._judge) or ""
        except NotAvailable as reason:
            leave_open(str(reason))
        except NotGraded as reason:
            leave_open(str(reason), NOT_GRADED)
        # A deduction is taken if its claim holds, so this is how it passes.
        except CheckFailure:
            if not self._row.deducts:
                raise
        else:
            if self._row.deducts:
                raise CheckFailure(_HOLDS)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The numbers and the grader's word, without a trace."""
        if isinstance(excinfo.value, CheckFailure):
            return "\n".join(filter(None, [str(excinfo.value), self._row.message]))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The location of the row."""
        return self.path, None, self.name


def is_verdict(error: BaseException) -> bool:
    """Whether this is how a row's case ends that was judged; anything else is a fault of a check."""
    return isinstance(error, CheckFailure | UserError | pytest.skip.Exception)


def _describe_points(row: RubricItem) -> Points:
    own = Points(max(row.points, Decimal(0)), row.label, row.depends, row.visibility, row.tags)
    if row.deducts:
        return replace(own, kind="deduction", change=row.points)
    if row.bonus:
        return replace(own, kind="bonus")
    return replace(own, best=row.best, part=row.criterion if row.best else "")


def _find_nothing(_report: Report) -> None:
    raise CheckFailure("nothing in the results fits this check")
