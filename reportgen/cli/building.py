"""Commands that build: build, watch, diff, and the process that a notebook builds in."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import (
    BuildOption,
    DataOption,
    QuietOption,
    SettingsOption,
    WeightsOption,
    data_folder,
    default_data,
    display_path,
    for_imagenet,
    lacks_data,
    load,
)
from reportgen.console import choose_progress
from reportgen.errors import UserError
from reportgen.progress import Progress
from reportgen.settings import SETTINGS_FILE, Settings

if TYPE_CHECKING:
    from reportgen.api.child import Answer, Request
    from reportgen.engine.pipeline import BuildResult, BuildSession
    from reportgen.outline.kind import ReportKind


def build(
    data: DataOption = None,
    settings: SettingsOption = None,
    weights: WeightsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each stage runs or not.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say so, and stop.")] = False,
    only: Annotated[
        str | None, typer.Option("--only", metavar="STAGE", help="Run one stage again and show its numbers.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing that an earlier build kept.")] = False,
) -> None:
    """Compute what has changed and write report.html, report.pdf and results.json.

    Without --data (and without 'data' in the settings) the folder data/ is used if it holds images, else the
    sample images in data/sample, which are drawn on first use.
    """
    progress = choose_progress(quiet=quiet)
    chosen = load(settings, data=data, weights=weights, build=build)
    if dry_run:
        for line in _preview(chosen, settings, progress):
            typer.echo(line)
        return
    from reportgen.engine import pipeline, preparation

    # Before the first image is drawn or read: whoever does not want these weights can stop here.
    chosen = preparation.prepare_settings(
        chosen, progress, for_imagenet("build", settings=settings, data=data, build=build)
    )
    folder = data_folder(chosen, settings, progress)
    if only is not None:
        for line in pipeline.describe_outcome(pipeline.recompute(chosen, folder, only, progress)):
            typer.echo(line)
        return
    built = pipeline.build(chosen, folder, progress, pipeline.Options(fresh=fresh, explain=explain))
    print_remarks(built, chosen, progress)
    if not quiet:
        _show(built, chosen.kind)
    if built.problem:
        raise built.problem


def _preview(chosen: Settings, file: Path | None, progress: Progress) -> list[str]:
    from reportgen.engine.preparation import preview, preview_sample

    folder = chosen.data or default_data(file)
    if lacks_data(chosen, folder):
        return preview_sample(chosen, folder)
    return preview(chosen, folder, progress)


def print_remarks(built: BuildResult, settings: Settings, progress: Progress) -> None:
    """Print the notes on the report, and what is still to be written into it."""
    results = built.document
    for line in built.notes:
        progress.say(line)
    for warning in results["dataset"]["warnings"]:
        progress.say(f"Warning: {warning}")
    for check in results["checks"]:
        # A finding may be the contrary of its claim; only a condition that does not hold is a failed check.
        if not (check["passed"] or check["finding"]):
            progress.say(f"Check failed: {check['claim']}")
    # Never on paper, where a reader could do nothing about it.
    if unwritten := settings.unwritten:
        progress.say(unwritten)


def _show(built: BuildResult, kind: ReportKind) -> None:
    """Print the result and where it is."""
    from reportgen.pointer import find_value

    typer.echo("")
    for section in kind.sections:
        if line := section.headline:
            values = built.document[section.name]
            count, total = (find_value(values, pointer, section.name) for pointer in (line.count, line.total))
            typer.echo(f"{line.title}: {count} of {total} images.")
    typer.echo("The report is finished:" if built.changed else "Nothing has changed; this is the report:")
    for name in ("report.html", *([] if built.problem else ["report.pdf"]), "results.json"):
        typer.echo(f"  {display_path(built.path(name))}")


def watch(
    data: DataOption = None,
    settings: SettingsOption = None,
    weights: WeightsOption = None,
    build: BuildOption = None,
    port: Annotated[int, typer.Option(help="Where to show it on 127.0.0.1; 0: any free port.")] = 8671,
) -> None:
    """Build the report again at every change, and show it in the browser as it becomes.

    Follows the images, the settings with the commentary, and the templates. Ctrl-C ends it.
    """
    from reportgen.watch.changes import Inputs
    from reportgen.watch.watcher import watch as watch_report

    progress = choose_progress(quiet=False)
    workshops: list[BuildSession] = []
    command = for_imagenet("watch", settings=settings, data=data, build=build)

    def read() -> tuple[Settings, Path]:
        chosen = load(settings, data=data, weights=weights, build=build)
        return chosen, data_folder(chosen, settings, progress)

    def renew(chosen: Settings, folder: Path, listener: Progress) -> Path:
        # Imported here, so that the page is there before the first build begins.
        from reportgen.engine import pipeline

        # Made with the first build and kept for all others; before, the pipeline is not imported.
        workshops[:] = workshops or [pipeline.BuildSession()]
        options = pipeline.Options(for_imagenet=command)
        built = pipeline.build(chosen, folder, listener, options, workshops[0])
        print_remarks(built, chosen, listener)
        if built.problem:
            listener.say(f"{built.problem.problem} {built.problem.remedy}")
        return built.folder

    file = (settings or Path(SETTINGS_FILE)).expanduser().absolute()
    # The user's own images may still be put there.
    usual = default_data(settings)
    inputs = Inputs(file, data=(usual.parent if usual.name == "sample" else usual,))
    watch_report(read, renew, inputs, progress, port=port)


def diff(
    old: Annotated[
        Path | None, typer.Argument(metavar="[A]", help="A build folder, a PDF or a results.json.")
    ] = None,
    new: Annotated[Path | None, typer.Argument(metavar="[B]", help="Default: the last build.")] = None,
    rtol: Annotated[float, typer.Option(help="Relative difference of numbers that does not count.")] = 0.0,
    atol: Annotated[float, typer.Option(help="Absolute difference of numbers that does not count.")] = 0.0,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Default: diff.html in the build folder.")
    ] = None,
    settings: SettingsOption = None,
    build: BuildOption = None,
) -> None:
    """Say what changed between two reports; without any, between the last build and the one before.

    Numbers, images, predictions; figures side by side on a page. The exit code is 1 if anything changed.
    """
    from reportgen.diff import compare, describe
    from reportgen.store.output import check_output, is_text_with, write_output
    from reportgen.store.ownership import DIFFERENCE_FILE, DIFFERENCE_MARKS, claim
    from reportgen.submission import last_build, open_submission

    chosen = load(settings, build=build)
    folder = chosen.build
    before = old or last_build(folder)
    if before is None:
        raise UserError(
            f"{folder}: no earlier build is kept there.", "Name two reports, or build again after a change."
        )
    target = page or folder / DIFFERENCE_FILE
    # Before the comparison, so that a file of the user's there ends the command at once.
    check_output(target, is_text_with(*DIFFERENCE_MARKS))
    if page is None:
        # Without --html it is written into the build folder, which then must be one.
        claim(folder, "report")
    difference = compare(open_submission(before), open_submission(new or folder), rtol=rtol, atol=atol)
    for line in describe(difference):
        typer.echo(line)
    if difference.changed:
        from reportgen.document.comparison_pages import render_difference
        from reportgen.templates import open_templates

        html = render_difference(difference, open_templates(chosen.templates))
        write_output(target, html.encode(), is_text_with(*DIFFERENCE_MARKS))
        typer.echo(f"\nSide by side: {display_path(target)}")
        raise typer.Exit(1)


def build_worker(
    job: Annotated[Path, typer.Argument(metavar="JOB")],
    progress_handle: Annotated[int, typer.Option("--progress-fd")],
) -> None:
    """Build the report that a file asks for, and write the answer beside it."""
    from reportgen.api.child import ANSWER_FILE, Answer, answer_text, parse_request
    from reportgen.batch.job import PipeProgress
    from reportgen.batch.process import follow_parent

    # Ctrl-C is passed on on purpose, also by a notebook that was started where a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    follow_parent()
    # A program that the build starts would else hold the pipe open, and its reader waits for the end of it.
    os.set_inheritable(progress_handle, False)
    try:
        request = parse_request(job.read_text(encoding="utf-8"))
        answer = _build(request, PipeProgress(progress_handle))
    # An error goes into the answer; a fault of ours ends the process, and its trace is in the log.
    except UserError as error:
        answer = Answer(error=error)
    # In place: whoever asked reads it only once this process has ended well.
    job.with_name(ANSWER_FILE).write_text(answer_text(answer), encoding="utf-8")


def _build(request: Request, progress: Progress) -> Answer:
    from reportgen.api.child import Answer
    from reportgen.engine import pipeline

    chosen = request.settings or load(
        request.file,
        **{name: text if name == "weights" else Path(text) for name, text in request.overrides.items()},
    )
    folder = data_folder(chosen, request.file, progress)
    built = pipeline.build(chosen, folder, progress, pipeline.Options(fresh=request.fresh))
    print_remarks(built, chosen, progress)
    if built.problem:
        progress.say(f"{built.problem.problem} {built.problem.remedy}")
    return Answer(built.folder, built.changed, built.problem, chosen.outline)
