"""Collects the rows of a rubric as pytest tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UserError
from reportgen.grading.report import CheckFailure, NotAtHand, Report
from reportgen.grading.rubric import load_rubric
from reportgen.grading.rubric_item import Judge, RubricItem
from reportgen.grading.source import load_report, locate_report, read_page


def collect_rubric(file_path: Path, parent: pytest.Collector) -> pytest.File:
    """The collector of a rubric."""
    file: pytest.File = RubricFile.from_parent(parent, path=file_path)
    return file


class RubricFile(pytest.File):
    """A rubric; each of its rows is a test function, with a case for all that its pointer fits."""

    def collect(self) -> Iterator[pytest.Item]:
        """The cases, which depend on the report: it is read here."""
        try:
            results = load_report(self.config)
            rubric = load_rubric(self.path, results.report_kind)
        except UserError as error:
            raise self.CollectError(str(error)) from None
        report = Report(results, partial(read_page, locate_report(self.config)))
        for row in rubric.rows:
            cases = row.test.cases(report) or [("nothing", _find_nothing)]
            for case, judge in cases:
                name = f"{row.criterion}[{case}]"
                item: RubricCase = RubricCase.from_parent(
                    self, name=name, row=row, judge=judge, report=report
                )
                item.case_name = case
                item.rubric_title = rubric.title
                yield item


class RubricCase(pytest.Item):
    """One case of a row; ``case_name`` tells it from the others in tables."""

    case_name: str
    rubric_title: str

    def __init__(self, *, row: RubricItem, judge: Judge, report: Report, **rest: Any) -> None:
        super().__init__(**rest)
        self.originalname = row.criterion
        self._row, self._judge, self._report = row, judge, report
        self.add_marker(
            pytest.mark.points(
                row.points,
                criterion=row.criterion,
                depends=row.depends or None,
                visibility=row.visibility,
                tags=row.tags,
            )
        )

    def runtest(self) -> None:
        """Judge the case."""
        try:
            self._judge(self._report)
        except NotAtHand as reason:
            pytest.skip(str(reason))

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


def _find_nothing(_report: Report) -> None:
    raise CheckFailure("nothing in the results fits this check")
