"""What a group's process left in the folder that it owned, where a stranger's file may have taken it over.

There may be links to files of others, pipes that nobody writes to, and folders where files belong. Nothing of
that is followed, waited for or kept.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Collection
from pathlib import Path

_DEEPEST = 16
"""Folders in folders; of a report there are three."""


class StrangeRemainsError(Exception):
    """Something that no honest process leaves; its text is the path in the group's folder."""


def keep_plain(folder: Path, target: Path, left_out: Collection[str]) -> None:
    """Move what lies in ``folder`` to ``target``, except for these names.

    Raises ``StrangeRemainsError``, before anything is moved, if some of it is neither a file nor a folder, or
    cannot be listed.
    """
    names = sorted({entry.name for entry in _list(folder, "")} - set(left_out))
    for name in names:
        _require_plain(folder, name)
    for name in names:
        (folder / name).rename(target / name)


def _require_plain(folder: Path, name: str) -> None:
    if (folder / name).is_symlink():
        raise StrangeRemainsError(name)
    if (folder / name).is_file():
        return
    waiting = [name]
    # Without calling itself: a folder may be nested deeper than Python goes down.
    while waiting:
        inside = waiting.pop()
        if inside.count("/") > _DEEPEST:
            raise StrangeRemainsError(name)
        for entry in _list(folder, inside):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{inside}/{entry.name}")
            elif not entry.is_file(follow_symlinks=False):
                raise StrangeRemainsError(f"{inside}/{entry.name}")


def _list(folder: Path, inside: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder / inside) as entries:
            return list(entries)
    # No folder, or one that its owner may not read.
    except OSError:
        raise StrangeRemainsError(inside or "a folder that cannot be listed") from None


def remove_remains(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as the system allows; the rest stays.

    However deep it is: ``shutil.rmtree`` calls itself for each folder in a folder, until Python refuses.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        with contextlib.suppress(OSError):
            # A process may have taken away its owner's rights to what it made.
            current.chmod(0o700)
        for entry in _list_what_can_be(current):
            with contextlib.suppress(OSError):
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    path.chmod(0o700)
                    # Moved up first, so that no path is longer than the system allows.
                    waiting.append(path.rename(folder / uuid.uuid4().hex))
                else:
                    path.unlink()
        with contextlib.suppress(OSError):
            current.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _list_what_can_be(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return _list(folder, "")
    except StrangeRemainsError:
        return []
