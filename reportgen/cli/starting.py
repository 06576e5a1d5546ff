"""The commands before the first build: project folder, images, weights, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import QuietOption, SettingsOption, display_path, load
from reportgen.console import choose_progress


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

    project = folder.expanduser().absolute()
    started = start_folder(project)
    if quiet:
        return
    for name in started.written:
        typer.echo(f"Wrote {display_path(project / name)}.")
    for name in started.kept:
        typer.echo(f"Kept {display_path(project / name)} as it was.")
    where = "" if project == Path.cwd() else f"in {display_path(project)} "
    typer.echo(f"Put your images into {display_path(project / 'data')}; then {where}run: reportgen build")


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
        typer.echo(f"The sample images are in {display_path(out)}.")


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

    chosen = load(settings)
    fetch_caltech101(
        classes, out, cache=chosen.cache, seed=chosen.seed, progress=choose_progress(quiet=quiet)
    )
    if not quiet:
        typer.echo(f"The photographs are in {display_path(out)}. Now: reportgen build --data {out}")


def vgg19(
    notop: Annotated[
        bool, typer.Option("--notop", help="Without the classifier part: 80 MB instead of 574.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Download VGG19's ImageNet weights (574 MB) into Keras's cache; a download that broke off goes on."""
    from reportgen.acquire.vgg19 import fetch_vgg19

    path = fetch_vgg19(choose_progress(quiet=quiet), "imagenet-notop" if notop else "imagenet")
    if not quiet:
        typer.echo(f"The weights are in {path}.")


def schema(
    pointers: Annotated[
        bool,
        typer.Option(
            "--pointers", help="List every pointer with type, unit and meaning instead, in Markdown."
        ),
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Print the JSON Schema of results.json, with the sections that report.toml names.

    For example: reportgen schema > results.schema.json
    """
    from reportgen.contract.pointers import POINTERS_FILE, describe_pointers
    from reportgen.contract.schema import SCHEMA_FILE, make_schema, write_schema
    from reportgen.outline.kind import find_kind

    kind = load(settings).kind
    if kind == find_kind():
        text = (POINTERS_FILE if pointers else SCHEMA_FILE).read_text(encoding="utf-8")
    else:
        text = describe_pointers(make_schema(kind)) if pointers else write_schema(kind)
    typer.echo(text, nl=False)
