"""The files that a group handed in, their hashes, and the groups that handed in the same files."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reportgen.dataset.names import is_ignored
from reportgen.dataset.signature import IMAGE_SUFFIXES
from reportgen.engine.plan import digest_of
from reportgen.settings import SETTINGS_FILE
from reportgen.submission import RESULTS_FILE

DATA_FOLDER, BUILD_FOLDER, PDF_FILE = "data", "build", "report.pdf"

_CHUNK = 2**20


@dataclass(frozen=True)
class Parts:
    """Where the parts of a group's folder are, None for those that it lacks.

    ``data`` is ``data/``, or the folder itself if it contains the class folders directly; ``submission`` the
    report that was handed in, as a build folder or as a PDF.
    """

    folder: Path
    data: Path | None
    settings: Path | None
    submission: Path | None


@dataclass(frozen=True)
class Contents:
    """The files of a group's folder, hidden ones left out, with their SHA-256."""

    files: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """One hash over all names and contents."""
        return digest_of(self.files)

    @property
    def images(self) -> dict[str, str]:
        """Those that look like images of the data, and not of a report."""
        return {
            name: sha256
            for name, sha256 in self.files.items()
            if f".{name.rpartition('.')[2].lower()}" in IMAGE_SUFFIXES
            and not name.startswith(f"{BUILD_FOLDER}/")
        }


def find_parts(folder: Path) -> Parts:
    """Look for data, settings and a report in a folder that was checked before."""
    inside = folder / DATA_FOLDER
    data = inside if inside.is_dir() else folder if list(class_folders(folder)) else None
    settings = folder / SETTINGS_FILE
    reports = [folder / BUILD_FOLDER] if (folder / BUILD_FOLDER / RESULTS_FILE).is_file() else []
    reports += [folder / PDF_FILE] if (folder / PDF_FILE).is_file() else []
    return Parts(folder, data, settings if settings.is_file() else None, next(iter(reports), None))


def class_folders(folder: Path) -> Iterator[Path]:
    """The folders in a group's folder that may hold images: all but the hidden ones and a report's."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != BUILD_FOLDER and not is_ignored(path.name):
            yield path


def take_contents(folder: Path) -> Contents:
    """Hash every file of a folder that was checked before; no link is followed.

    Raises ``OSError`` for a file that cannot be read.
    """
    files: dict[str, str] = {}
    waiting = [""]
    while waiting:
        part = waiting.pop()
        with os.scandir(folder / part) as listing:
            # What systems leave in folders must not make the group another one, to be worked on again.
            entries = [entry for entry in listing if not is_ignored(entry.name)]
        for entry in entries:
            name = f"{part}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{name}/")
            else:
                # Surrogates represent bytes that are not valid UTF-8, which JSON must not contain.
                files[name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")] = (
                    _hash_plain(entry.path)
                )
    return Contents(dict(sorted(files.items())))


def hash_file(path: Path) -> str:
    """SHA-256 of a file, "" if it cannot be read."""
    try:
        return _hash_plain(str(path))
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


@dataclass(frozen=True)
class Shared:
    """A group has ``images`` distinct images; ``shared`` of them are in other groups, too.

    ``partners``: the other groups and how many each has of them, most first.
    """

    group: str
    images: int
    shared: int
    partners: tuple[tuple[str, int], ...]


def find_shared_images(images: Mapping[str, Mapping[str, str]]) -> list[Shared]:
    """The groups that have images of others, by content: ``images`` holds the SHA-256 of each file by group.

    The groups that share most with one other group come first; how often a group has an image makes no
    difference.
    """
    kinds = {group: set(files.values()) for group, files in images.items()}
    holders: dict[str, list[str]] = {}
    for group, hashes in kinds.items():
        for sha256 in hashes:
            holders.setdefault(sha256, []).append(group)
    order = {group: index for index, group in enumerate(images)}
    found = []
    for group, hashes in kinds.items():
        counts = Counter(other for sha256 in hashes for other in holders[sha256] if other != group)
        partners = sorted(counts.items(), key=lambda each: (-each[1], order[each[0]]))
        shared = sum(len(holders[sha256]) > 1 for sha256 in hashes)
        if shared:
            found.append(Shared(group, len(hashes), shared, tuple(partners)))
    return sorted(found, key=lambda each: (-each.partners[0][1], order[each.group]))


def find_equal_results(fingerprints: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The groups that have the same fingerprint, more than one each; "" is equal to none."""
    holders: dict[str, list[str]] = {}
    for group, fingerprint in fingerprints.items():
        if fingerprint:
            holders.setdefault(fingerprint, []).append(group)
    return [tuple(groups) for groups in holders.values() if len(groups) > 1]


# Letters, of up to 4 bytes each; the names of most file systems have 255 bytes.
_LONGEST = 60

_KEPT = frozenset("._-")


def folder_name(name: str) -> str:
    """A folder's name made of a group's: small letters and digits of any script, one hyphen for the rest.

    "" if nothing is left of it. Names that differ only in case or punctuation give the same.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    kept = "".join(c if c.isalnum() or c in _KEPT else " " for c in plain)
    # Stripped: a point at the beginning would hide the folder, and ".." would lead out of it.
    return "-".join(kept.split())[:_LONGEST].strip("._-")
