"""The command that grades a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import BuildOption, SettingsOption, load


def grade(
    submission: Annotated[
        Path | None,
        typer.Argument(
            metavar="[REPORT]", help="A build folder, results.json or PDF; default: the last build."
        ),
    ] = None,
    rubric: Annotated[
        list[Path] | None,
        typer.Option(
            "--rubric", metavar="FILE", help="A table (.toml) or tests of pytest (.py); may be repeated."
        ),
    ] = None,
    gradescope: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Gradescope's results.json.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junitxml", metavar="FILE", help="Write JUnit XML.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write CSV.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown table.")] = None,
    list_checks: Annotated[
        bool, typer.Option("--list-checks", help="List the checks that a rubric may name, and stop.")
    ] = False,
    settings: SettingsOption = None,
    build: BuildOption = None,
) -> None:
    """Give points for a report, by the rubric of this assignment or by one's own.

    The exit code is 0 for full points, 1 if points are lost, 2 if it cannot be graded.
    """
    if list_checks:
        from reportgen.grading.checks import find_checks

        for name, check in find_checks().items():
            typer.echo(f"{name}: {check.meaning}")
        return
    from reportgen.grading.exports import Exports
    from reportgen.grading.rubric import shipped_rubrics
    from reportgen.grading.run import grade as grade_report

    kind = None
    if submission is None:  # the settings of the current folder count for one's own report only
        own = load(settings, build=build)
        submission, kind = own.build, own.kind
    grades = grade_report(
        submission,
        rubric or shipped_rubrics(kind),
        exports=Exports(gradescope, junit, csv, json, markdown),
        kind=kind,
    )
    if grades.score < grades.points or not grades.complete:
        raise typer.Exit(1)
