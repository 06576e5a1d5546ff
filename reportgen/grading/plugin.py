"""The pytest plugin: points for tests, and the results of a report as a fixture.

Every pytest run of this Python loads this file, so it imports little and does nothing until a test has
points, a rubric is collected, or one of its options is given.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults

RUBRIC_ENDING = "rubric.toml"
_MARKER = (
    'points(n, criterion=None, depends=None, visibility="visible", tags=()): what a test is worth. The cases '
    "of a parametrised test share its points alike; tests with one criterion add theirs up. depends names "
    "criteria or test functions without which it is skipped and counts zero. (reportgen)"
)
_OPTIONS = (
    ("--results", "PATH", "report to grade: a build folder, results.json or PDF (default: the last build)"),
    ("--gradescope", "FILE", "write the points as the results.json of Gradescope"),
    ("--grades-csv", "FILE", "write the points as CSV, one row a criterion"),
    ("--grades-json", "FILE", "write the points as JSON"),
    ("--grades-md", "FILE", "write the points as a Markdown table"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, under names of their own so as not to meet those of others."""
    group = parser.getgroup("reportgen", "points from the results of a report")
    for option, metavar, text in _OPTIONS:
        name = "reportgen_" + option.strip("-").removeprefix("grades-")
        group.addoption(option, metavar=metavar, dest=name, default=None, help=text)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and what follows the run, after all who also want a say in the order of tests."""
    from reportgen.grading.session import GradedRun

    config.addinivalue_line("markers", _MARKER)
    config.pluginmanager.register(GradedRun(config), "reportgen-graded-run")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect ``rubric.toml``, ``*.rubric.toml``, and any other TOML file that is named as an argument."""
    name = file_path.name
    named = file_path.suffix == ".toml" and parent.session.isinitpath(file_path)
    # Not every TOML file: pytest goes through whole folders, and most have a pyproject.toml.
    if not (named or name == RUBRIC_ENDING or name.endswith(f".{RUBRIC_ENDING}")):
        return None
    from reportgen.grading.rubric_file import collect_rubric

    rubric: pytest.Collector = collect_rubric(file_path, parent)
    return rubric


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> LoadedResults:
    """The results of the report: ``results.transfer.accuracy["test"]``, ``results.at("/transfer/…")``."""
    from reportgen.errors import UserError
    from reportgen.grading.source import load_report

    try:
        return load_report(request.config)
    except UserError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def report_html(request: pytest.FixtureRequest) -> str:
    """The text of ``report.html`` of the same build folder."""
    from reportgen.errors import UserError
    from reportgen.grading.outcomes import leave_open
    from reportgen.grading.report import NotAvailable, Report, consult
    from reportgen.grading.source import load_report, locate_report, make_report, read_page

    try:
        # A PDF brings no page, but its recomputation may have one.
        if load_report(request.config).folder is None:
            return consult(make_report(request.config), Report.page)
        return read_page(locate_report(request.config))
    except NotAvailable as reason:
        leave_open(str(reason))
    except UserError as error:
        pytest.fail(str(error), pytrace=False)
