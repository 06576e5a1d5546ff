"""The graded report as the checks of a rubric see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reportgen.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.contract.reader import LoadedResults
    from reportgen.document.reader import Page


class GradingError(UserError):
    """A rubric cannot be collected, or grades cannot be read; the submission is not judged."""


class CheckFailure(Exception):  # noqa: N818 - a verdict, not an error
    """A check did not pass, and why."""


class NotAtHand(Exception):  # noqa: N818 - a verdict, not an error
    """The report lacks what a check looks at."""


@dataclass(frozen=True)
class Report:
    """``results`` as they were read; ``read_page`` gives the text of ``report.html`` of the same build."""

    results: LoadedResults
    read_page: Callable[[], str]

    def array(self, section: str, key: str) -> NDArray[Any]:
        """An array of a section. Raises ``NotAtHand`` without any, ``CheckFailure`` if it is not true."""
        from reportgen.contract.lookup import PointerError

        if self.results.folder is None:
            raise NotAtHand("the arrays are not part of a PDF; grade the build folder")
        try:
            return self.results.array(section, key)
        except PointerError as error:
            raise CheckFailure(error.problem) from None

    @cached_property
    def parsed_page(self) -> Page:
        """What a reader sees of the document, read once for all checks. Raises as ``page`` does."""
        from reportgen.document.reader import parse_page

        return parse_page(self.page())

    def page(self) -> str:
        """The document. Raises ``NotAtHand`` if it did not come along, ``CheckFailure`` if it is missing."""
        if self.results.folder is None:
            raise NotAtHand("report.html is not part of a PDF; grade the build folder")
        try:
            return self.read_page()
        except GradingError as error:
            raise CheckFailure(error.problem) from None


def require(holds: bool, problem: str) -> None:
    """Raise ``CheckFailure`` with ``problem`` unless it ``holds``."""
    if not holds:
        raise CheckFailure(problem)
