"""Partial downloads, kept next to the target file until they are complete."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

SUFFIX = ".part"


class Part:
    """The beginning of a file; bytes are added at its end."""

    def __init__(self, stream: BufferedRandom, path: Path) -> None:
        self._stream = stream
        self._path = path
        self.size = stream.seek(0, os.SEEK_END)

    def append(self, data: bytes) -> None:
        """Add bytes. Raises ``OSError`` if the disk does not take them."""
        self._stream.write(data)
        self.size += len(data)

    def clear(self) -> None:
        """Discard what was downloaded."""
        self._stream.truncate(0)
        self._stream.seek(0)
        self.size = 0

    def md5(self) -> str:
        """The checksum of all that is there, in hexadecimal digits."""
        self._stream.flush()
        self._stream.seek(0)
        digest = hashlib.file_digest(self._stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        self._stream.seek(0, os.SEEK_END)
        return digest

    def finish(self, path: Path) -> None:
        """Move the complete download to ``path``."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._path.replace(path)
        self.size = 0


@contextmanager
def open_part(path: Path, say: Callable[[str], None]) -> Iterator[Part]:
    """The part of the file ``path``, for one process at a time; others say so and wait.

    What is there at the end of the block stays for the next time, unless it is nothing.
    """
    partial = path.with_name(path.name + SUFFIX)
    with _alone(partial, say) as stream:
        part = Part(stream, partial)
        try:
            yield part
        finally:
            with contextlib.suppress(OSError):
                stream.flush()
            if not part.size:
                _remove(partial, stream)


@contextmanager
def _alone(path: Path, say: Callable[[str], None]) -> Iterator[BufferedRandom]:
    reported = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(handle, "r+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not reported:
                    say(f"Another download of {path.name.removesuffix(SUFFIX)} is under way; waiting for it.")
                reported = True
                fcntl.flock(stream, fcntl.LOCK_EX)
            except OSError:
                pass  # a file system without locks
            # The other process may have finished the download, or discarded it.
            if _is_same(path, stream):
                yield stream
                return
            if (done := path.with_name(path.name.removesuffix(SUFFIX))).exists() and _is_same(done, stream):
                yield stream
                return


def _is_same(path: Path, stream: BufferedRandom) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    return False


def _remove(path: Path, stream: BufferedRandom) -> None:
    if _is_same(path, stream):
        with contextlib.suppress(OSError):
            path.unlink()
