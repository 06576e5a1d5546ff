"""The cache of computed outcomes, keyed by a hash of all inputs. Entries carry a digest and expire by age."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reportgen.store.files import TEMPORARY, NoFileError, open_file, reason_of, write_atomically

_DIGEST_BYTES = 32
_HOUR = 3600
_ENTRY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = re.compile(rf"{re.escape(TEMPORARY)}[a-z0-9_]+|\.[0-9a-f]{{64}}\..+")
"""The names of what is being written, now and by versions before this one."""


class Cache:
    """Byte strings by key (a hexadecimal hash), each in a file of its own under ``folder``.

    A damaged entry reads as None, and is deleted; a cache that cannot be written is no error. Both are
    reported by :meth:`complaints`. The least recently used entries go when ``limit`` bytes are exceeded. A
    ``blind`` cache is only written, so that everything is computed again.
    """

    def __init__(self, folder: Path, limit: int, *, blind: bool = False) -> None:
        self._folder = folder / "entries"
        self._limit = limit
        self._blind = blind
        self._damaged = 0
        self._failure = ""
        self._grown = False

    # 256 folders, as git has for its objects: thousands of images need not share one.
    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def __contains__(self, key: str) -> bool:
        # Not checked against its digest: only --explain asks, and a damaged entry is found when it is read.
        return self._path(key).is_file()

    def get(self, key: str) -> bytes | None:
        """The bytes stored under this key, or None."""
        path = self._path(key)
        if self._blind:
            return None
        try:
            with open_file(path) as stream:
                digest, body = stream.read(_DIGEST_BYTES), stream.read()
        # There may be a file where the cache's folder should be.
        except (FileNotFoundError, NotADirectoryError):
            return None
        # What cannot be read is made again, as what is damaged.
        except OSError as error:
            self._damaged += 1
            if isinstance(error, NoFileError):  # a named pipe, a socket, a device
                _delete(path)
            return None
        # Entries are not synced to the disk, so a power cut can leave one whole by name and not by content.
        if hashlib.sha256(body).digest() != digest:
            self._damaged += 1
            _delete(path)
            return None
        with contextlib.suppress(OSError):
            # The last use, by which trim() chooses; access times are off on many disks (noatime).
            os.utime(path)
        return body

    def put(self, key: str, data: bytes) -> None:
        """Keep ``data`` under this key; a cache that cannot be written keeps nothing."""
        try:
            # The digest is in the entry and not beside it: two files could not be replaced in one step.
            write_atomically(self._path(key), hashlib.sha256(data).digest() + data, durable=False)
            self._grown = True
        except OSError as error:
            # The first one is enough: a full disk fails for every entry.
            self._failure = self._failure or f"{error.filename or self._folder}: {reason_of(error)}"

    def items(self, base: str, *, fresh: bool = False) -> Items:
        """The part of the cache for single items that all depend on ``base``; ``fresh``: kept items are
        computed again.
        """
        return Items(self, base, fresh=fresh)

    def trim(self) -> None:
        """Delete the least recently used entries beyond the limit, and what dying writers left behind."""
        # Listing thousands of entries would cost a build with nothing to do.
        if not self._grown:
            return
        entries = []
        for path, status in self._files():
            if not _ENTRY.fullmatch(path.name):
                # A younger one may be what another build is writing just now; any other name is not ours to
                # delete.
                if _UNFINISHED.fullmatch(path.name) and time.time() - status.st_mtime > _HOUR:
                    _delete(path)
            else:
                entries.append((status.st_mtime_ns, path, status.st_size))
        size = sum(entry[2] for entry in entries)
        # By the time of last use.
        for _, path, bytes_freed in sorted(entries):
            if size <= self._limit:
                break
            _delete(path)
            size -= bytes_freed

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            with contextlib.suppress(OSError), os.scandir(folder) as listing:
                for entry in listing:
                    with contextlib.suppress(OSError):  # another build may have deleted it
                        # Of a link its own size and age: to delete it frees nothing of what it leads to.
                        yield Path(entry.path), entry.stat(follow_symlinks=False)

    def complaints(self) -> list[str]:
        """One line for each problem with the cache since it was opened."""
        lines = []
        if self._damaged:
            entries = "entry" if self._damaged == 1 else "entries"
            lines.append(f"{self._damaged} damaged {entries} in the cache {self._folder.parent}, made again")
        if self._failure:
            lines.append(f"The cache cannot be written, so the next build takes longer: {self._failure}")
        return lines


class Items:
    """Entries of a cache under names such as an image's hash, which need be unique only for their base."""

    def __init__(self, cache: Cache, base: str, *, fresh: bool = False) -> None:
        self._cache = cache
        self._base = base
        self._fresh = fresh

    def key(self, item: str) -> str:
        """The cache's key of an item."""
        # Hashed once more, since a key is the name of a file, and an item's name may have any character and
        # length.
        return hashlib.sha256(f"{self._base}:{item}".encode()).hexdigest()

    def __contains__(self, item: str) -> bool:
        return self.key(item) in self._cache

    def get(self, item: str) -> bytes | None:
        """The value stored for this item, or None."""
        # Only read past, not deleted: should the fresh run fail, the kept value is still there.
        return None if self._fresh else self._cache.get(self.key(item))

    def put(self, item: str, data: bytes) -> None:
        """Keep ``data`` for this item."""
        self._cache.put(self.key(item), data)

    def obtain(self, item: str, make: Callable[[], bytes]) -> bytes:
        """The value stored for this item; if there is none, it is computed and stored."""
        data = self.get(item)
        if data is None:
            data = make()
            self.put(item, data)
        return data


def _delete(path: Path) -> None:
    # Another build may have removed it already.
    with contextlib.suppress(OSError):
        path.unlink()
