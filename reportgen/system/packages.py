"""The versions of packages that a module's results depend on."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

_DISTRIBUTIONS = {
    "PIL": ("pillow",),
    "fontTools": ("fonttools",),
    "h5py": ("h5py",),
    "jinja2": ("jinja2", "markupsafe"),
    "keras": ("keras", "tensorflow", "numpy", "h5py"),
    "markdown_it": ("markdown-it-py",),
    "mdit_py_plugins": ("mdit-py-plugins",),
    "markupsafe": ("markupsafe",),
    "matplotlib": ("matplotlib", "fonttools", "pillow", "numpy"),
    "numpy": ("numpy",),
    "pillow_heif": ("pillow-heif",),
    "scipy": ("scipy", "numpy"),
    "sklearn": ("scikit-learn", "scipy", "numpy"),
    "tensorflow": ("tensorflow", "keras", "numpy"),
    "tomli_w": ("tomli-w",),
    "weasyprint": (
        "weasyprint", "pydyf", "tinycss2", "tinyhtml5", "cssselect2", "pyphen", "fonttools", "pillow",
    ),
    "jsonschema": (),
    "threadpoolctl": (),
    "pydantic": (),
    "rich": (),
}  # fmt: skip
"""Imported name -> the distributions whose versions can change what it gives. Pydantic only checks and writes
JSON, whose numbers are exact in every version; jsonschema only checks what was written; rich only shows
how far the work is."""


def versions_for(libraries: Iterable[str]) -> dict[str, str]:
    """The versions of the packages behind these imported names, of Python, and the kind of machine.

    Floating-point results may differ between kinds of processors, so the machine's counts as a version.
    """
    installed = installed_versions()
    names = {name for library in libraries for name in _distributions_of(library)}
    found = {name: installed.get(name, "missing") for name in sorted(names)}
    if "pillow" in found:
        # It may be the system's, and is then no part of Pillow's version.
        found["littlecms"] = _littlecms_version()
    return {"python": python_version(), "machine": f"{sys.platform} {os.uname().machine}", **found}


def _distributions_of(library: str) -> Iterable[str]:
    """The distributions behind an imported name: by the table, else looked up, which takes longer."""
    if library in _DISTRIBUTIONS or library in sys.stdlib_module_names:
        return _DISTRIBUTIONS.get(library, ())
    return [_normalise(name) for name in _installed_by_module().get(library, ())]


def _normalise(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503), with a hyphen for points and underscores, too."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _installed_by_module() -> Mapping[str, list[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()


@cache
def _littlecms_version() -> str:
    """The version of the library that applies colour profiles: Pillow's own, or the system's.

    Pillow's own is known by its file, so that a build with nothing to do need not import Pillow.
    """
    found = importlib.util.find_spec("PIL")
    home = Path(found.origin).parent if found and found.origin else Path()
    for folder in (home.parent / "pillow.libs", home / ".dylibs"):
        for file in sorted(folder.glob("liblcms2*")):
            return file.name
    try:
        from PIL import _imagingcms  # ImageCms itself imports ten times as much
    except ImportError:
        return "missing"
    return str(_imagingcms.littlecms_version)


def python_version() -> str:
    """As "3.11.7"."""
    return ".".join(map(str, sys.version_info[:3]))


@cache
def installed_versions() -> dict[str, str]:
    """The version of every installed distribution, by its normalised name (PEP 503).

    Read off the names of their folders, which takes a millisecond; ``importlib.metadata`` opens a file
    for each.
    """
    versions: dict[str, str] = {}
    for folder in sys.path:
        try:
            folders = [path for path in Path(folder).iterdir() if path.suffix == ".dist-info"]
        # sys.path also has archives, and folders that are not there.
        except OSError:
            continue
        for path in folders:
            distribution, _, version = path.stem.rpartition("-")
            # Of two on the path Python imports the first.
            versions.setdefault(_normalise(distribution), version)
    return versions


def known_libraries() -> frozenset[str]:
    """The imported names whose distributions are known."""
    return frozenset(_DISTRIBUTIONS)
