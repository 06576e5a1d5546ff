"""Package managers of operating systems, and the command that installs what is missing."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reportgen.system.libraries import Library, find_missing

CHROMIUM, POPPLER = "Chromium", "Poppler"


@dataclass(frozen=True)
class Manager:
    """A package manager: its program, its arguments for unattended installation, and its package names.

    ``refresh`` brings its lists up to date first, where it does not do so by itself. ``packages`` are by
    :attr:`Library.name`, or by the name of a tool. ``as_user``: it is not run by root.
    """

    program: str
    install: tuple[str, ...]
    packages: Mapping[str, str]
    refresh: tuple[str, ...] = ()
    as_user: bool = False

    def choose_packages(self, names: Iterable[str]) -> list[str]:
        """The packages that bring these libraries and tools, each once; unknown names are left out."""
        return list(dict.fromkeys(self.packages[name] for name in names if name in self.packages))

    def commands(self, packages: Iterable[str]) -> list[tuple[str, ...]]:
        """The commands to run, in order."""
        chosen = tuple(packages)
        return [*([self.refresh] if self.refresh else []), (*self.install, *chosen)]

    @property
    def prefix(self) -> tuple[str, ...]:
        """The prefix that this user needs for its commands."""
        return () if self.as_user or os.geteuid() == 0 else ("sudo",)

    def line(self, packages: Iterable[str]) -> str:
        """The same as one line for this user's shell."""
        return " && ".join(shlex.join((*self.prefix, *command)) for command in self.commands(packages))


# GLib and HarfBuzz come with Pango on every system. HarfBuzz-Vector only paints colour emoji fonts, which
# the report never embeds, so nobody is asked for it.
_APT = {
    "gobject-2.0": "libpango-1.0-0",
    "pango-1.0": "libpango-1.0-0",
    "harfbuzz": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "fontconfig": "libfontconfig1",
    "harfbuzz-subset": "libharfbuzz-subset0",
    CHROMIUM: "chromium",
    POPPLER: "poppler-utils",
}
_OTHERS = dict.fromkeys(("gobject-2.0", "pango-1.0", "harfbuzz", "pangoft2-1.0"), "pango") | {
    "fontconfig": "fontconfig",
    "harfbuzz-subset": "harfbuzz",
    CHROMIUM: "chromium",
    POPPLER: "poppler-utils",
}

MANAGERS = (
    Manager(
        "apt-get",
        ("apt-get", "install", "-y", "--no-install-recommends"),
        _APT,
        refresh=("apt-get", "update"),
    ),
    Manager("dnf", ("dnf", "install", "-y"), _OTHERS),
    Manager("apk", ("apk", "add", "--no-cache"), _OTHERS | {"harfbuzz-subset": "harfbuzz-subset"}),
    Manager("pacman", ("pacman", "-Sy", "--noconfirm", "--needed"), _OTHERS | {POPPLER: "poppler"}),
    Manager("brew", ("brew", "install"), _OTHERS | {POPPLER: "poppler"}, as_user=True),
)
"""In this order the first one on the machine is taken."""


def find_manager() -> Manager | None:
    """The package manager of this machine, or None if it is none of those known."""
    return next((manager for manager in MANAGERS if shutil.which(manager.program)), None)


def name_wanted(missing: Iterable[Library]) -> list[str]:
    """The names of those libraries that the report can use; see ``MANAGERS`` for the one it cannot."""
    return [library.name for library in missing if library.name in _APT]


def propose_line(names: Iterable[str] | None = None) -> str:
    """The line that brings libraries or tools, by default all that the PDF lacks, on this machine; or ""."""
    wanted = name_wanted(find_missing()) if names is None else list(names)
    manager = find_manager()
    packages = manager.choose_packages(wanted) if manager else []
    return manager.line(packages) if manager and packages else ""


def propose_remedy(names: Iterable[str] | None = None) -> str:
    """A sentence that says how to get what is missing, with the line if this machine's manager is known."""
    wanted = name_wanted(find_missing()) if names is None else list(names)
    if line := propose_line(wanted):
        return f"Install it: {line}"
    return f"Install {', '.join(wanted) or 'Pango'} with the package manager of this system."
