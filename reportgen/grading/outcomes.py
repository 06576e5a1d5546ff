"""The outcome of each test, from the reports of its setup, call and teardown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

from reportgen.grading.exports.table import plain
from reportgen.grading.plan import Check, Plan, sort_stably
from reportgen.grading.report import CheckFailure
from reportgen.grading.score import NOT_CHECKABLE, OPEN, STATUSES, Case, Criterion, Status

if TYPE_CHECKING:
    import pytest


LONGEST_MESSAGE = 10_000

STATE, SHARE, NOTE = "reportgen_state", "reportgen_share", "reportgen_note"
"""What a report of pytest carries of a row of a rubric: that its case is open, how much of its points it
reached, and a word on a case that passed."""

_MARK_OF_ERROR = "E  "

# The message of these says enough; of any other exception the name says what happened.
_NAMES = re.compile(r"^(AssertionError|Failed|reportgen\.[\w.]+): ")


@dataclass
class Outcome:
    """A test so far. ``called`` and ``ended`` say whether its call passed and its teardown was reported;
    ``share`` is how much of its points it reached without passing.
    """

    status: Status = "passed"
    message: str = ""
    seconds: float = 0.0
    called: bool = False
    ended: bool = False
    share: Fraction = Fraction(0)

    @property
    def final(self) -> Status | None:
        """The outcome; None if nothing has failed but not everything has run."""
        # Passed only after its teardown: a fixture may break after the call has passed.
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
        # Setup, call and teardown each have a report and a duration of their own.
        outcome.seconds += getattr(report, "duration", 0.0)
        outcome.called |= report.when == "call" and report.passed
        outcome.ended |= report.when == "teardown"
        status: Status = getattr(report, STATE, None) or _judge(report)
        if STATUSES.index(status) > STATUSES.index(outcome.status):
            outcome.status, outcome.message = status, describe_report(report)
            outcome.share = Fraction(getattr(report, SHARE, 0))
        elif outcome.status == "passed" and hasattr(report, NOTE):
            outcome.message = plain(getattr(report, NOTE), LONGEST_MESSAGE)

    def find(self, nodeid: str) -> Outcome:
        """The outcome of a test; an empty one if it did not run."""
        return self._found.get(nodeid, Outcome())


def leave_open(reason: str, state: Status = NOT_CHECKABLE) -> NoReturn:
    """End a test that neither passes nor fails."""
    import pytest

    # A skip, because pytest has no other end of a test that neither passes nor fails.
    skipped = pytest.skip.Exception(reason)
    setattr(skipped, STATE, state)
    raise skipped


def carry_verdict(report: pytest.TestReport, item: pytest.Item, raised: BaseException | None) -> None:
    """Let the report of a test say what its outcome alone does not: it is all that pytest-xdist passes on."""
    state = getattr(raised, STATE, NOT_CHECKABLE if getattr(raised, "not_at_hand", False) else None)
    if state is not None:
        if report.failed:  # a test of pytest that asks for an array which did not come along
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {raised}")
        setattr(report, STATE, state)
    if isinstance(raised, CheckFailure) and raised.share:
        setattr(report, SHARE, str(raised.share))
    if report.passed and report.when == "call" and (note := getattr(item, "rubric_note", "")):
        setattr(report, NOTE, note)


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
    # How pytest keeps a skip: file, line and reason.
    if isinstance(found, tuple) and len(found) == 3:
        return str(found[2]).removeprefix("Skipped: ")
    crash = getattr(found, "reprcrash", None)
    if crash is not None:
        return _NAMES.sub("", str(crash.message))
    # A file that could not be imported has only the text of its trace, where pytest marks the lines of the
    # error.
    text = str(found or "")
    marked = [line[len(_MARK_OF_ERROR) :] for line in text.splitlines() if line.startswith(_MARK_OF_ERROR)]
    return "\n".join(line.strip() for line in marked) if marked else text


_WORDS: dict[Status | None, str] = {
    "failed": "failed", "error": "failed", "skipped": "was skipped", None: "did not run",
    "not checkable": "is not checkable", "not graded yet": "is not graded yet",
}  # fmt: skip

NOT_RUN = "did not run to its end"


@dataclass(frozen=True)
class UncollectedFile:
    """A file without tests: it could not be collected (``error``), or it asked to be skipped."""

    nodeid: str
    status: Status
    message: str


def count_points(
    plan: Plan, outcomes: Outcomes, unread: Iterable[UncollectedFile] = ()
) -> tuple[Criterion, ...]:
    """The criteria in the order of the files; checks of one name are one criterion, their points add up.

    A case counts only if all that it depends on passed, wherever and in whatever order it was run. A file
    that gave no tests is a criterion of no points, so that it is seen.
    """
    hindrances = find_hindrances(plan, outcomes, final=True)
    groups: dict[str, list[Check]] = {}
    for check in plan.checks:
        if check.points is not None:
            groups.setdefault(check.label, []).append(check)
    criteria = [_criterion(name, checks, outcomes, hindrances) for name, checks in groups.items()]
    for file in unread:
        # Worth nothing, for how many points the file has cannot be known without importing it.
        case = Case(file.nodeid, file.status, file.message)
        criteria.append(Criterion(file.nodeid, Decimal(0), (case,)))
    return tuple(criteria)


def count_unfinished(plan: Plan, outcomes: Outcomes) -> tuple[int, int]:
    """Cases with points that did not run to their end, and all cases with points."""
    nodeids = [nodeid for check in plan.checks if check.points for nodeid, _ in check.cases]
    return sum(outcomes.find(nodeid).final is None for nodeid in nodeids), len(nodeids)


@dataclass(frozen=True)
class SkipReason:
    """Why a check must be skipped. It loses its points, unless all that blocks it is undecided itself."""

    reason: str
    status: Status


def find_hindrances(plan: Plan, outcomes: Outcomes, *, final: bool) -> dict[str, SkipReason]:
    """Why checks must be skipped, by their keys: “skipped because 'Q1' failed”, naming what failed first.

    Before the run is over (``final``) a test of which nothing is known yet hinders nothing.
    """
    checks = {check.key: check for check in plan.checks}
    causes: dict[str, dict[str, bool]] = {}
    # In this order, so that what hinders a check is known before those that require it are looked at.
    for key in sort_stably({key: check.requires for key, check in checks.items()}):
        found: dict[str, bool] = {}
        for other in checks[key].requires:
            # One that is hindered itself passes its causes on, so that the chain behind the first failure is
            # not told.
            found.update(causes[other] or _own_cause(checks[other], outcomes, final=final))
        causes[key] = found
    return {
        key: SkipReason(
            f"skipped because {' and '.join(found)}", NOT_CHECKABLE if all(found.values()) else "skipped"
        )
        for key, found in causes.items()
        if found
    }


def _own_cause(check: Check, outcomes: Outcomes, *, final: bool) -> dict[str, bool]:
    """What is wrong with a check, and whether that is merely open."""
    found = [outcomes.find(nodeid).final for nodeid, _ in check.cases]
    bad = [status for status in found if status not in (None, "passed")]
    name = repr((check.points and check.points.part) or check.label)
    if bad:
        worst = max(bad, key=STATUSES.index)
        return {f"{name} {_WORDS[worst]}": worst in OPEN}
    return {f"{name} {_WORDS[None]}": False} if final and None in found else {}


def _criterion(
    name: str, checks: list[Check], outcomes: Outcomes, hindrances: dict[str, SkipReason]
) -> Criterion:
    cases: list[Case] = []
    worth = [check.points for check in checks if check.points is not None]
    for check, points in zip(checks, worth, strict=True):
        # A deduction is worth no points, so it weighs by what it takes.
        weight = (Fraction(points.points) or -Fraction(points.change)) / len(check.cases)
        for nodeid, title in check.cases:
            case = _case(nodeid, title, weight, outcomes, hindrances.get(check.key))
            cases.append(_in_part(case, points.part, alone=len(check.cases) == 1))
    tags = tuple(dict.fromkeys(tag for points in worth for tag in points.tags))
    # The first speaks for all: two visibilities in one criterion are refused with the plan, and other rows
    # of one name, or unlike rows in one group, with the rubric.
    first = worth[0]
    # Of a group all rows are worth the same, and the best of them count.
    counted = [points.points for points in worth][: first.best or None]
    return Criterion(
        name, sum(counted, Decimal(0)), tuple(cases), first.visibility, tags, first.kind, first.best,
        first.change,
    )  # fmt: skip


def _in_part(case: Case, part: str, *, alone: bool) -> Case:
    return replace(case, name=part if alone else f"{part}: {case.name}", part=part) if part else case


def _case(
    nodeid: str, title: str, weight: Fraction, outcomes: Outcomes, hindrance: SkipReason | None
) -> Case:
    outcome = outcomes.find(nodeid)
    if hindrance is not None:
        return Case(title, hindrance.status, hindrance.reason, outcome.seconds, weight)
    status = outcome.final
    if status is None:
        return Case(title, "error", NOT_RUN, outcome.seconds, weight)
    return Case(title, status, outcome.message, outcome.seconds, weight, outcome.share)
