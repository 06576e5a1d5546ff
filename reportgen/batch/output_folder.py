"""The output folder of a batch. It belongs to batches alone, and to one of them at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reportgen.batch.class_file import Group
from reportgen.errors import UserError
from reportgen.store.files import read_file, write_atomically, writing
from reportgen.store.lock import locked
from reportgen.store.ownership import is_no_content

MARK_FILE = ".batch"
_MARK_BEGINNING = b"The output of 'reportgen batch'"
_MARK = _MARK_BEGINNING + b"; what stands beside this file may be replaced by the next one.\n"


class OutputFolderError(UserError):
    """The output would get in the way of something."""


@contextlib.contextmanager
def open_output(out: Path, groups: Sequence[Group], say: Callable[[str], None]) -> Iterator[None]:
    """Hold the folder for one batch; another one says so and waits.

    Raises ``OutputFolderError`` if it overlaps with a group's folder, or holds files that no batch wrote;
    ``StorageError`` if it cannot be written.
    """
    output = out.resolve()
    for group in groups:
        folder = group.folder.resolve()
        if folder.is_relative_to(output) or output.is_relative_to(folder):
            raise OutputFolderError(
                f"--out {out}: overlaps with the folder of the group '{group.name}', {folder}.",
                "Choose a folder outside of what the groups handed in.",
            )
    if output.exists() and not output.is_dir():
        raise OutputFolderError(f"--out {out}: is a file.", "Choose a folder.")
    if output.is_dir() and not _is_marked(output):
        others = [path.name for path in output.iterdir() if not is_no_content(path)]
        if others:
            raise OutputFolderError(
                f"--out {out}: holds '{min(others)}', which no batch wrote.",
                "Choose an empty folder, or a new one.",
            )
    with locked(output, say):
        if not _is_marked(output):
            with writing(output):
                write_atomically(output / MARK_FILE, _MARK)
        yield


def _is_marked(folder: Path) -> bool:
    try:
        return read_file(folder / MARK_FILE).startswith(_MARK_BEGINNING)
    except OSError:
        return False
