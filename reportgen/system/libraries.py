"""The shared libraries that WeasyPrint loads: which are needed, which are installed, in which versions."""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportgen.system.packages import installed_versions

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
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _ask_version(library: ctypes.CDLL, function: str) -> str:
    ask = getattr(library, function)
    ask.restype = ctypes.c_char_p
    return str(ask().decode("ascii"))


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
