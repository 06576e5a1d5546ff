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
    from reportgen.batch.run import Report

_WITH_TRACES = {TRACEBACK: "1"}
"""For every group's process: what it prints goes into its log, for those who want to know more."""


def batch(
    group_list: Annotated[
        Path, typer.Argument(metavar="CLASS", help="class.toml, or a folder with one folder a group.")
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
    quiet: QuietOption = False,
) -> None:
    """Build, grade and, if class.toml says so, verify the reports of a whole class.

    What is as it was in the run before is kept. Exit code 0: every group has grades; 1: some have none;
    2: class.toml is wrong, or nothing could be done.
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
    options = Options(retry_failed=retry_failed, environment=_WITH_TRACES)
    report = run_batch(chosen, folder, _choose_runner(chosen, scheduler, processes), view, options)
    if not quiet:
        _show(report, folder)
    if report.failed:
        raise typer.Exit(1)


def _choose_runner(chosen: Class, scheduler: str | None, processes: int | None) -> Runner:
    if scheduler is not None:
        from reportgen.batch.cluster import ClusterRunner

        return ClusterRunner(scheduler)
    from reportgen.batch.attempt import LocalRunner

    return LocalRunner(processes or chosen.processes)


def _show(report: Report, out: Path) -> None:
    """Print the result and where it is."""
    from reportgen.batch.publication import GRADES_FILE, OVERVIEW_FILE
    from reportgen.grading.exports.table import one_line

    total, failed = len(report.rows), report.failed
    typer.echo(f"\n{total - len(failed)} of {total} groups have grades; {report.worked_on} were worked on.")
    for row in failed:
        typer.echo(f"  {row.group.name}: {one_line(row.outcome.reason)}")
    if any(row.outcome.cause == "fault" for row in failed):
        typer.echo(report_line())
    if report.doubted:
        typer.echo("What these handed in was not confirmed:")
    for row in report.doubted:
        typer.echo(f"  {row.group.name}: {one_line(row.outcome.verification)}")
    for name in (OVERVIEW_FILE, GRADES_FILE):
        typer.echo(f"  {display_path(out / name)}")


def batch_worker(
    job: Annotated[Path, typer.Argument(metavar="JOB")],
    progress_handle: Annotated[int, typer.Option("--progress-fd")],
) -> None:
    """Work on one group, as 'reportgen batch' asks for it."""
    from reportgen.batch.worker import main

    main(job, progress_handle)
