"""Checks what this machine lacks for building a report; one line for each check."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UserError, WeightsError
from reportgen.settings import Settings

NEEDED_BYTES = 1_000_000_000
# As requires-python in pyproject.toml.
SUPPORTED = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Finding:
    """One check: is it well, and what is to be said of it. ``note``: it is, and could be better."""

    ok: bool
    line: str
    note: bool = False


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, packages, Pango, fonts, weights, data, build folder, disk and kernel.

    Nothing is changed. ``settings.data`` is None if there is no data yet.
    """
    looks: tuple[Callable[[Settings], Finding], ...] = (
        _python, _packages, _pango, _fonts, _weights, _data, _build_folder, _disk, _protections,
    )  # fmt: skip
    return [_guarded(look, settings) for look in looks]


def _guarded(look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    # What is wrong with one must not hide the others.
    except UserError as error:
        return Finding(False, f"{error.problem} {error.remedy}".replace("\n", "; "))
    # The other lines are of use in a broken installation, too.
    except ImportError as error:
        return Finding(
            False, f"{look.__name__[1:].replace('_', ' ').capitalize()}: cannot be checked, {error}"
        )


def _python(_: Settings) -> Finding:
    version = sys.version_info[:2]
    text = f"Python {version[0]}.{version[1]}"
    if SUPPORTED[0] <= version <= SUPPORTED[1]:
        return Finding(True, text)
    return Finding(False, f"{text}: 3.11, 3.12 or 3.13 is needed")


def _packages(_: Settings) -> Finding:
    needed = ("tensorflow", "keras", "numpy", "sklearn", "matplotlib", "jinja2", "weasyprint", "h5py")
    # Looked for, not imported: TensorFlow alone takes seconds.
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        return Finding(False, f"Packages missing: {', '.join(missing)}. {_reinstall()}")
    return Finding(True, "Python packages")


def _reinstall() -> str:
    """How to get the packages, which never is by reportgen's name: on PyPI that is another project's."""
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "Makefile").exists() and (checkout / "pyproject.toml").exists():
        return f"Run: rm -f .venv/.installed; make report (in {checkout})"
    return f"Run: {sys.executable} -m pip install --force-reinstall WHEEL (the .whl file that you have)"


def _pango(_: Settings) -> Finding:
    from reportgen.pdf.printer import find_obstacle
    from reportgen.system.libraries import describe_subsetter, printer_versions, propose_remedy

    if obstacle := find_obstacle():
        return Finding(False, f"{obstacle.problem} {obstacle.remedy}")
    if not printer_versions():
        return Finding(False, "PDF: WeasyPrint is not installed, or not as expected. Reinstall it")
    versions = " and ".join(f"{name} {version}" for name, version in printer_versions().items())
    if shortcoming := describe_subsetter():
        remedy = propose_remedy(["harfbuzz-subset"])
        return Finding(True, f"PDF: printed with {versions}. {shortcoming}. {remedy}", note=True)
    return Finding(True, f"PDF: printed with {versions}")


def _fonts(_: Settings) -> Finding:
    from reportgen.document.fonts import STYLES, font_folder

    missing = [face.file for face in STYLES if not (font_folder() / face.file).exists()]
    if missing:
        return Finding(False, f"Fonts missing from matplotlib: {', '.join(missing)}. Reinstall matplotlib")
    return Finding(True, "Fonts")


def _weights(settings: Settings) -> Finding:
    """Which weights a build would take; those of 574 MB are hashed unless the cache remembers them."""
    from reportgen.networks import USUAL
    from reportgen.store.digests import DigestMemory
    from reportgen.weights import locate_weights, require_here, resolve_source

    memory = DigestMemory(settings.cache, writes=False)
    try:
        choice = resolve_source(settings.weights, memory, settings.network)
        if settings.architecture != USUAL or choice.source == "random":
            locate_weights(choice.source, memory, settings.network)
            return Finding(True, f"Weights of {settings.network.name}: {choice.source}")
        require_here(choice.source, "the next build downloads them", memory)
    except WeightsError as error:
        return Finding(False, f"Weights: {error.problem} {error.remedy}")
    if line := choice.describe("reportgen build --weights imagenet"):
        return Finding(True, line)
    if locate_weights(choice.source, memory).source == "file":
        from reportgen.models.vgg_files import open_layers, require_vgg19

        with open_layers(Path(choice.source)) as stored:
            require_vgg19(stored)
    return Finding(True, f"Weights: {choice.source}")


def _data(settings: Settings) -> Finding:
    from reportgen.dataset.scan import scan

    if settings.data is None:
        return Finding(True, "Data: none yet; the first build draws the sample images")
    manifest = scan(settings.data, settings.seed)
    note = f", {len(manifest.warnings)} warnings" if manifest.warnings else ""
    return Finding(
        True,
        f"Data: {len(manifest.images)} images of {len(manifest.classes)} classes in {settings.data}{note}",
    )


def _build_folder(settings: Settings) -> Finding:
    import os

    from reportgen.store.ownership import claim

    claim(settings.build, "report")
    # The first build makes the folder; what counts is the one that it will be made in.
    folder = next(_existing(settings.build))
    if not os.access(folder, os.W_OK):
        return Finding(False, f"Build folder: {folder} cannot be written. Change its rights or set 'build'")
    return Finding(True, f"Build folder: {settings.build}")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(next(_existing(settings.build))).free
    text = f"Disk: {free / 1e9:.1f} GB free"
    return Finding(free >= NEEDED_BYTES, text if free >= NEEDED_BYTES else f"{text}; 1 GB is needed")


def _protections(_: Settings) -> Finding:
    """What the kernel lends to the processes that read what others handed in; builds need none of it."""
    from reportgen.system.confinement import describe_protections

    there, lacking = describe_protections()
    text = f"Strangers' reports, in a class: limits of {', '.join(there)}"
    if not lacking:
        return Finding(True, text)
    remedy = "A Linux from 6.12 on, on x86-64 or ARM, has all of them"
    return Finding(True, f"{text}; not of {', '.join(lacking)}. {remedy}", note=True)


def _existing(folder: Path) -> Iterator[Path]:
    return (path for path in (folder, *folder.parents) if path.exists())
