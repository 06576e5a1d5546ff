"""The command line: parse, call, print, exit. Heavy imports stay inside the commands."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from reportgen import __version__
from reportgen.cli import (
    batch,
    build_worker,
    building,
    contract,
    fetching,
    grading,
    keeping,
    starting,
    verifying,
)
from reportgen.errors import StoppedError, UserError
from reportgen.settings import SETTINGS_FILE


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except StoppedError:
            # Typer would catch it and only say "Aborted".
            raise StoppedError from None


app = typer.Typer(
    cls=_Commands,
    name="reportgen",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="From a folder of images to the finished CNN assignment report.\n\n"
    "Start with 'reportgen build'. Without any setting it draws sample images and reports on them; "
    f"with --data it reports on your own. What the title page says, and more, stands in {SETTINGS_FILE}.",
)
app.command()(starting.init)
app.command()(building.build)
app.command()(building.watch)
app.command()(building.diff)
app.command()(fetching.sample)
app.command()(keeping.doctor)
app.command("export-model")(keeping.export_model)
app.command()(contract.schema)
app.command()(grading.grade)
app.command()(verifying.verify)
app.command()(batch.batch)
app.command(hidden=True)(batch.batch_worker)
app.command(hidden=True)(build_worker.build_worker)

fetch_app = typer.Typer(no_args_is_help=True, help="Download the photographs or the ImageNet weights.")
fetch_app.command()(fetching.caltech101)
fetch_app.command()(fetching.vgg19)
app.add_typer(fetch_app, name="fetch")

INTERRUPTED = 130
"""The exit code of a command that was stopped with Ctrl-C, as shells have it."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"reportgen {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def repeat_option(arguments: list[str], option: str) -> list[str]:
    """Let an option take several values at once: ``--x a b`` becomes ``--x a --x b``, as click wants it."""
    repeated: list[str] = []
    taking = False
    for argument in arguments:
        if argument.startswith("-"):
            taking = argument == option
        elif taking and repeated[-1] != option:
            repeated.append(option)
        repeated.append(argument)
    return repeated


def main() -> None:
    """Run the command line; a problem the user can mend is printed without a trace and sets the exit code."""
    # TensorFlow would fill the terminal with its own notes.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # Keeps the font subsetter from writing the time of day into the PDF.
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    try:
        app(args=repeat_option(sys.argv[1:], "--classes"), prog_name="reportgen")
    except UserError as error:
        typer.echo(f"reportgen: {error.problem}", err=True)
        typer.echo(f"  → {error.remedy}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # Typer turns Ctrl-C into this code of its own, without a word.
        if ended.code == INTERRUPTED:
            typer.echo("reportgen: stopped; what was made before is as it was.", err=True)
        raise
