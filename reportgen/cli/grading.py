"""The command grade."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import BuildOption, QuietOption, SettingsOption, load
from reportgen.cli.verifying import Own, recompute
from reportgen.errors import UserError

if TYPE_CHECKING:
    from reportgen.grading.report import ManualPoints, Rebuilt
    from reportgen.grading.rubric import Rubric
    from reportgen.outline.kind import ReportKind


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
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Its images: from them what a PDF lacks is recomputed.",
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --data: your own copy of the report's weights.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", metavar="FOLDER", help="With --data: your own results from an earlier run."),
    ] = None,
    submitted: Annotated[
        str | None,
        typer.Option("--submitted", metavar="DATETIME", help="When it came, as 2026-02-01T23:59:00."),
    ] = None,
    manual: Annotated[
        Path | None,
        typer.Option("--manual", metavar="FILE", help="Points that you gave by hand, as CSV."),
    ] = None,
    write_manual: Annotated[
        Path | None,
        typer.Option("--write-manual", metavar="FILE", help="Write the CSV for --manual, and stop."),
    ] = None,
    settings: SettingsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
) -> None:
    """Give points for a report, by the rubric of its kind or by one's own.

    The exit code is 0 for full points, 1 if points are lost or could not be given, 2 if it cannot be graded.
    """
    if list_checks:
        from reportgen.grading.checks import find_checks

        for name, check in find_checks().items():
            typer.echo(f"{name}: {check.meaning}")
        return
    from reportgen.grading.exports import Exports
    from reportgen.grading.report import Supplement
    from reportgen.grading.run import grade as grade_report

    kind = None
    if submission is None:  # the settings of the current folder count for one's own report only
        mine = load(settings, build=build)
        submission, kind = mine.build, mine.kind
    rubrics = rubric or _shipped(kind or _find_kind(submission))
    if write_manual is not None:
        _write_manual(write_manual, rubrics, kind)
        return
    own = Own(data, weights, cache=cache, quiet=quiet) if data is not None else None
    # Mistakes in these are told before anything is recomputed.
    time = _read_time(submitted) if submitted is not None else None
    points = _read_manual(manual, rubrics, kind) if manual is not None else {}
    with _rebuild(submission, own, kind) as rebuilt:
        grades = grade_report(
            submission,
            rubrics,
            exports=Exports(gradescope, junit, csv, json, markdown),
            kind=kind,
            supplement=Supplement(time, points, rebuilt),
        )
    if grades.score < grades.points or not grades.complete:
        raise typer.Exit(1)


def _find_kind(submission: Path) -> ReportKind | None:
    """The kind of a report with all its sections: one that was left out costs its points."""
    from reportgen.contract.schema import find_document_kind
    from reportgen.outline.kind import find_kind
    from reportgen.submission import open_submission

    try:
        return find_kind(find_document_kind(open_submission(submission, with_figures=False).results).name)
    # Told by what grades, after it has removed the files of an earlier run.
    except UserError:
        return None


def _shipped(kind: ReportKind | None) -> list[Path]:
    from reportgen.grading.shipped import shipped_rubrics

    return shipped_rubrics(kind)


@contextlib.contextmanager
def _rebuild(submission: Path, own: Own | None, kind: ReportKind | None) -> Iterator[Rebuilt | None]:
    """What was recomputed from the images, if they were named, and what came of it."""
    if own is None:
        yield None
        return
    from reportgen.verify import describe, open_rebuild

    found = recompute(submission, own)
    typer.echo(f"{describe(found)[0]}\n", nl=True)
    with open_rebuild(found, kind) as rebuilt:
        yield rebuilt


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"--submitted {text}: is no date with a time.",
            "Write it as 2026-02-01T23:59:00, or with an offset from UTC, as 2026-02-01T23:59:00+01:00.",
        ) from None


def _load_rubrics(rubrics: Sequence[Path], kind: ReportKind | None) -> list[Rubric]:
    """The tables among the rubrics; tests of pytest have no points by hand."""
    from reportgen.grading.rubric import load_rubric

    return [load_rubric(file, kind) for file in rubrics if file.suffix == ".toml"]


def _write_manual(path: Path, rubrics: Sequence[Path], kind: ReportKind | None) -> None:
    from reportgen.grading.manual import list_manual, write_manual

    rows = list_manual(_load_rubrics(rubrics, kind))
    write_manual(path, rows)
    typer.echo(f"Wrote {path}: type the points of {len(rows)} criteria, and grade with --manual {path}.")


def _read_manual(path: Path, rubrics: Sequence[Path], kind: ReportKind | None) -> dict[str, ManualPoints]:
    from reportgen.grading.manual import list_manual, read_manual

    return read_manual(path, list_manual(_load_rubrics(rubrics, kind)))
