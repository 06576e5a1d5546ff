"""Shared libraries that a build needs, and the packages of this system that have them."""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportgen.system.packages import installed_versions

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
        """The commands that install these packages, as one line for this user's shell."""
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
    # Homebrew refuses to be run by root.
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


_OPENER = "_dlopen"

_PANGO, _HARFBUZZ, _SUBSETTER = "pango-1.0", "harfbuzz", "harfbuzz-subset"

_OLDEST_SUBSETTER = (4, 1, 0)
"""Before this HarfBuzz, WeasyPrint leaves subsetting to fontTools even if HarfBuzz-Subset is there."""


@dataclass(frozen=True)
class Library:
    """A shared library: its file names on different systems, and whether printing can do without it."""

    names: tuple[str, ...]
    optional: bool

    @property
    def name(self) -> str:
        """Its short name, such as ``pango-1.0``: that of its file on Linux without ``lib`` and ``.so``."""
        file = next((name for name in self.names if ".so" in name), self.names[0])
        return file.partition(".so")[0].removeprefix("lib")


def required_libraries() -> tuple[Library, ...]:
    """The libraries that the installed WeasyPrint opens on import, from its source; () if there is none.

    WeasyPrint itself is not imported: without Pango it cannot be, and it takes most of a second.
    """
    return _read_calls(file) if (file := _source()) else ()


def find_missing() -> list[Library]:
    """The libraries that WeasyPrint asks for and this machine does not have, optional ones too."""
    return [library for library in required_libraries() if _open(library) is None]


def can_print() -> bool:
    """Whether all libraries are here without which WeasyPrint cannot be imported."""
    return all(library.optional for library in find_missing())


def printer_versions() -> dict[str, str]:
    """The versions of Pango and of what reduces fonts to the characters in use, by name.

    ``harfbuzz-subset`` if WeasyPrint will use it, else ``fonttools``, its own fallback. {} without Pango.
    """
    opened = {library.name: _open(library) for library in required_libraries()}
    pango, harfbuzz = opened.get(_PANGO), opened.get(_HARFBUZZ)
    lacking = any(opened[library.name] is None for library in required_libraries() if not library.optional)
    if pango is None or harfbuzz is None or lacking:
        return {}
    version = _ask_version(harfbuzz, "hb_version_string")
    if opened.get(_SUBSETTER) is not None and _as_numbers(version) >= _OLDEST_SUBSETTER:
        subsetter = {_SUBSETTER: version}
    else:
        subsetter = {"fonttools": installed_versions().get("fonttools", "unknown")}
    return {"pango": _ask_version(pango, "pango_version_string"), **subsetter}


def describe_subsetter() -> str:
    """A note for the user if WeasyPrint's fallback subsets the fonts, or ""."""
    versions = printer_versions()
    if "fonttools" not in versions:
        return ""
    return (
        "HarfBuzz-Subset (4.1 or newer) is not on this machine, so the fonts of the PDF are reduced by "
        f"fontTools {versions['fonttools']}: it looks the same, but its bytes are not those of a machine "
        "that has it"
    )


def _source() -> Path | None:
    found = importlib.util.find_spec("weasyprint")
    file = Path(found.origin).parent / "text" / "ffi.py" if found and found.origin else None
    return file if file and file.is_file() else None


@cache
def _read_calls(file: Path) -> tuple[Library, ...]:
    """The libraries in calls such as ``_dlopen(ffi, "libpango-1.0-0", "libpango-1.0.so.0")``."""
    libraries = []
    # From the source, since the list differs between versions of WeasyPrint and is nowhere else.
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _OPENER:
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            optional = any(keyword.arg == "allow_fail" for keyword in node.keywords)
            if names:
                libraries.append(Library(tuple(map(str, names)), optional))
    return tuple(libraries)


def _open(library: Library) -> ctypes.CDLL | None:
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    # This system's own names first: a name without a suffix makes the loader search in vain.
    for name in sorted(library.names, key=lambda name: suffix not in name):
        try:
            # Opened and not looked for: only the loader knows where it looks.
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _ask_version(library: ctypes.CDLL, function: str) -> str:
    ask = getattr(library, function)
    # Else ctypes takes the answer for an int of 32 bits, which is half of an address.
    ask.restype = ctypes.c_char_p
    return str(ask().decode("ascii"))


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
