"""Hashes of weights files: both in one pass, remembered between builds for large files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reportgen.errors import WeightsError
from reportgen.store.files import open_file, read_file, unreadable_since, write_atomically

MEMORY_FILE = "weights.json"
CODE_FILE = "code.json"
LARGE = 16 * 10**6
"""Bytes from which a file's hashes are remembered; smaller ones are hashed every time."""

_CHUNK = 2**20
_MOST_FILES = 16
# Some eleven versions of each of reportgen's 356 modules.
_MOST_SOURCES = 4000
# FAT's times, the coarsest in use, have steps of two seconds.
_SETTLED_NS = 2 * 10**9
"""A file changed more recently may change again within a tick of its clock, so that its times prove
nothing.
"""


@dataclass(frozen=True)
class Digests:
    """MD5 and SHA-256 of a file's content, in hexadecimal digits."""

    md5: str
    sha256: str


def hash_file(path: Path) -> Digests:
    """Hash a file's content, reading it once; raises ``WeightsError`` if it cannot be read."""
    # Keras publishes the MD5 of its files; identity rests on SHA-256. Python refuses MD5 in FIPS mode unless
    # it is declared that no security depends on it.
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    # One buffer for all pieces: read whole, VGG19's weights would take 574 MB.
    buffer = memoryview(bytearray(_CHUNK))
    try:
        with open_file(path) as stream:
            while count := stream.readinto(buffer):
                md5.update(buffer[:count])
                sha256.update(buffer[:count])
    except OSError as error:
        raise unreadable(path, error) from None
    return Digests(md5.hexdigest(), sha256.hexdigest())


def unreadable(path: Path, error: OSError) -> WeightsError:
    """The error for a weights file that the system cannot read."""
    return WeightsError(
        f"{path}: the weights {unreadable_since(error)}.",
        "Check the path 'weights' in your settings.",
    )


class DigestMemory:
    """The hashes of large files, asked for as often as one likes.

    This is the one exception to "contents are hashed, always": to hash the 574 MB of VGG19 takes five times
    as long as all else that a build with nothing to do does, and the embedded 59 MB a fifth of it. A file of
    ``LARGE`` bytes or more is not hashed again while its size, modification time, change time, inode and
    device are what they were; what is read into a network is hashed anyway. Memories are kept in ``folder``
    (None: in this object only), written only if ``writes``, and not believed if ``blind``, if they are
    damaged, or if the file was changed so shortly before that its times might not show another change.
    """

    def __init__(self, folder: Path | None = None, *, writes: bool = True, blind: bool = False) -> None:
        self._folder = folder
        self._file = folder / MEMORY_FILE if folder else None
        self._writes = writes
        self._blind = blind
        self._seen: dict[tuple[str, str], Digests] = {}

    @cached_property
    def code(self) -> CodeMemory:
        """The file that remembers the digests of source files, in the same folder."""
        return CodeMemory(self._folder, writes=self._writes, blind=self._blind)

    def digests(self, path: Path) -> Digests:
        """The hashes of a file; raises ``WeightsError`` if it cannot be read."""
        state = _state_of(path)
        if state["size"] < LARGE:
            return hash_file(path)
        key = str(path.absolute()), json.dumps(state)
        if key in self._seen:
            return self._seen[key]
        found = None if self._blind else self._recall(key[0], state)
        if found is None:
            found = hash_file(path)
            newest = max(state["mtime_ns"], state["ctime_ns"])
            # Changed while it was hashed, or so shortly before that its times would not show it: right, but
            # not remembered.
            if _state_of(path) != state or time.time_ns() - newest < _SETTLED_NS:
                return found
            self._write({key[0]: _checksummed(key[0], state, found)})
        self._seen[key] = found
        return found

    def forget(self, path: Path) -> None:
        """Believe nothing about a file any more."""
        name = str(path.absolute())
        self._seen = {key: found for key, found in self._seen.items() if key[0] != name}
        self._write({name: None})

    def _recall(self, name: str, state: dict[str, int]) -> Digests | None:
        entry: Any = self._read().get(name)
        try:
            found = Digests(**entry["digests"])
            return found if entry == _checksummed(name, state, found) else None
        # Damaged, or of another version: the file is hashed again.
        except (TypeError, KeyError):
            return None

    def _read(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        try:
            table = json.loads(read_file(self._file))
        # Missing, damaged or nested without end: the files are hashed again, which costs time and nothing
        # else.
        except (OSError, ValueError, RecursionError):
            return {}
        return table if isinstance(table, dict) else {}

    def _write(self, entries: dict[str, Any]) -> None:
        """Add entries (None: remove). A folder that cannot be written remembers nothing."""
        if self._file is None or not self._writes:
            return
        table = {name: entry for name, entry in self._read().items() if name not in entries}
        table |= {name: entry for name, entry in entries.items() if entry is not None}
        # New entries are at the end, so the oldest go first.
        text = json.dumps(dict(list(table.items())[-_MOST_FILES:]), indent=1)
        with contextlib.suppress(OSError):
            write_atomically(self._file, text.encode(), durable=False)


class CodeMemory:
    """The digest of a source file's statements, by the hash of the whole file.

    To find out what counts, a file must be parsed, and of all files that takes longer than all else that a
    build with nothing to do does. Kept in ``folder`` (None: in this object only), written only if ``writes``
    and not believed if ``blind``.
    """

    def __init__(self, folder: Path | None = None, *, writes: bool = True, blind: bool = False) -> None:
        self._file = folder / CODE_FILE if folder else None
        self._writes, self._blind = writes, blind
        self._new: dict[str, str] = {}

    @cached_property
    def _known(self) -> dict[str, str]:
        if self._file is None or self._blind:
            return {}
        try:
            table = json.loads(read_file(self._file))
            entries = table["digests"]
            if table["seal"] != _checksum(entries):
                return {}
            return {str(raw): str(digest) for raw, digest in entries.items()}
        except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return {}

    def obtain(self, raw: str, find: Callable[[], str]) -> str:
        """The digest of what counts of the file with the hash ``raw``, found out if it is not known."""
        if raw in self._new:
            return self._new[raw]
        if raw not in self._known:
            self._new[raw] = find()
            return self._new[raw]
        return self._known[raw]

    def save(self) -> None:
        """Keep what was found out. A folder that cannot be written remembers nothing."""
        if not self._new or self._file is None or not self._writes:
            return
        entries = dict(list({**self._known, **self._new}.items())[-_MOST_SOURCES:])
        text = json.dumps({"digests": entries, "seal": _checksum(entries)})
        with contextlib.suppress(OSError):
            write_atomically(self._file, text.encode(), durable=False)


def _checksum(entries: dict[str, str]) -> str:
    """A hash of what is remembered: what was damaged on the disk is not believed."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _state_of(path: Path) -> dict[str, int]:
    """The metadata that show, without reading a file, that it is unchanged."""
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        # Unlike the modification time, which cp -p and rsync carry over, no program can set it.
        "ctime_ns": status.st_ctime_ns,
        # Another file in the same place has another number, whatever its times are set to.
        "inode": status.st_ino,
        "device": status.st_dev,
    }


def _checksummed(name: str, state: dict[str, int], found: Digests) -> dict[str, Any]:
    """An entry of the memory, with a hash of its own: what was damaged on the disk is not believed."""
    content = {"state": state, "digests": asdict(found)}
    text = json.dumps([name, content], sort_keys=True)
    # A path may have bytes that are no UTF-8.
    return {**content, "seal": hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()}
