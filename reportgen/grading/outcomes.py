"""What became of each test, from the reports of its setup, its call and its teardown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.grading.exports.text import plain
from reportgen.grading.score import STATUSES, Status

if TYPE_CHECKING:
    import pytest

LONGEST_MESSAGE = 10_000
_MARK_OF_ERROR = "E  "
# Of these the words say enough; the name of any other exception tells what happened.
_NAMES = re.compile(r"^(AssertionError|Failed|reportgen\.[\w.]+): ")


@dataclass
class Outcome:
    """A test so far. ``called`` and ``ended`` say whether its call passed and its teardown was reported."""

    status: Status = "passed"
    message: str = ""
    seconds: float = 0.0
    called: bool = False
    ended: bool = False

    @property
    def final(self) -> Status | None:
        """What became of it; None if nothing bad was heard, but not all of it has run."""
        if self.status != "passed" or (self.called and self.ended):
            return self.status
        return None


class Outcomes:
    """The outcomes of tests by node id, built up report by report."""

    def __init__(self) -> None:
        self._found: dict[str, Outcome] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take in a report. The worst of a test's reports counts; a test may be reported more than once."""
        outcome = self._found.setdefault(report.nodeid, Outcome())
        outcome.seconds += getattr(report, "duration", 0.0)
        outcome.called |= report.when == "call" and report.passed
        outcome.ended |= report.when == "teardown"
        status = _judge(report)
        if STATUSES.index(status) > STATUSES.index(outcome.status):
            outcome.status, outcome.message = status, describe_report(report)

    def find(self, nodeid: str) -> Outcome:
        """What is known of a test; nothing, if it did not run."""
        return self._found.get(nodeid, Outcome())


def _judge(report: pytest.TestReport) -> Status:
    if report.failed:
        # "???" is what pytest-xdist says of a test that took its worker along.
        return "failed" if report.when == "call" else "error"
    if report.skipped:
        # Expected to fail, and failed: what was asked for is not there all the same.
        return "failed" if hasattr(report, "wasxfail") else "skipped"
    return "passed"


def describe_report(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test or a file did not pass, in the words of its assertion or exception, without the trace."""
    if hasattr(report, "wasxfail"):
        reason = str(report.wasxfail).removeprefix("reason: ")
        return plain("expected to fail" + (f": {reason}" if reason else ""), LONGEST_MESSAGE)
    return plain(_reason(report.longrepr), LONGEST_MESSAGE).strip()


def _reason(found: Any) -> str:
    if isinstance(found, tuple) and len(found) == 3:
        return str(found[2]).removeprefix("Skipped: ")
    crash = getattr(found, "reprcrash", None)
    if crash is not None:
        return _NAMES.sub("", str(crash.message))
    text = str(found or "")
    marked = [line[len(_MARK_OF_ERROR) :] for line in text.splitlines() if line.startswith(_MARK_OF_ERROR)]
    return "\n".join(line.strip() for line in marked) if marked else text
