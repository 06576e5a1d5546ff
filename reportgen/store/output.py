"""Output files named by the user: new ones, or those that the same command wrote before.

A file is written if it does not exist or is empty. It is replaced if it is recognisably what this very option
writes, so that a command can be run again. Anything else is the user's and raises an error that names it.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from reportgen.errors import UserError
from reportgen.store.files import (
    NoFileError,
    StorageError,
    cannot_be_read,
    hash_of,
    open_file,
    read_file,
    reason_of,
    remedy_for,
    write_atomically,
    writing,
)
from reportgen.store.ownership import (
    RECORD_FILE,
    ForeignFolderError,
    Kind,
    claim,
    intact,
    write_listing,
)
from reportgen.store.publication import publish


@contextlib.contextmanager
def filled_folder(
    folder: Path, kind: Kind, recognise: Callable[[Path], Mapping[str, str]] = lambda _scratch: {}
) -> Iterator[Path]:
    """Yield an empty folder to fill; its files are then moved to ``folder`` and recorded there.

    ``folder`` may be missing, empty, or filled earlier with the same ``kind``; then its files are replaced,
    and what else lies in it stays. ``recognise`` is given a folder for scratch, and returns the files, with
    SHA-256, of a folder that was filled before there were records. Raises ``ForeignFolderError`` if something
    else lies there, or if one of the files was changed since; ``StorageError`` if it cannot be written.
    """
    # A link is followed, for a rename would put the folder in place of the link.
    goal = folder.resolve()
    foreign = None
    try:
        own: Mapping[str, str] = claim(folder, kind)
    # Not raised yet: older folders are recognised below, which takes a folder for scratch.
    except ForeignFolderError as error:
        foreign = error
    with writing(folder):
        goal.parent.mkdir(parents=True, exist_ok=True)
        # Beside the goal, for a rename stays on one disk; shortened, since a name has 255 bytes at most.
        with tempfile.TemporaryDirectory(prefix=f".{goal.name[:40]}-", dir=goal.parent) as scratch:
            if foreign is not None:
                own = recognise(Path(scratch, "earlier"))
                if not own:
                    raise foreign
            # Before the block, which may work for a while, and not after it.
            _refuse_changed(folder, own)
            new = Path(scratch, "new")
            new.mkdir()
            yield new
            files = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
            record = write_listing(kind, {name: hash_of(new / name) for name in files})
            # A rename replaces an empty folder, so that all files are there at once.
            if not goal.exists() or not any(goal.iterdir()):
                # Not atomically: nobody reads it before the whole folder is renamed.
                (new / RECORD_FILE).write_bytes(record)
                new.chmod(0o755)
                new.replace(goal)
                return
            contents: dict[str, bytes | None] = {name: read_file(new / name) for name in files}
            publish(goal, {**contents, RECORD_FILE: record}, own)


def check_free(folder: Path, kind: Kind) -> None:
    """Make sure that :func:`filled_folder` may fill ``folder``, before long work for it begins."""
    _refuse_changed(folder, claim(folder, kind))


def _refuse_changed(folder: Path, own: Mapping[str, str]) -> None:
    changed = [
        name
        for name, sha256 in sorted(own.items())
        if os.path.lexists(folder / name) and not intact(folder, name, sha256)
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ForeignFolderError(
            f"{folder / changed[0]}{more}: changed since this program wrote it.",
            "Move it away, or name another folder with --out; nothing was changed.",
        )


Recognise = Callable[[BinaryIO], bool]
"""Whether a file, open at its beginning, is what an option writes."""

_BEGINNING = 20_000

# /dev/stdout and /dev/fd lead to /proc/self/fd.
_SYSTEM = ("/dev/", "/proc/")


class TakenError(UserError):
    """A file that is to be written is there already, and is something else."""


def check_output(path: Path, recognise: Recognise) -> None:
    """Make sure that ``path`` may be written, before long work for it begins.

    Raises ``TakenError`` naming the existing file, ``StorageError`` if it is a folder or cannot be read.
    """
    if _is_stream(path) or not os.path.lexists(path):
        return
    try:
        with open_file(path) as stream:
            # peek() leaves the file at its beginning.
            free = not stream.peek(1) or recognise(stream)
    except FileNotFoundError:  # a link that leads nowhere
        free = False
    except NoFileError as error:
        raise StorageError(f"{path}: cannot be written: {reason_of(error)}.", remedy_for(error)) from None
    except OSError as error:
        raise StorageError(cannot_be_read(path, error), remedy_for(error)) from None
    if not free:
        raise TakenError(
            f"{path}: is there already, and not what this command writes.",
            "Move it away, or name another file; nothing was changed.",
        )


def write_output(path: Path, data: bytes, recognise: Recognise) -> None:
    """Write a file whole or not at all. Raises what :func:`check_output` raises, and ``StorageError``."""
    # Once more: something may have come there while the work was done.
    check_output(path, recognise)
    with writing(path):
        if _is_stream(path):
            path.write_bytes(data)
        else:
            write_atomically(path, data)


def is_json_with(*keys: str) -> Recognise:
    """Recognises a JSON object that has at least these keys."""

    def recognise(stream: BinaryIO) -> bool:
        try:
            document: Any = json.load(stream)
        # No JSON, or nested without end: it is somebody else's.
        except (ValueError, RecursionError):
            return False
        return isinstance(document, dict) and set(keys) <= document.keys()

    return recognise


def is_text_with(*marks: str) -> Recognise:
    """Recognises a file that has one of these texts near its beginning."""

    def recognise(stream: BinaryIO) -> bool:
        beginning = stream.read(_BEGINNING)
        return any(mark.encode() in beginning for mark in marks)

    return recognise


def _is_stream(path: Path) -> bool:
    """Whether it is a stream of the system, such as ``/dev/stdout``, which no file can replace."""
    return str(path).startswith(_SYSTEM) or path.is_fifo() or path.is_char_device()
