"""The templates of the report: those of the package, and the user's, which replace them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reportgen.errors import SettingsError
from reportgen.outline.kind import ReportKind

_PACKAGE = Path(__file__).resolve().parent


def templates_folder() -> Path:
    """The folder that holds ``report.html.j2``, the sections and the style sheet."""
    return _find("templates")


def starting_settings() -> Path:
    """The ``report.toml`` that explains each of its lines; in a checkout the one at its root."""
    return _find("report.toml")


def _find(name: str) -> Path:
    # In the wheel it lies in the package, in a checkout beside it.
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


_NOT_OF_THE_REPORT = (".", "diff.", "overview.", "pages.", "verification.")
"""How the names of files begin that the report is not made from."""

_THEME = ("print.css",)
"""The file that makes a folder below ``themes/`` a theme."""


@dataclass(frozen=True)
class Templates:
    """Folders of templates; of files of one name, that of the first folder is used."""

    folders: tuple[Path, ...]

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """Every file that the report can be made from, by its path within its folder; listed once."""
        found: dict[str, Path] = {}
        # Backwards, so that the first folder has the last word.
        for folder in reversed(self.folders):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.name.startswith(_NOT_OF_THE_REPORT):
                    found[path.relative_to(folder).as_posix()] = path
        return found

    @property
    def themes(self) -> tuple[str, ...]:
        """The names of the themes that there are, in alphabetical order."""
        found = (Path(name).parts for name in self.files)
        return tuple(sorted({parts[1] for parts in found if parts[0] == "themes" and parts[2:] == _THEME}))

    def path(self, name: str) -> Path:
        """Where the file of that name is, or would be if there were one."""
        candidates = [folder / name for folder in self.folders]
        return next((path for path in candidates if path.is_file()), candidates[-1])

    def reread(self) -> Templates:
        """New templates of the same folders, whose files are listed again."""
        return Templates(self.folders)


def open_templates(own: Path | None = None, kind: ReportKind | None = None) -> Templates:
    """The report's templates, those that sections of its ``kind`` bring along among them, with those in the
    user's folder ``own`` instead of the ones they are named as.

    Raises ``SettingsError`` unless that is a folder with at least one file.
    """
    brought = [section.templates for section in kind.sections] if kind else []
    folders = (*(folder for folder in brought if folder), templates_folder())
    if own is None:
        return Templates(folders)
    templates = Templates((own, *folders))
    if not any(path.is_file() for path in own.rglob("*")):
        raise SettingsError(
            f"templates = '{own}': {'no files in it' if own.is_dir() else 'no such folder'}.",
            f"Copy the files that you want to change from {templates_folder()} to it, or remove the line.",
        )
    return templates
