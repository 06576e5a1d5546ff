"""Removes what the program wrote to a build folder, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from reportgen.store.files import open_file, writing
from reportgen.store.lock import LOCK_FILE, locked
from reportgen.store.ownership import DIFFERENCE_FILE, ForeignFolderError, claim, is_difference
from reportgen.store.publication import recover, remove_listed

# Placeholders of git, as build/.gitignore in this project's checkout, are no remains worth reporting.
_STAYS_SILENTLY = (".gitignore", ".gitkeep", ".keep")


def clear(
    folder: Path,
    say: Callable[[str], None],
    others: Mapping[str, Callable[[BinaryIO], bool]] | None = None,
) -> list[Path]:
    """Remove the report, the earlier ones, and what commands put beside it; returns what stays, in order.

    Files go that the records list and that are as they were written, and those named in ``others`` that are
    recognised. Raises ``StorageError`` if something cannot be removed.
    """
    if not folder.is_dir():
        return []
    try:
        claim(folder, "report")
    # clear() is asked to remove what is the program's; in a folder of somebody else's that is nothing.
    except ForeignFolderError:
        return list(_what_stays(folder))
    with locked(folder, say), writing(folder):
        # First, or the record would not yet list what a dying build was publishing.
        recover(folder)
        remove_listed(folder)
        for earlier in (folder / "previous").glob("*"):
            remove_listed(earlier)
        if is_difference(folder / DIFFERENCE_FILE):
            (folder / DIFFERENCE_FILE).unlink()
        for name, recognise in (others or {}).items():
            # A file of that name may be the user's, so its content decides.
            if _is_one(folder / name, recognise):
                (folder / name).unlink()
        # After the program's other files: once the name is gone, another build may lock a new file.
        (folder / LOCK_FILE).unlink()
        for path in (*(folder / "previous").glob("*"), folder / "previous"):
            # Somebody's files keep the folder.
            with contextlib.suppress(OSError):
                path.rmdir()
    return list(_what_stays(folder))


def _is_one(path: Path, recognise: Callable[[BinaryIO], bool]) -> bool:
    try:
        with open_file(path) as stream:
            return not path.is_symlink() and recognise(stream)
    # What cannot be read cannot be recognised, and stays.
    except OSError:
        return False


def _what_stays(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and path.name not in _STAYS_SILENTLY:
            yield path
