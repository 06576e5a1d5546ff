"""A graded pytest run: plan the checks, follow them, and write their points at the end."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reportgen.grading.exports import Exports
    from reportgen.grading.outcomes import Outcomes, UncollectedFile
    from reportgen.grading.plan import Plan
    from reportgen.grading.score import Grades

FILES = {name: f"reportgen_{name}" for name in ("gradescope", "csv", "json")} | {"markdown": "reportgen_md"}
FIXTURES = ("results", "report_html")
PLAN, USAGE = "reportgen_plan", "reportgen_usage"
GRADES = pytest.StashKey["Grades"]()
"""Where a run leaves its grades."""
_OURS = "reportgen.grading."
_COLOURS = {"passed": "green", "failed": "red", "error": "red"}
"""Colours of lines of the table by status; all others are yellow."""


class GradedRun:
    """Follows a run. Until there is a plan, or one of the options, it leaves everything as it is.

    With pytest-xdist one of these lives in each worker, which plans and runs, and one in the controller,
    which receives the plan with the reports and counts. A worker that does not know what became of a test
    elsewhere runs what depends on it; the points are the same, for the controller sees all.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._worker = hasattr(config, "workerinput")
        self._plan: Plan | None = None
        self._outcomes: Outcomes | None = None
        self._deselected: list[pytest.Item] = []
        self._unread: list[UncollectedFile] = []
        self._stopped = ""
        self._problem = ""
        self._start = time.perf_counter()
        self._plan_sent = False

    @property
    def _asked(self) -> bool:
        """Whether one of the options was given."""
        names = ("reportgen_results", *FILES.values())
        return any(self._config.getoption(name, None) for name in names)

    @property
    def _idle(self) -> bool:
        return self._plan is None and not self._asked

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """One clear error for a wrong ``--results``; and no grades of an earlier run stay."""
        # Only the controller, and once: it alone writes the files.
        if self._worker or self._config.option.collectonly or not self._asked:
            return
        from reportgen.errors import UserError
        from reportgen.grading.exports import remove_exports

        try:
            remove_exports(self._exports())
            if self._config.getoption("reportgen_results", None):
                self._load()
        except UserError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what ``-k``, ``-m`` and their like leave out."""
        self._deselected.extend(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that gives no tests may hold points: it is never dropped."""
        if report.passed:
            return
        from reportgen.grading.outcomes import UncollectedFile, describe_report

        nodeid = report.nodeid or "collection"
        self._unread.append(
            UncollectedFile(nodeid, "error" if report.failed else "skipped", describe_report(report))
        )

    # Outermost, so that all other plugins have sorted and left out tests before the plan is made.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        """Read the markers and put each test behind what it depends on."""
        outcome = yield
        try:
            self._prepare(items)
        except pytest.UsageError as error:
            if self._worker:
                # What a worker raises does not reach the user; the controller raises it again.
                self._output()[USAGE] = str(error)
            raise
        return outcome

    def _prepare(self, items: list[pytest.Item]) -> None:
        from reportgen.grading.plan import make_plan, order_items, read_rubrics, uses_points
        from reportgen.grading.source import name_report

        if any(_uses_our_fixtures(item) for item in items) and not self._config.option.collectonly:
            self._load()
        if not (uses_points(items) or uses_points(self._deselected)):
            return
        some = bool(self._config.getoption("lf", False)) or any("::" in name for name in self._config.args)
        # Where a part is run on purpose, what it depends on may be missing.
        plan = make_plan(items, self._deselected, part=some)
        plan = replace(plan, subject=name_report(self._config), **read_rubrics(items))
        if any(check.requires for check in plan.checks):
            items[:] = order_items(plan, items)
        self._receive(plan)
        # One bad file is to cost its own points, as it does with pytest-xdist, not those of all others.
        self._config.option.continue_on_collection_errors = True
        if self._worker:
            from reportgen.grading.plan import write_plan

            self._output()[PLAN] = write_plan(plan)

    def _load(self) -> None:
        from reportgen.errors import UserError
        from reportgen.grading.source import load_report

        try:
            load_report(self._config)
        except UserError as error:
            raise pytest.UsageError(str(error)) from None

    def _receive(self, plan: Plan) -> None:
        from reportgen.grading.outcomes import Outcomes

        self._plan, self._outcomes = plan, self._outcomes or Outcomes()
        self._followed = {nodeid for check in plan.checks for nodeid, _ in check.cases}
        self._check_of = {nodeid: check for check in plan.checks for nodeid, _ in check.cases}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what depends on a test that did not pass."""
        if self._plan is None or self._outcomes is None:
            return
        check = self._check_of.get(item.nodeid)
        if check is None or not check.requires:
            return
        from reportgen.grading.outcomes import find_hindrances

        hindrance = find_hindrances(self._plan, self._outcomes, final=False).get(check.key)
        if hindrance:
            pytest.skip(hindrance.reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A worker's first report carries the plan; properties would end in the JUnit file of each test.
        So do the reports carry what the rows of rubrics found out, wherever they are counted.
        """
        report = yield
        if self._plan is not None:
            from reportgen.grading.outcomes import carry_verdict

            carry_verdict(report, item, call.excinfo.value if call.excinfo else None)
        if self._worker and self._plan is not None and not self._plan_sent:
            setattr(report, PLAN, self._output()[PLAN])
            self._plan_sent = True
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what became of a test."""
        self._receive_text(getattr(report, PLAN, None))
        if self._outcomes is not None and report.nodeid in self._followed:
            self._outcomes.add(report)

    # Optional: where pytest-xdist is not installed, nobody knows such a hook, and pytest would refuse it.
    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist has ended: its plan, and what it found wrong with the markers."""
        output = getattr(node, "workeroutput", None) or {}
        self._receive_text(output.get(PLAN))
        if USAGE in output:
            raise pytest.UsageError(output[USAGE])

    def _receive_text(self, text: str | None) -> None:
        if text is not None and self._plan is None:
            from reportgen.grading.plan import read_plan

            self._receive(read_plan(text))

    def _output(self) -> dict[str, Any]:
        output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
        return output

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say in the grades that the run was stopped."""
        self._stopped = f"the run was interrupted {excinfo.value}".strip()

    def pytest_internalerror(self) -> None:
        """Say in the grades that the run broke."""
        self._stopped = "pytest met an internal error"

    # First, since the JUnit file is written in the same hook.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Count the points and write the files that were asked for."""
        usage = exitstatus == pytest.ExitCode.USAGE_ERROR
        self._stopped = self._stopped or str(session.shouldfail or session.shouldstop or "")
        # After a wrong use nothing has run, and a file of zeros would look like a grade.
        if self._worker or self._idle or usage or self._config.option.collectonly:
            return
        from reportgen.errors import UserError
        from reportgen.grading.exports import write_exports
        from reportgen.grading.exports.table import list_properties

        grades = self._config.stash[GRADES] = self._count()
        for plugin in self._config.pluginmanager.get_plugins():
            # By name, for the class is private to pytest. It writes the JUnit file.
            if type(plugin).__name__ == "LogXML":
                for name, value in list_properties(grades):
                    plugin.add_global_property(name, value)
        try:
            write_exports(grades, self._exports())
        except UserError as error:
            self._problem = str(error)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of points."""
        grades = self._config.stash.get(GRADES, None)
        if grades is None:
            return
        from reportgen.grading.exports.table import describe_grades

        terminalreporter.section("points")
        width = self._config.get_terminal_writer().fullwidth
        for line in describe_grades(grades, width):
            colours = {_COLOURS.get(line.status, "yellow"): True} if line.status else {}
            terminalreporter.write_line(line.text, **colours)
        if self._problem:
            terminalreporter.write_line(f"ERROR: {self._problem}", red=True)

    def _count(self) -> Grades:
        from reportgen.grading.outcomes import Outcomes, count_points
        from reportgen.grading.plan import Plan
        from reportgen.grading.policy import apply_policy
        from reportgen.grading.score import Grades
        from reportgen.grading.source import find_supplement, name_report

        plan, outcomes = self._plan or Plan(), self._outcomes or Outcomes()
        criteria = count_points(plan, outcomes, self._unread)
        return Grades(
            plan.subject or name_report(self._config),
            apply_policy(criteria, plan.policy, find_supplement(self._config).submitted),
            title=plan.title,
            seconds=time.perf_counter() - self._start,
            gaps=tuple(self._gaps(plan, outcomes)),
        )

    def _gaps(self, plan: Plan, outcomes: Outcomes) -> list[str]:
        from reportgen.grading.outcomes import count_unfinished

        words = {"error": "could not be collected", "skipped": "was skipped as a whole"}
        gaps = [f"{file.nodeid} {words[file.status]}, with whatever points it has" for file in self._unread]
        missing, total = count_unfinished(plan, outcomes)
        if missing:
            why = self._stopped or "the run was stopped before"
            gaps.append(f"{missing} of {total} tests with points did not run: {why}")
        if plan.left_out:
            gaps.append(f"these are a part of the points: {plan.left_out} tests with points were left out")
        if not plan.checks and not gaps:
            gaps.append("no test has points")
        return gaps

    def _exports(self) -> Exports:
        from reportgen.grading.exports import Exports

        here = self._config.invocation_params.dir
        options = {name: self._config.getoption(option, None) for name, option in FILES.items()}
        # The shell expands ~ in front of a word only, and not in --csv=~/grades.csv.
        return Exports(**{name: here / Path(file).expanduser() for name, file in options.items() if file})


def _uses_our_fixtures(item: pytest.Item) -> bool:
    """Whether a test asks for ``results`` or ``report_html`` of this plugin, or is a row of a rubric."""
    if type(item).__module__.startswith(_OURS):
        return True
    # Not by name alone: a conftest.py may have a fixture "results" of its own. The last definition is the
    # one used.
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    found = [definitions[name][-1] for name in FIXTURES if definitions.get(name)]
    return any(getattr(one.func, "__module__", "").startswith(_OURS) for one in found)
