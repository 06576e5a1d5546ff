"""Which files affect the report, and which changes to them are noise."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from reportgen.templates import templates_folder

_PASSING = re.compile(r".*~|.*\.(sw[a-z]|tmp|part|crdownload)|4913|#.*#|.*___jb_(tmp|old)___", re.IGNORECASE)
"""Names of files that editors and browsers keep for a moment; 4913 is vim's."""


class Concern(Enum):
    """The consequence of a change."""

    REPORT = auto()
    """The report is to be built again."""
    CODE = auto()
    """reportgen's own code has changed since it was loaded."""


def _package() -> Path:
    return Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Inputs:
    """The inputs of a report: the settings file, folders of images, the templates and reportgen's code.

    All paths are absolute and may be missing. Changes below the ``ignored`` folders do not count if those lie
    inside one of the others: a build writes there itself.
    """

    settings: Path
    data: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = field(default_factory=lambda: (templates_folder(),))
    sources: Path = field(default_factory=_package)
    ignored: tuple[Path, ...] = ()


class Scope:
    """The inputs as they are on disk at one moment, with symbolic links resolved."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = {_real(path) for path in (*inputs.templates, *inputs.data)}
        self._sources = _real(inputs.sources)
        self._ignored = {_real(path) for path in inputs.ignored}
        # Both names of a link: it may be redirected, and what it points to may be replaced.
        self._entrances = {
            name for path in (inputs.settings, *inputs.templates, *inputs.data) for name in _names(path)
        }

    @property
    def trees(self) -> list[Path]:
        """The folders that matter with all they hold, those that exist, none inside another."""
        roots = [path for path in {*self._inputs, self._sources} if path.is_dir()]
        return sorted(path for path in roots if not any(_inside(path, other) for other in roots))

    @property
    def doors(self) -> list[Path]:
        """The folders in which the settings file or one of the trees would appear, vanish or be replaced.

        Folders that may not be listed, as ``/home`` of some machines, cannot be watched and are left out.
        """
        folders = {next(path for path in name.parents if path.is_dir()) for name in self._entrances}
        return sorted(path for path in folders if os.access(path, os.R_OK))

    def concern_of(self, path: Path) -> Concern | None:
        """The consequence of a change of ``path``, below one of the trees."""
        for root in self._inputs:
            if path.is_relative_to(root) and not self._is_noise(path, root):
                return Concern.REPORT
        if path.suffix == ".py" and path.is_relative_to(self._sources):
            return None if self._is_noise(path, self._sources) else Concern.CODE
        return None

    def is_entrance(self, path: Path) -> bool:
        """Whether with ``path``, seen at a door, the settings file or a whole tree came, went or changed."""
        return any(name.is_relative_to(path) for name in self._entrances)

    def _is_noise(self, path: Path, root: Path) -> bool:
        parts = path.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or (parts and _PASSING.fullmatch(parts[-1])):
            return True
        return any(_inside(folder, root) and path.is_relative_to(folder) for folder in self._ignored)


def _inside(path: Path, folder: Path) -> bool:
    return path != folder and path.is_relative_to(folder)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _names(path: Path) -> tuple[Path, Path]:
    return _real(path.parent) / path.name, _real(path)
