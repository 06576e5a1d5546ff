"""Single files, written so that a reader never finds a part of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reportgen.errors import UserError


class StorageError(UserError):
    """A folder cannot be written, or the disk is full."""


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what goes wrong on the disk while ``place`` is written into a ``StorageError`` that names it."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or place}: cannot be written: {error.strerror}.",
            "Make room on the disk or choose another place; the last report is untouched.",
        ) from None


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader sees the old content or the new, never a part of either.

    ``durable`` waits until the disk has it; a cache entry that carries its own digest need not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def link_or_copy(file: Path, place: Path) -> None:
    """Give ``file`` a second name; its content is copied where the file system knows no links."""
    try:
        os.link(file, place)
    except OSError:
        write_atomically(place, file.read_bytes())


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows which names the folder holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
