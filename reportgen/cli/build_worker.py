"""Internal command that builds for the Python API; only ``reportgen.build`` calls it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.building import remark
from reportgen.cli.options import data_folder, load
from reportgen.errors import UserError

if TYPE_CHECKING:
    from reportgen.api.child import Answer, Request
    from reportgen.progress import Progress


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
    os.set_inheritable(progress_handle, False)
    request = parse_request(job.read_text(encoding="utf-8"))
    try:
        answer = _build(request, PipeProgress(progress_handle))
    except UserError as error:
        answer = Answer(error=error)
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
    remark(built, progress)
    if built.problem:
        progress.say(f"{built.problem.problem} {built.problem.remedy}")
    return Answer(built.folder, built.changed, built.problem, chosen.outline)
