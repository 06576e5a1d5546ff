"""A group's submitted files by their hashes, and the name of its folder."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from reportgen.dataset.names import is_ignored
from reportgen.engine.plan import digest_of

_CHUNK = 2**20


@dataclass(frozen=True)
class Contents:
    """A group's submitted files, without hidden ones, by SHA-256; ``paths``: where they are."""

    files: Mapping[str, str]
    paths: Mapping[str, Path] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """One hash over all names and contents."""
        return digest_of(self.files)


def take_contents(*roots: Path) -> Contents:
    """Hash every file of folders that were checked before; no link is followed.

    The names of files are relative to their root; from the second root on they begin with its number. Raises
    ``OSError`` for a file that cannot be read.
    """
    paths: dict[str, Path] = {}
    for number, root in enumerate(roots, start=1):
        prefix = "" if number == 1 else f"{number}:"
        paths |= {f"{prefix}{name}": path for name, path in _list_files(root).items()}
    paths = dict(sorted(paths.items()))
    return Contents({name: _hash_plain(str(path)) for name, path in paths.items()}, paths)


def _list_files(root: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    waiting = [""]
    while waiting:
        part = waiting.pop()
        with os.scandir(root / part) as listing:
            # What systems leave in folders must not make the group another one, to be worked on again.
            entries = [entry for entry in listing if not is_ignored(entry.name)]
        for entry in entries:
            name = f"{part}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{name}/")
            else:
                # Surrogates represent bytes that are not valid UTF-8, which JSON must not contain.
                plain = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                files[plain] = Path(entry.path)
    return files


def hash_file(path: Path) -> str:
    """SHA-256 of a file, "" if it cannot be read."""
    try:
        return _hash_plain(str(path))
    # Equal to no hash that was recorded, so it counts as changed.
    except OSError:
        return ""


def _hash_plain(path: str) -> str:
    # Faster than hashlib.file_digest for thousands of small files; a link at the end is an error.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        digest = hashlib.sha256()
        while chunk := os.read(handle, _CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    finally:
        os.close(handle)


# Letters, of up to 4 bytes each; the names of most file systems have 255 bytes.
_LONGEST = 60

_KEPT = frozenset("._-")


def folder_name(name: str) -> str:
    """A folder's name made of a group's: small letters and digits of any script, one hyphen for the rest.

    "" if nothing is left of it. Names that differ only in case or punctuation give the same.
    """
    # One folder on every disk: some distinguish neither case nor Unicode forms.
    plain = unicodedata.normalize("NFKC", name).casefold()
    kept = "".join(c if c.isalnum() or c in _KEPT else " " for c in plain)
    # Stripped: a point at the beginning would hide the folder, and ".." would lead out of it.
    return "-".join(kept.split())[:_LONGEST].strip("._-")
