"""A new project folder with initial files, which never replace existing ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UserError
from reportgen.grading.shipped import write_rubric
from reportgen.settings import SETTINGS_FILE
from reportgen.store.files import writing
from reportgen.templates import starting_settings

RUBRIC_FILE = "rubric.toml"

MAKEFILE = f"""\
REPORTGEN := $(or $(wildcard .venv/bin/reportgen),reportgen)
report: ; @$(REPORTGEN) build $(if $(DATA),--data "$(DATA)") $(ARGS)
watch doctor: ; @$(REPORTGEN) $@ $(ARGS)
grade: ; @$(REPORTGEN) grade --rubric {RUBRIC_FILE} $(ARGS)
.PHONY: report watch doctor grade
"""

GITIGNORE = """\
# What reportgen makes. Your images are not listed here: they belong to what you hand in.
/build/
/.cache/
/data/sample/
/data/caltech101/
.venv/
"""

# In the order in which GNU make looks for them.
_NAMES_OF_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


@dataclass(frozen=True)
class Started:
    """The result for a folder: the files that were written and the user's files that were kept, by name."""

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]


def start_folder(folder: Path) -> Started:
    """Write ``report.toml``, ``.gitignore``, ``rubric.toml`` and a ``Makefile`` to ``folder``, which is made.

    A file that is there stays as it is, whatever is in it; so does a makefile of another name. Raises
    ``UserError`` if ``folder`` is no folder, ``StorageError`` if it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(
            f"{folder}: is a file, not a folder.", "Name a folder; it is made if it does not exist."
        )
    files = {
        SETTINGS_FILE: starting_settings().read_bytes(),
        ".gitignore": GITIGNORE.encode(),
        RUBRIC_FILE: write_rubric().encode(),
        "Makefile": MAKEFILE.encode(),
    }
    written, kept = [], []
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            # Both: it may be there already, or come while the others are written.
            own = _own_file(folder, name)
            if own is None and _write_new(folder / name, content):
                written.append(name)
            else:
                kept.append(own or name)
    return Started(folder, tuple(written), tuple(kept))


def _own_file(folder: Path, name: str) -> str | None:
    """The existing file that takes precedence over ``name``; make reads the first makefile of its list."""
    names = _NAMES_OF_MAKEFILES if name == "Makefile" else (name,)
    # A link that leads nowhere is the user's own, too.
    return next((each for each in names if os.path.lexists(folder / each)), None)


def _write_new(file: Path, content: bytes) -> bool:
    """Write a file that is not there yet; False, and nothing is touched, if it has appeared meanwhile."""
    try:
        stream = file.open("xb")
    except FileExistsError:
        return False
    try:
        with stream:
            stream.write(content)
    # After Ctrl-C, too: half of a file would be taken for the user's own the next time.
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return True
