"""The commands that maintain the installation and the last build."""

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
