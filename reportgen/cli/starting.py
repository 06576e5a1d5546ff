"""Commands around a build: a folder to begin with, images, weights, the schema, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import (
    BuildOption,
    DataOption,
    QuietOption,
    SettingsOption,
    default_data,
    display_path,
    load,
)
from reportgen.console import choose_progress
from reportgen.text import plural


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


def annotate(
    outlines: Annotated[
        Path, typer.Argument(metavar="OUTLINES", help="What Caltech-101's Annotations.tar unpacks to.")
    ],
    data: DataOption = None,
    settings: SettingsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write annotations.json beside the images, from the outlines (.mat) that come with Caltech-101.

    For example: reportgen annotate Annotations --data data
    """
    from reportgen.acquire.outlines import annotate as annotate_images

    chosen = load(settings, data=data)
    folder = chosen.data or default_data(settings)
    done = annotate_images(folder, outlines, chosen.seed, choose_progress(quiet=quiet))
    if not quiet:
        rest = f"; {plural(done.without, 'has none', 'have none')}" if done.without else ""
        typer.echo(f"{plural(done.images, 'image has its box', 'images have their boxes')} now{rest}.")


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
    """Download Caltech-101 (137 MB, once), and split classes of it 50/20/20; with boxes from its outlines.

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
    from reportgen.contract.schema import (
        POINTERS_FILE,
        SCHEMA_FILE,
        describe_pointers,
        make_schema,
        write_schema,
    )
    from reportgen.outline.kind import find_kind

    kind = load(settings).kind
    if kind == find_kind():
        # The shipped text: to make the schema imports every result type, which takes 0.2 s.
        text = (POINTERS_FILE if pointers else SCHEMA_FILE).read_text(encoding="utf-8")
    else:
        text = describe_pointers(make_schema(kind)) if pointers else write_schema(kind)
    typer.echo(text, nl=False)


_MOST_LEFT = 10


def doctor(data: DataOption = None, settings: SettingsOption = None) -> None:
    """Check Python, Pango, fonts, weights, data and disk, and say what is wrong."""
    from reportgen.doctor import examine

    chosen = load(settings, data=data)
    folder = chosen.data or default_data(settings)
    if folder.exists():
        chosen = chosen.model_copy(update={"data": folder})
    findings = examine(chosen)
    for finding in findings:
        state = ("note" if finding.note else "ok") if finding.ok else "PROBLEM"
        typer.echo(f"{state:7}  {finding.line}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def clean(
    settings: SettingsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
) -> None:
    """Remove the last build and the earlier ones; what somebody else put into the folder stays."""
    from reportgen.export import MODEL_FILE, is_own_model
    from reportgen.store.clearing import clear

    folder = build.expanduser().absolute() if build else load(settings).build
    left = clear(folder, choose_progress(quiet=quiet).say, {MODEL_FILE: is_own_model})
    if not quiet:
        for path in left[:_MOST_LEFT]:
            typer.echo(f"{display_path(path)} stays: reportgen did not write it, or it was changed since.")
        if len(left) > _MOST_LEFT:
            typer.echo(f"and {len(left) - _MOST_LEFT} more")


def export_model(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A .keras file.")] = None,
    settings: SettingsOption = None,
    build: BuildOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the last build's whole network, VGG19 and its new layer, as one Keras model."""
    from reportgen.export import export

    path = export(load(settings, build=build), out, choose_progress(quiet=quiet))
    if not quiet:
        typer.echo(
            f"The model is in {display_path(path)}. Its input is preprocessed: BGR minus the ImageNet mean."
        )
