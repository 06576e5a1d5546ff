"""The command that finds out whether a report's numbers were computed from its data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import QuietOption, SettingsOption, load
from reportgen.console import choose_progress


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
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every row as JSON.")] = None,
    settings: SettingsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compute a submitted report anew from its images, and say what is confirmed and what differs.

    The exit code is 0 if nothing differs, 1 if something does, 2 if the report cannot be read.
    """
    from dataclasses import replace

    from reportgen.grading.verify import describe, verify, write_json

    own = load(settings, weights=str(weights.expanduser()) if weights else None)
    found = verify(submission, data, settings=own, progress=choose_progress(quiet=quiet))
    if rubric:
        from reportgen.grading.run import grade

        found = replace(found, grades=grade(submission, rubric, show=False))
    for line in describe(found):
        typer.echo(line)
    if json is not None:
        from reportgen.store.files import write_atomically, writing

        with writing(json):
            write_atomically(json, write_json(found).encode("utf-8", "backslashreplace"))
    if not found.confirmed:
        raise typer.Exit(1)
