"""The command for a whole class, and the internal command that it calls for each group."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import QuietOption, display_path
from reportgen.errors import UserError
from reportgen.faults import TRACEBACK, report_line

if TYPE_CHECKING:
    from reportgen.batch.attempt import Runner
    from reportgen.batch.class_file import Class
    from reportgen.batch.progress_view import ProgressView
    from reportgen.batch.run import Options, Report

_WITH_TRACES = {TRACEBACK: "1"}
"""For every group's process: what it prints goes into its log, for those who want to know more."""

_SHOWN = 10
"""Files that were not understood; the list beside the grades has them all."""


def batch(
    group_list: Annotated[
        Path, typer.Argument(metavar="CLASS", help="class.toml, or what an LMS gives: a folder, or a zip.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where everything is written.")],
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask cluster: tcp://HOST:8786.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, metavar="N", help="Groups at a time, on this machine.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try groups that failed again, though nothing changed.")
    ] = False,
    criterion: Annotated[
        str | None,
        typer.Option("--criterion", metavar="NAME", help="Print its points before and now."),
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Name groups by numbers; names.csv has the key.")
    ] = False,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Write a page (HTML and PDF) for each group.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Do one of N parts; the last to end writes the tables."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Verify and grade the reports that a whole class handed in.

    What is as it was in the run before is kept. Exit code 0: every group has its points, those that handed
    nothing in have none; 1: some are held, or cannot be graded; 2: class.toml is wrong, or nothing could be
    done.
    """
    from reportgen.batch.class_file import read_class
    from reportgen.batch.progress_view import choose_view
    from reportgen.batch.run import Options, run_batch

    if scheduler is not None and processes is not None:
        raise UserError(
            "--processes is for this machine, --scheduler for a cluster.", "Leave out one of them."
        )
    folder = out.expanduser().absolute()
    chosen = read_class(group_list.expanduser(), folder)
    view = choose_view(quiet=quiet, stream=sys.stderr)
    options = Options(retry_failed, anonymous, _WITH_TRACES, feedback=feedback)
    runner = _choose_runner(chosen, scheduler, processes)
    if shard is not None and not _work_on_shard(shard, chosen, folder, runner, view, options):
        return
    report = run_batch(chosen, folder, runner, view, options)
    if not quiet:
        _show(report, folder)
    if criterion is not None:
        from reportgen.batch.tables import compare_criterion

        typer.echo("\n".join(["", *compare_criterion(criterion, report.rows, report.before)]))
    if not report.complete:
        raise typer.Exit(1)


def _work_on_shard(
    text: str, chosen: Class, out: Path, runner: Runner, view: ProgressView, options: Options
) -> bool:
    """Do one part of a class; whether it was the last one, so that there are tables to be written."""
    from reportgen.batch.run import run_shard
    from reportgen.batch.shards import parse_shard

    report, open_parts = run_shard(chosen, out, runner, view, options, parse_shard(text))
    if open_parts:
        some = ", ".join(open_parts[:_SHOWN]) + (", …" if len(open_parts) > _SHOWN else "")
        view.say(
            f"Part {text} is done: {len(report.rows)} groups, {report.worked_on} were worked on. "
            f"Not yet: {some}. The last part writes the tables; a run without --shard does what is left."
        )
    return not open_parts


def _choose_runner(chosen: Class, scheduler: str | None, processes: int | None) -> Runner:
    if scheduler is not None:
        # Only here, since Dask is an optional extra, which nobody needs on one machine.
        from reportgen.batch.cluster import ClusterRunner

        return ClusterRunner(scheduler)
    from reportgen.batch.attempt import LocalRunner

    return LocalRunner(processes or chosen.processes)


def _show(report: Report, out: Path) -> None:
    """Print the result and where it is."""
    from reportgen.batch.accounting import count_files
    from reportgen.batch.publication import FILES_FILE, GRADES_FILE, OVERVIEW_FILE
    from reportgen.batch.roster import STUDENT_FILES
    from reportgen.grading.exports.table import one_line

    total = len(report.rows)
    graded = report.of("done")
    typer.echo(f"\n{len(graded)} of {total} groups have grades; {report.worked_on} were worked on.")
    # On one line, without what acts on a terminal: reasons may quote what a stranger wrote.
    for row in (*report.of("nothing handed in"), *report.failed):
        typer.echo(f"  {row.group.name}: {one_line(row.reason)}")
    if any(row.outcome.cause == "fault" for row in report.failed):
        typer.echo(report_line())
    if report.of("held"):
        typer.echo('Held until you release them (release = ["NAME"] in class.toml):')
    for row in report.of("held"):
        typer.echo(f"  {row.group.name}: {one_line(row.reason)}")
    released = [row for row in graded if row.outcome.hold]
    if released:
        typer.echo("Graded because you released them:")
    for row in released:
        typer.echo(f"  {row.group.name}: {one_line(row.outcome.hold)}")
    looks = [row for row in graded if row.outcome.look]
    if looks:
        typer.echo("To be looked at; the points count:")
    for row in looks:
        typer.echo(f"  {row.group.name}: {one_line(row.outcome.verification)}")
    undecided = [row for row in graded if not row.decided]
    if undecided:
        typer.echo("Not decided, so that the files for students have no points:")
    for row in undecided:
        typer.echo(f"  {row.group.name}: {one_line(row.outcome.undecided)}")
    counts = ", ".join(f"{count} {status}" for status, count in count_files(report.files).items())
    if report.files:  # not reported with --anonymous, for they contain names
        typer.echo(f"Files: {counts}.")
    for file in [row for row in report.files if row.status == "not understood"][:_SHOWN]:
        typer.echo(f"  {file.file}: {one_line(file.reason)}")
    students = [name for name in STUDENT_FILES if (out / name).exists()]
    for name in (OVERVIEW_FILE, GRADES_FILE, FILES_FILE, *students):
        typer.echo(f"  {display_path(out / name)}")


def batch_worker(
    job: Annotated[Path, typer.Argument(metavar="JOB")],
    progress_handle: Annotated[int, typer.Option("--progress-fd")],
) -> None:
    """Work on one group, as 'reportgen batch' asks for it."""
    from reportgen.batch.worker import main

    main(job, progress_handle)


def batch_starter(control_handle: Annotated[int, typer.Option("--control-fd")]) -> None:
    """Become the process of one group after another, as 'reportgen batch' asks for it."""
    from reportgen.batch.warm import serve

    asked = serve(control_handle)
    if asked is not None:
        (job,) = asked.arguments
        batch_worker(Path(job), asked.progress)
