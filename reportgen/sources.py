"""Which code a module runs through: its own file and those of all reportgen modules it imports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PACKAGE = "reportgen"
_ROOT = Path(__file__).resolve().parent
# Found by pattern: parsing all modules would take longer than the rest of a build with nothing to do.
_TYPING_ONLY = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)*", re.MULTILINE)
_FROM = re.compile(r"^[ \t]*from ([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import ([\w.]+)", re.MULTILINE)


def code_of(module: str, *, anew: bool = False) -> dict[str, str]:
    """SHA-256 of each source file that ``module`` runs through, by path from the package's folder.

    These are its own, and those of every module of reportgen that it imports anywhere in its text, also
    inside functions, and so on; imports for type checking only are left out. Files are read once in a
    process, which runs what it has read; ``anew`` looks at them once more.
    """
    digest = _digest.__wrapped__ if anew else _digest
    files = {name: _file(name) for name in sorted(_closure(module))}
    return {file.relative_to(_ROOT.parent).as_posix(): digest(file) for file in files.values()}


def libraries_of(module: str) -> set[str]:
    """Top-level names of all other packages imported by the code that ``module`` runs through."""
    return {name for part in _closure(module) for name in _imports(part)[1]}


@cache
def _closure(module: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [*_imports(name)[0], *_parents(name)]
    return frozenset(found)


def _parents(module: str) -> Iterator[str]:
    """The packages around a module, whose code runs first; of reportgen's own, it is the version alone."""
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(2, len(parts)))


@cache
def _imports(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules of reportgen that a module imports, and the top-level names of all others."""
    text = _TYPING_ONLY.sub("", _text(module))
    own, other = set(), set()
    for name, imported in _FROM.findall(text):
        if name.split(".")[0] != _PACKAGE:
            other.add(name.split(".")[0])
            continue
        own.add(name)
        for part in re.findall(r"\w+", re.sub(r"#.*| as \w+", "", imported)):
            if _is_module(f"{name}.{part}"):
                own.add(f"{name}.{part}")
    for name in _IMPORT.findall(text):
        (own if name.split(".")[0] == _PACKAGE else other).add(
            name if name.split(".")[0] == _PACKAGE else name.split(".")[0]
        )
    return frozenset(own - {_PACKAGE}), frozenset(other)


def _is_module(name: str) -> bool:
    place = _ROOT.parent / name.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def _file(module: str) -> Path:
    place = _ROOT.parent / module.replace(".", "/")
    return place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py"


def _text(module: str) -> str:
    return _file(module).read_text(encoding="utf-8")


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
