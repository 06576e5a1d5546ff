"""The command line: parse, call, print, exit. Heavy imports stay inside the commands."""

from __future__ import annotations

import os
import select
import sys
from copy import copy
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from reportgen import __version__
from reportgen.cli import batch, building, grading, starting, verifying
from reportgen.errors import StoppedError, UserError
from reportgen.faults import telling_faults
from reportgen.runtime import configure_process
from reportgen.settings import SETTINGS_FILE


class _RaisedError(Exception):
    """Carries an error past Typer, which would end with 1, as if points were lost, and say "Aborted"."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (StoppedError, EOFError, OSError) as error:
            raise _RaisedError(error) from None


app = typer.Typer(
    cls=_Commands,
    name="reportgen",
    no_args_is_help=True,
    add_completion=False,
    # A fault is reported in two lines (reportgen.faults), and its trace on request.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="From a folder of images to the finished CNN assignment report.\n\n"
    "Start with 'reportgen build'. Without any setting it draws sample images and reports on them; "
    f"with --data it reports on your own. What the title page says, and more, is in {SETTINGS_FILE}.",
)
app.command()(starting.init)
app.command()(building.build)
app.command()(building.watch)
app.command()(building.diff)
app.command()(starting.sample)
app.command()(starting.annotate)
app.command()(starting.doctor)
app.command()(starting.clean)
app.command("export-model")(starting.export_model)
app.command()(starting.schema)
app.command()(grading.grade)
app.command()(verifying.verify)
app.command()(batch.batch)
app.command(hidden=True)(batch.batch_worker)
app.command(hidden=True)(batch.batch_starter)
app.command(hidden=True)(verifying.verify_worker)
app.command(hidden=True)(grading.grade_worker)
app.command(hidden=True)(building.build_worker)

fetch_app = typer.Typer(no_args_is_help=True, help="Download the photographs or the ImageNet weights.")
fetch_app.command()(starting.caltech101)
fetch_app.command()(starting.vgg19)
app.add_typer(fetch_app, name="fetch")

INTERRUPTED = 130
"""The exit code of a command that was stopped with Ctrl-C, as shells have it."""

UNREAD = 141
"""The exit code of a command whose output nobody reads to its end, as shells have it."""


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


def main(*, own_process: bool = False) -> None:
    """Run the command line, and exit.

    ``own_process``: nobody else is in this process, so that ``verify`` and ``grade`` may have what a stranger
    handed in read by another one, with fewer rights. A problem that the user can mend is printed without a
    trace and sets the exit code; so is a fault of ours, with a code that no verdict has.
    """
    # After __main__ once more, which changes nothing: tests call this function itself.
    configure_process()
    with telling_faults():
        sys.exit(_run(sys.argv[1:], own_process=own_process))


def _run(arguments: list[str], *, own_process: bool) -> int:
    """The exit code of one command."""
    try:
        code = _call(arguments, own_process=own_process)
        sys.stdout.flush()
    # A pipe that broke elsewhere is a fault like any other.
    except BrokenPipeError:
        if not _is_closed(sys.stdout):
            raise
        code = UNREAD
    except UserError as error:
        typer.echo(f"reportgen: {error.problem}", err=True)
        typer.echo(f"  → {error.remedy}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, StoppedError):
        code = INTERRUPTED
    # A lack of this machine and no fault of ours, so the exit code is not 70.
    except MemoryError:
        typer.echo("reportgen: this machine has no memory left for it.", err=True)
        typer.echo("  → End other programs, or use fewer or smaller images.", err=True)
        return UserError.exit_code
    if code == INTERRUPTED:
        typer.echo("reportgen: stopped; what was made before is as it was.", err=True)
    if code == UNREAD:
        # Python would complain at its end that it cannot write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _call(arguments: list[str], *, own_process: bool) -> int:
    """Let Typer run the command; what that raised is raised: Typer itself would end like a verdict."""
    try:
        _app_for(arguments)(
            args=repeat_option(arguments, "--classes"), prog_name="reportgen", obj=own_process
        )
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        # That nobody reads on is the code 1 for Typer.
        return UNREAD if code == 1 and _is_closed(sys.stdout) else code
    except _RaisedError as raised:
        raise raised.error from None
    return 0


def _app_for(arguments: list[str]) -> typer.Typer:
    """The command line as far as these arguments need it.

    Typer reads the options of every command before it calls one: a tenth of a build with nothing to do.
    """
    named = [each for each in app.registered_commands if _name_of(each) == next(iter(arguments), None)]
    if not named:
        return app
    part = copy(app)
    part.registered_commands, part.registered_groups = named, []
    return part


def _name_of(command: Any) -> str:
    # As Typer names them.
    return str(command.name or command.callback.__name__.replace("_", "-"))


def _is_closed(stream: TextIO) -> bool:
    """Whether a stream is a pipe that nobody reads any more, as in ``reportgen schema | head``."""
    try:
        watch = select.poll()
        watch.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in watch.poll(0))
    # A closed stream has no number.
    except (OSError, ValueError):
        return False
