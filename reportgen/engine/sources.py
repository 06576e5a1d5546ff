"""The source files that a module depends on.

These are its own file and those of all modules of reportgen that it imports. Of a module of another package,
those of that package count, too.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from reportgen.store.digests import CodeMemory

_PACKAGE = "reportgen"
# Of reportgen's own modules found by pattern: for all 400 that takes 0.02 s of processor time, to parse them
# 1.2 s, and a whole build with nothing to do takes half a second. They have one import in a line, as the
# linter asks, and a test compares what is found with import-linter's graph. Of others, which are few and may
# be written in any way, the text is parsed. Patterns begin with the end of the line before: the search goes
# from one to the next, three times as fast as with ^, which is tried at every letter.
_TYPING_ONLY = re.compile(r"\nif TYPE_CHECKING:(?:\n[ \t]+.*|\n(?=\n|[ \t]))*")
_TYPING_TESTS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")
_FROM = re.compile(r"\n[ \t]*from ([\w.]+) import (\([^)]*\)|[^\n]*)")
_ASIDE, _NAME = re.compile(r"#.*| as \w+"), re.compile(r"\w+")
# A test names the few modules that import by a name made up at run time.
_IMPORT = re.compile(r"\n[ \t]*import ([\w.]+)")


def code_of(module: str, memory: CodeMemory | None = None, *, reread: bool = False) -> dict[str, str]:
    """A digest of the statements of each source file that ``module`` runs through, by path from the package's
    folder; comments, layout, docstrings and other strings that are statements of their own do not count.

    The files are its own, and those of every module of reportgen, or of the package that ``module`` lies in,
    that it imports anywhere in its text, also inside functions, and so on; imports for type checking only are
    left out. Files are read once in a process, which runs what it has read; ``reread`` reads them again.
    ``memory`` remembers digests by the hash of the whole file.
    """
    memory = memory or CodeMemory()
    # A stage must be compared with the file as it is now, not as it was when the plan read it.
    read = _read.__wrapped__ if reread else _read
    digests = {}
    for name in sorted(_closure(module)):
        file = _file(name)
        raw, data = read(file)
        # A file that is gone has no digest, which differs from all: find_changes() names it.
        digest = memory.obtain(raw, partial(_digest_statements, data)) if data else ""
        digests[_relative_path(name)] = digest
    return digests


def libraries_of(module: str) -> set[str]:
    """Top-level names of all other packages imported by the code that ``module`` runs through."""
    own = {_PACKAGE, _top(module)}
    return {name for part in _closure(module) for name in _imports(part)[1]} - own


# Asked for by every stage, and most of them share most modules.
@cache
def _closure(module: str) -> frozenset[str]:
    # Imports inside functions count, too: a stage imports what computes only when it runs.
    found: set[str] = set()
    waiting = [module]
    own = {_PACKAGE, _top(module)}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for each in (*_imports(name)[0], *_parents(name)) if _top(each) in own]
    return frozenset(found)


def _parents(module: str) -> Iterator[str]:
    """The packages around a module, whose code runs first; of reportgen's own, it is the version alone."""
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(2 if parts[0] == _PACKAGE else 1, len(parts)))


def _top(module: str) -> str:
    return module.partition(".")[0]


@cache
def _root(package: str) -> Path:
    """The folder of a top-level package; raises ``ModuleNotFoundError`` if there is none."""
    if package == _PACKAGE:
        return Path(__file__).resolve().parents[1]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"there is no package '{package}'")
    return Path(next(iter(spec.submodule_search_locations))).resolve()


@cache
def _imports(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules of reportgen and of the module's own package that it imports, and the top-level names of
    all others.
    """
    read = _match_imports if _top(module) == _PACKAGE else _parse_imports
    packages = {_PACKAGE, _top(module)}
    own, other = set(), set()
    for written, parts in read(_text(module)):
        name = _absolute(written, module)
        if _top(name) not in packages:
            other.add(_top(name))
            continue
        own.add(name)
        own.update(f"{name}.{part}" for part in parts if _is_module(f"{name}.{part}"))
    # reportgen/__init__.py is left out: a new version number alone makes only the results run again, which
    # record it.
    return frozenset(own - {_PACKAGE}), frozenset(other)


def _match_imports(text: str) -> Iterator[tuple[str, list[str]]]:
    """The modules that are imported, as they are written, each with the names that are imported from it."""
    text = _TYPING_ONLY.sub("\n", f"\n{text}") if "TYPE_CHECKING" in text else f"\n{text}"
    for written, imported in _FROM.findall(text):
        # Words of a comment, and aliases, would be taken for names of modules.
        yield written, _NAME.findall(_ASIDE.sub("", imported))
    yield from ((name, []) for name in _IMPORT.findall(text))


def _parse_imports(text: str) -> Iterator[tuple[str, list[str]]]:
    """The same, whatever the text looks like."""
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]
        elif isinstance(node, ast.If) and ast.unparse(node.test) in _TYPING_TESTS:
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _absolute(name: str, module: str) -> str:
    """The full name of what a module imports from: ``.result`` is next to it."""
    if not name.startswith("."):
        return name
    package = module if _file(module).name == "__init__.py" else module.rpartition(".")[0]
    return importlib.util.resolve_name(name, package)


def _is_module(name: str) -> bool:
    return _path_of(name) in _modules(_root(_top(name)))


@cache
def _modules(root: Path) -> frozenset[Path]:
    """The modules and packages of a top-level package, by path without suffix.

    Listed at once, since three of four names that are imported are none, and each was asked for on the disk.
    """
    files = (Path(folder, file) for folder, _, files in os.walk(root) for file in files)
    return frozenset(
        file.parent if file.name == "__init__.py" else file.with_suffix("")
        for file in files
        if file.suffix == ".py"
    )


# Remembered, since a stage asks for some hundred modules, most of which all stages run through.
@cache
def _file(module: str) -> Path:
    path = _path_of(module)
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


@cache
def _relative_path(module: str) -> str:
    """Where its file is, from the folder that its package is in."""
    return _file(module).relative_to(_root(_top(module)).parent).as_posix()


def _path_of(module: str) -> Path:
    top, *rest = module.split(".")
    return _root(top).joinpath(*rest)


def _text(module: str) -> str:
    # The digest of its statements is taken of the same reading.
    return _read(_file(module))[1].decode("utf-8")


@cache
def _read(file: Path) -> tuple[str, bytes]:
    """A file's SHA-256 and its content, which is empty if it is gone."""
    data = file.read_bytes() if file.exists() else b""
    return hashlib.sha256(data).hexdigest(), data


# Many modules run through the same files: without the cache the identity of a batch takes 4.8 s, not 2.4 s.
@cache
def _digest_statements(data: bytes) -> str:
    """SHA-256 of a source's statements; of its whole text if something in it reads docstrings."""
    # Such code may print its docstrings, and then they count.
    if b"__doc__" in data:
        return hashlib.sha256(data).hexdigest()
    tree = ast.parse(data)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A body may be left empty: the tree is only dumped, never compiled.
            body[:] = [each for each in body if not _is_text(each)]
    # The dump is without line numbers, so that a comment above a statement does not change it.
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
