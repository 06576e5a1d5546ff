"""Commands of graders: grade and verify."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import BuildOption, QuietOption, SettingsOption, load
from reportgen.console import choose_progress
from reportgen.settings import Settings


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


INCOMPLETE = 3
"""The exit code if nothing differs, but not everything could be looked at."""

_CACHE_LIMIT_MB = 10_000


def verify(
    submission: Annotated[
        Path, typer.Argument(metavar="REPORT", help="A PDF or a build folder that somebody handed in.")
    ],
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="The images that it is about.")],
    rubric: Annotated[
        list[Path] | None, typer.Option("--rubric", metavar="FILE", help="Grade it, too; may be repeated.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own copy of the weights, for a report that used a file of its own."
        ),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(
            "--section",
            metavar="NAME",
            help="A section that it must have; repeated, in their order. Without it: those that it has.",
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Your own templates, if the report was to be made with them."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every row as JSON.")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="Your own results from an earlier run. Without it, everything is computed again.",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Recompute a submitted report from its images, and say what is confirmed and what differs.

    The exit code is 0 if all is confirmed, 1 if something differs, 3 if nothing differs but something could
    not be recomputed, 2 if the report cannot be read. No settings and no cache of the current folder are
    used: it may be that of the submission.
    """
    from dataclasses import replace

    from reportgen.outline.kind import Outline
    from reportgen.store.output import check_output, is_json_with, write_output
    from reportgen.verify import describe, verify, write_json

    outline = Outline(sections=tuple(section)) if section else None
    if outline is not None:
        outline.kind  # noqa: B018 - a section that is not installed is reported before anything is computed
    own_json = is_json_with("submission", "data", "confirmed", "rows")
    if json is not None:
        check_output(json, own_json)
    with _own_cache(cache) as folder:
        named = str(weights.expanduser().absolute()) if weights else "auto"
        own = Settings(
            weights=named,
            cache=folder,
            cache_limit_mb=_CACHE_LIMIT_MB,
            templates=templates.expanduser().absolute() if templates else None,
        )
        found = verify(submission, data, settings=own, outline=outline, progress=choose_progress(quiet=quiet))
    if rubric:
        from reportgen.grading.run import grade

        kind = outline.kind if outline else None
        found = replace(found, grades=grade(submission, rubric, show=False, kind=kind))
    for line in describe(found):
        typer.echo(line)
    if json is not None:
        write_output(json, write_json(found).encode("utf-8", "backslashreplace"), own_json)
    if not found.confirmed:
        raise typer.Exit(1)
    if not found.complete:
        raise typer.Exit(INCOMPLETE)


@contextlib.contextmanager
def _own_cache(named: Path | None) -> Iterator[Path]:
    """The folder for what is computed: the one that is named, else one that nobody has written to."""
    if named is not None:
        yield named.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-verify-") as folder:
        yield Path(folder)
