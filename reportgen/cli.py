"""The command line: parse, call, print, exit. Heavy imports stay inside the commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from reportgen import __version__
from reportgen.console import choose_progress
from reportgen.errors import StoppedError, UserError
from reportgen.progress import Progress
from reportgen.settings import SETTINGS_FILE, Settings, load_settings

if TYPE_CHECKING:
    from reportgen.pipeline import Built


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
fetch_app = typer.Typer(no_args_is_help=True, help="Download the photographs or the ImageNet weights.")
app.add_typer(fetch_app, name="fetch")

INTERRUPTED = 130
"""The exit code of a command that was stopped with Ctrl-C, as shells have it."""

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help=f"Another settings file than ./{SETTINGS_FILE}."),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FOLDER", help="The images: FOLDER/<split>/<class>/* or FOLDER/<class>/*."
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
WeightsOption = Annotated[
    str | None, typer.Option("--weights", help="auto, imagenet, embedded, or a Keras file of VGG19.")
]
BuildOption = Annotated[Path | None, typer.Option("--build", metavar="FOLDER", help="Where the report goes.")]


@app.command()
def build(
    data: DataOption = None,
    settings: SettingsOption = None,
    weights: WeightsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each stage runs or not.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say so, and stop.")] = False,
    only: Annotated[
        str | None, typer.Option("--only", metavar="STAGE", help="Run one stage anew and show its numbers.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing that an earlier build kept.")] = False,
) -> None:
    """Compute what has changed and write report.html, report.pdf and results.json.

    Without --data (and without 'data' in the settings) the folder data/ is used if it holds images, else the
    sample images in data/sample, which are drawn on first use.
    """
    progress = choose_progress(quiet=quiet)
    chosen = _load(settings, data=data, weights=weights, build=build)
    folder = _data_folder(chosen, settings, progress)
    from reportgen import pipeline

    if dry_run:
        for line in pipeline.preview(chosen, folder, progress):
            typer.echo(line)
        return
    if only is not None:
        for line in pipeline.describe_outcome(pipeline.recompute(chosen, folder, only, progress)):
            typer.echo(line)
        return
    built = pipeline.build(chosen, folder, progress, pipeline.Options(fresh=fresh, explain=explain))
    _tell(built, progress, quiet=quiet)
    if built.problem:
        raise built.problem


def _tell(built: Built, progress: Progress, *, quiet: bool) -> None:
    """What the user should know of the report, and where it is."""
    results = built.document
    for line in built.notes:
        progress.say(line)
    for warning in results["dataset"]["warnings"]:
        progress.say(f"Warning: {warning}")
    for check in results["checks"]:
        if not check["passed"]:
            progress.say(f"Check failed: {check['claim']}")
    if quiet:
        return
    test = results["transfer"]
    typer.echo(f"\nTest accuracy: {test['correct']['test']} of {test['total']['test']} images.")
    typer.echo("The report is finished:" if built.changed else "Nothing has changed; the report stands:")
    for name in ("report.html", *([] if built.problem else ["report.pdf"]), "results.json"):
        typer.echo(f"  {_shown(built.path(name))}")


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the images go.")] = Path(
        "data/sample"
    ),
    seed: Annotated[int, typer.Option(help="Another seed draws other images.")] = 671,
    quiet: QuietOption = False,
) -> None:
    """Draw the sample images: butterfly, kangaroo and leopard, with annotated animals and heads."""
    from reportgen.acquire.sample import draw_sample

    draw_sample(out, seed, choose_progress(quiet=quiet))
    if not quiet:
        typer.echo(f"The sample images are in {_shown(out)}.")


@fetch_app.command()
def caltech101(
    classes: Annotated[
        list[str], typer.Option("--classes", metavar="NAME ...", help="Two or more of the 101 classes.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the images go.")] = Path(
        "data/caltech101"
    ),
    settings: SettingsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Download Caltech-101 (137 MB, once), and split classes of it 50/20/20.

    For example: reportgen fetch caltech101 --classes butterfly kangaroo Leopards
    """
    from reportgen.acquire.caltech101 import fetch_caltech101

    chosen = _load(settings)
    fetch_caltech101(
        classes, out, cache=chosen.cache, seed=chosen.seed, progress=choose_progress(quiet=quiet)
    )
    if not quiet:
        typer.echo(f"The photographs are in {_shown(out)}. Now: reportgen build --data {out}")


@fetch_app.command()
def vgg19(quiet: QuietOption = False) -> None:
    """Download VGG19's ImageNet weights (574 MB) into Keras's cache."""
    from reportgen.acquire.vgg19 import fetch_vgg19

    path = fetch_vgg19(choose_progress(quiet=quiet))
    if not quiet:
        typer.echo(f"The weights are in {path}.")


@app.command()
def doctor(data: DataOption = None, settings: SettingsOption = None) -> None:
    """Check Python, Pango, fonts, weights, data and disk, and say what is wrong."""
    from reportgen.doctor import examine

    chosen = _load(settings, data=data)
    folder = chosen.data or _default_data(settings)
    if folder.exists():
        chosen = chosen.model_copy(update={"data": folder})
    findings = examine(chosen)
    for finding in findings:
        typer.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.line}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command("export-model")
def export_model(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A .keras file.")] = None,
    settings: SettingsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the last build's whole network, VGG19 and its new layer, as one Keras model."""
    from reportgen.pipeline import export

    path = export(_load(settings, build=build), out, choose_progress(quiet=quiet))
    if not quiet:
        typer.echo(f"The model is in {_shown(path)}. Its input is preprocessed: BGR minus the ImageNet mean.")


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


def _load(settings: Path | None, **overrides: Path | str | None) -> Settings:
    absolute: dict[str, Any] = {
        key: str(value.expanduser().absolute()) if isinstance(value, Path) else value
        for key, value in overrides.items()
    }
    weights = absolute.get("weights")
    if isinstance(weights, str) and weights not in ("auto", "imagenet", "embedded"):
        absolute["weights"] = str(Path(weights).absolute())
    return load_settings(settings.expanduser() if settings else None, **absolute)


def _data_folder(settings: Settings, file: Path | None, progress: Progress) -> Path:
    """The data to report on; the sample images are drawn if there are no other and they are missing."""
    if settings.data is not None:
        return settings.data
    folder = _default_data(file)
    if folder.name == "sample" and not folder.exists():
        from reportgen.acquire.sample import draw_sample

        draw_sample(folder, progress=progress)
    return folder


def _default_data(file: Path | None) -> Path:
    from reportgen.dataset.layout import default_data_folder

    return default_data_folder((file.parent if file else Path.cwd()).resolve())


def _shown(path: Path) -> str:
    """A path as short as the user would write it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


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
            typer.echo("reportgen: stopped; the report in the build folder is whole.", err=True)
        raise
