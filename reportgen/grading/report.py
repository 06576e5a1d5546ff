"""The graded report as the checks of a rubric see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from reportgen.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.contract.reader import LoadedResults
    from reportgen.document.reader import Page


class GradingError(UserError):
    """A rubric cannot be collected, or grades cannot be read; the submission is not judged."""


class CheckFailure(Exception):  # noqa: N818 - a verdict, not an error
    """A check did not pass, and why; ``share`` of its points, below 1, are reached all the same."""

    def __init__(self, problem: str, share: Fraction = Fraction(0)) -> None:
        super().__init__(problem)
        self.share = share


class NotAvailable(Exception):  # noqa: N818 - a verdict, not an error
    """The report lacks what a check looks at, so that it neither passes nor fails."""


class NotGraded(Exception):  # noqa: N818 - a verdict, not an error
    """A person has yet to give the points."""


_NO_DATA = "grade the build folder, or name the images with --data"


@dataclass(frozen=True)
class ManualPoints:
    """What a person gave for a criterion, of how many points, and why."""

    points: Decimal
    of: Decimal
    comment: str = ""

    @property
    def share(self) -> Fraction:
        """The part of the points that was given."""
        return Fraction(self.points) / Fraction(self.of)


@dataclass(frozen=True)
class Rebuilt:
    """What was recomputed from the data of a report, for checks of what did not come along with it.

    ``results`` are those of the recomputation with its arrays, None if they may not replace the
    report's; ``page`` is the document as it was rendered again, "" if it may not. ``reason`` says why not;
    ``missing`` says why the arrays of a section are not there.
    """

    results: LoadedResults | None = None
    page: str = ""
    reason: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Supplement:
    """What a grader gives beside report and rubric: the time of submission, points typed in by hand, by
    criterion, and what was recomputed.
    """

    submitted: datetime | None = None
    manual: Mapping[str, ManualPoints] = field(default_factory=dict)
    rebuilt: Rebuilt | None = None


NOTHING_MORE = Supplement()


@dataclass(frozen=True)
class Report:
    """``results`` as they were read; ``read_page`` gives the text of ``report.html`` of the same build.

    ``read_commentary`` gives the authors' own words by part of the report; ``manual`` are the points that a
    person typed in, by criterion. ``rebuilt`` is the same report with all that did not come along, None if
    there is none; ``reason`` says why not, ``missing`` why there are no arrays of a section.
    """

    results: LoadedResults
    read_page: Callable[[], str]
    read_commentary: Callable[[], Mapping[str, str]] = dict
    manual: Mapping[str, ManualPoints] = field(default_factory=dict)
    rebuilt: Report | None = None
    reason: str = _NO_DATA
    missing: Mapping[str, str] = field(default_factory=dict)

    def array(self, section: str, key: str) -> NDArray[Any]:
        """An array of a section. Raises ``NotAvailable`` without any, ``CheckFailure`` if it is not true."""
        from reportgen.pointer import PointerError

        if self.results.folder is None:
            raise NotAvailable(f"the arrays are not part of a PDF; {self.reason}")
        if section in self.missing:
            raise NotAvailable(f"the arrays could not be recomputed: {self.missing[section]}")
        try:
            return self.results.array(section, key)
        except PointerError as error:
            raise CheckFailure(error.problem) from None

    @cached_property
    def parsed_page(self) -> Page:
        """What a reader sees of the document, read once for all checks. Raises as ``page`` does."""
        from reportgen.document.reader import parse_page

        return parse_page(self.page())

    def commentary(self) -> Mapping[str, str]:
        """The authors' own words by part of the report. Raises ``NotAvailable`` if they are not there."""
        return self.read_commentary()

    def page(self) -> str:
        """The document. Raises ``NotAvailable`` if it did not come along, ``CheckFailure`` if missing."""
        if self.results.folder is None:
            raise NotAvailable(f"report.html is not part of a PDF; {self.reason}")
        try:
            return self.read_page()
        except GradingError as error:
            raise CheckFailure(error.problem) from None


T = TypeVar("T")


def consult(report: Report, judge: Callable[[Report], T]) -> T:
    """What ``judge`` says of a report, or, if that lacks what it looks at, of the same report rebuilt."""
    try:
        return judge(report)
    except NotAvailable:
        if report.rebuilt is None:
            raise
        return judge(report.rebuilt)


def require(holds: bool, problem: str) -> None:
    """Raise ``CheckFailure`` with ``problem`` unless it ``holds``."""
    if not holds:
        raise CheckFailure(problem)
