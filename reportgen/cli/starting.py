"""The command that a new project folder begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import QuietOption, shown


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="The folder; default: the current one.")
    ] = Path(),
    quiet: QuietOption = False,
) -> None:
    """Write a commented report.toml, .gitignore, rubric.toml and a Makefile to a folder.

    Files that are there stay as they are. Afterwards 'make' or 'reportgen build' in it builds the report.
    """
    from reportgen.starter import start_folder

    place = folder.expanduser().absolute()
    started = start_folder(place)
    if quiet:
        return
    for name in started.written:
        typer.echo(f"Wrote {shown(place / name)}.")
    for name in started.kept:
        typer.echo(f"Kept {shown(place / name)} as it was.")
    where = "" if place == Path.cwd() else f"in {shown(place)} "
    typer.echo(f"Put your images into {shown(place / 'data')}; then {where}run: reportgen build")
