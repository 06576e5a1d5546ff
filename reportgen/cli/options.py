"""Options shared by several commands, and how they are evaluated."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.progress import Progress
from reportgen.settings import SETTINGS_FILE, Settings, load_settings
from reportgen.weights import SOURCES

if TYPE_CHECKING:
    from reportgen.outline.kind import Outline

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
    str | None,
    typer.Option("--weights", help="auto, imagenet, imagenet-notop, embedded, or a Keras file of VGG19."),
]
SecondsOption = Annotated[
    float | None,
    typer.Option(
        metavar="N", help="Stop after so long. Without it: 1800, and 2 for each image of --data.", min=1
    ),
]
MegabytesOption = Annotated[
    int | None, typer.Option(metavar="N", help="Stop at so much memory. Without it: 4000.", min=1)
]
SectionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--section",
        metavar="NAME",
        help="A section that it must have; repeated, in their order. Without it: those that it has.",
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="NAME",
        help="The kind of report that it must be, as report.toml names it. Without it: its own, or with "
        "--section the assignment.",
    ),
]
BuildOption = Annotated[Path | None, typer.Option("--build", metavar="FOLDER", help="Where the report goes.")]


def load(settings: Path | None, **overrides: Path | str | None) -> Settings:
    """The settings of a file (by default the current folder's, if it has one), overridden by options.

    Paths in options count from the current folder, those in the file from the file's.
    """
    # absolute() and not resolve(): messages name a path as it was typed.
    absolute: dict[str, Any] = {
        key: str(value.expanduser().absolute()) if isinstance(value, Path) else value
        for key, value in overrides.items()
    }
    weights = absolute.get("weights")
    if isinstance(weights, str) and weights not in SOURCES:
        absolute["weights"] = str(Path(weights).expanduser().absolute())
    return load_settings(settings.expanduser() if settings else None, **absolute)


def data_folder(settings: Settings, file: Path | None, progress: Progress) -> Path:
    """The data to report on; the sample images are drawn if there are no other and they are missing."""
    folder = settings.data or default_data(file)
    if lacks_data(settings, folder):
        from reportgen.acquire.sample import draw_sample
        from reportgen.store.ownership import claim

        claim(settings.build, "report")  # before images are drawn for a report that cannot be written
        draw_sample(folder, progress=progress)
    return folder


def lacks_data(settings: Settings, folder: Path) -> bool:
    """Whether there are no images yet, so that the sample images would be drawn into ``folder``."""
    return settings.data is None and folder.name == "sample" and not folder.exists()


def default_data(file: Path | None) -> Path:
    """The data that are reported on if none are named, beside the settings file."""
    from reportgen.dataset.layout import default_data_folder

    return default_data_folder((file.parent if file else Path.cwd()).resolve())


def for_imagenet(command: str, **options: Path | None) -> str:
    """What the user has to type to have the same with the weights that the assignment is about.

    The Makefile says in ``REPORTGEN_MAKE`` how it was called.
    """
    if made := os.environ.get("REPORTGEN_MAKE"):
        return f"{made} WEIGHTS=imagenet"
    arguments = [part for name, path in options.items() if path for part in (f"--{name}", str(path))]
    return shlex.join(["reportgen", command, *arguments, "--weights", "imagenet"])


def display_path(path: Path) -> str:
    """A path as short as the user would write it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    # Not below the current folder.
    except ValueError:
        return str(path)


def demanded_outline(report: str | None, sections: Sequence[str] | None) -> Outline | None:
    """The outline that a report must have by the options of a command, None if its own is looked at.

    Raises ``OutlineError`` for a kind of report or a section that is not installed.
    """
    from reportgen.outline.kind import DEFAULT, Outline

    if not report and not sections:
        return None
    outline = Outline(report or DEFAULT, tuple(sections) if sections else None)
    outline.kind  # noqa: B018 - before anything is computed
    return outline
