"""The command grade."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from reportgen.cli.options import (
    BuildOption,
    MegabytesOption,
    QuietOption,
    ReportOption,
    SecondsOption,
    SectionOption,
    SettingsOption,
    demanded_outline,
    load,
)
from reportgen.cli.task import Task, TaskHandler, TaskResult, exit_with
from reportgen.cli.verifying import GraderInputs, expanded, recompute
from reportgen.console import choose_progress
from reportgen.errors import UserError

if TYPE_CHECKING:
    from reportgen.grading.exports import Exports
    from reportgen.grading.report import ManualPoints, Rebuilt, Supplement
    from reportgen.grading.rubric import Rubric
    from reportgen.outline.kind import ReportKind
    from reportgen.progress import Progress

_MANUAL = "manual"


def grade(
    ctx: typer.Context,
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
    section: SectionOption = None,
    report: ReportOption = None,
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
    seconds: SecondsOption = None,
    megabytes: MegabytesOption = None,
    quiet: QuietOption = False,
) -> None:
    """Give points for a report, by the rubric of its kind or by one's own.

    It is read in a process that may read nothing but the report, the rubrics (of tests the folder around
    them) and what is named beside them, and has no network. The exit code is 0 for full points, 1 if points
    are lost or could not be given, 2 if it cannot be graded.
    """
    if list_checks:
        from reportgen.grading.checks import find_checks

        for name, check in find_checks().items():
            typer.echo(f"{name}: {check.meaning}")
        return
    from reportgen.cli.confined import choose_limits, run_confined
    from reportgen.grading.exports import Exports

    if submission is not None:
        outline = demanded = demanded_outline(report, section)
    else:  # the settings of the current folder count for one's own report only
        mine = load(settings, build=build)
        # Of one's own kind of report, unless another is named.
        demanded = demanded_outline(report or (mine.outline.report if section else None), section)
        submission, outline = mine.build, demanded or mine.outline
        mine.kind  # noqa: B018 - what is not installed is reported with its line in the settings
    targets = _prepare(write_manual, Exports(gradescope, junit, csv, json, markdown))
    task = GradeTask(
        submission=str(submission),
        data=str(data) if data else None,
        rubrics=tuple(map(str, rubric or ())),
        weights=expanded(weights),
        cache=expanded(cache),
        wanted=tuple(targets),
        report=outline.report if outline else None,
        sections=outline.sections if outline else None,
        demanded=demanded is not None,
        submitted=submitted,
        manual=str(manual) if manual else None,
        table=str(write_manual) if write_manual else None,
        # Asked here, since the process that makes the table has no terminal.
        width=shutil.get_terminal_size((100, 24)).columns,
    )
    progress = choose_progress(quiet=quiet)
    if ctx.obj:
        said = run_confined(GRADING, task, choose_limits(data, seconds, megabytes), progress)
    else:
        said = GRADING.perform(task, progress)
    exit_with(said, partial(_write, targets))


def grade_worker(
    task: Annotated[Path, typer.Argument(metavar="TASK")],
    progress_handle: Annotated[int, typer.Option("--progress-fd")],
) -> None:
    """Grade one report, as 'reportgen grade' asks for it."""
    from reportgen.cli.confined import work

    work(GRADING, task, progress_handle)


def _prepare(write_manual: Path | None, exports: Exports) -> dict[str, Path]:
    """The files to be written, by name; the grades of an earlier run are removed."""
    from reportgen.grading.exports import remove_exports
    from reportgen.store.output import check_output

    if write_manual is not None:
        check_output(write_manual, _nothing)
        return {_MANUAL: write_manual}
    # Before anything can fail: what is found there afterwards is of this run.
    remove_exports(exports)
    return {name: file for name, file in vars(exports).items() if file is not None}


def _write(targets: Mapping[str, Path], name: str, content: bytes) -> None:
    from reportgen.grading.exports import recognise
    from reportgen.store.output import write_output

    write_output(targets[name], content, _nothing if name == _MANUAL else recognise(name))


def _nothing(_stream: BinaryIO) -> bool:
    """A file that may have points in it is never written over."""
    return False


@dataclass(frozen=True, kw_only=True)
class GradeTask(Task):
    """``report`` and ``sections``: the outline of one's own report, or the one that a report must have
    (``demanded``, by the options of the command); None where its kind is found out. ``table``: the file that
    a table for points by hand will be written to; nothing is graded then. ``width``: of the terminal, in
    columns. The rest are the options of the command.
    """

    report: str | None = None
    sections: tuple[str, ...] | None = None
    demanded: bool = False
    submitted: str | None = None
    manual: str | None = None
    table: str | None = None
    width: int = 100

    @property
    def beside(self) -> tuple[str | None, ...]:
        """What is read beside the report; None is nothing."""
        return (*super().beside, self.manual)


def run_task(task: GradeTask, progress: Progress) -> TaskResult:
    """Grade a report in this process, and return what to print."""
    from reportgen.grading.report import Supplement
    from reportgen.outline.kind import Outline

    submission = Path(task.submission)
    kind = Outline(task.report, task.sections).kind if task.report else None
    rubrics = [Path(rubric) for rubric in task.rubrics] or _shipped(kind or _find_kind(submission))
    if task.table is not None:
        return _ask_for_points(task.table, rubrics, kind)
    # Mistakes in these are reported before anything is recomputed.
    time = _read_time(task.submitted) if task.submitted is not None else None
    points = _read_manual(Path(task.manual), rubrics, kind) if task.manual else {}
    with _rebuild(task, kind, progress) as (verdict, rebuilt):
        said = _grade(task, rubrics, kind, Supplement(time, points, rebuilt))
    return replace(said, lines=(*verdict, *said.lines))


GRADING = TaskHandler("grade", "grades", "grading", GradeTask, run_task)


def _grade(
    task: GradeTask, rubrics: Sequence[Path], kind: ReportKind | None, known: Supplement
) -> TaskResult:
    """Grade by ``rubrics``; a run that breaks leaves files, too, which say what is missing."""
    from reportgen.grading.exports import Exports
    from reportgen.grading.exports.table import describe_grades
    from reportgen.grading.run import grade

    with tempfile.TemporaryDirectory(prefix="reportgen-grades-") as name:
        files = {wanted: Path(name, wanted) for wanted in task.wanted}
        said = TaskResult()
        try:
            grades = grade(
                Path(task.submission),
                rubrics,
                exports=Exports(**files),
                show=False,
                kind=kind,
                supplement=known,
            )
        except UserError as error:
            said = TaskResult(error=error)
        else:
            lines = tuple(line.text for line in describe_grades(grades, task.width))
            said = TaskResult(lines, int(grades.score < grades.points or not grades.complete))
        return replace(said, files={each: path.read_bytes() for each, path in files.items() if path.exists()})


def _find_kind(submission: Path) -> ReportKind | None:
    """The kind of a report with all its sections: one that was left out costs its points."""
    from reportgen.contract.schema import find_document_kind
    from reportgen.outline.kind import find_kind
    from reportgen.submission import open_submission

    try:
        return find_kind(find_document_kind(open_submission(submission, with_figures=False).results).name)
    # What grades the report will report the error.
    except UserError:
        return None


def _shipped(kind: ReportKind | None) -> list[Path]:
    from reportgen.grading.shipped import shipped_rubrics

    return shipped_rubrics(kind)


@contextlib.contextmanager
def _rebuild(
    task: GradeTask, kind: ReportKind | None, progress: Progress
) -> Iterator[tuple[tuple[str, ...], Rebuilt | None]]:
    """Lines on what came of it, and what was recomputed from the images, if they were named."""
    if task.data is None:
        yield (), None
        return
    from reportgen.verify import describe, open_rebuild

    weights, cache = (Path(path) if path else None for path in (task.weights, task.cache))
    own = GraderInputs(Path(task.data), weights, cache=cache)
    # One's own settings may have changed since the build, which is looked at as it is.
    outline = demanded_outline(task.report, task.sections) if task.demanded else None
    found = recompute(Path(task.submission), own, progress, outline)
    with open_rebuild(found, kind) as rebuilt:
        yield (describe(found)[0], ""), rebuilt


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


def _ask_for_points(name: str, rubrics: Sequence[Path], kind: ReportKind | None) -> TaskResult:
    """A table to type points into, which will be the file ``name``."""
    from reportgen.grading.manual import list_manual, write_manual

    rows = list_manual(_load_rubrics(rubrics, kind))
    said = f"Wrote {name}: type the points of {len(rows)} criteria, and grade with --manual {name}."
    with tempfile.TemporaryDirectory(prefix="reportgen-grades-") as folder:
        table = Path(folder, _MANUAL)
        write_manual(table, rows)
        return TaskResult((said,), files={_MANUAL: table.read_bytes()})


def _read_manual(path: Path, rubrics: Sequence[Path], kind: ReportKind | None) -> dict[str, ManualPoints]:
    from reportgen.grading.manual import list_manual, read_manual

    return read_manual(path, list_manual(_load_rubrics(rubrics, kind)))
