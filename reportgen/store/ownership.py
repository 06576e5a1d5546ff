"""Which files in a folder belong to this program: those listed in its record, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from reportgen.errors import UserError
from reportgen.store.files import StorageError, hash_of, open_file, read_file, reason_of
from reportgen.store.lock import LOCK_FILE, is_lock

RECORD_FILE = ".record.json"
Kind = Literal["report", "sample images", "Caltech-101"]

# As tempfile.mkdtemp makes names: eight of these characters behind the prefix.
STAGING = re.compile(r"\.(?:next|ready)-[a-z0-9_]{8}")
"""The names of folders that a publication leaves when it dies."""

_NO_CONTENT = frozenset(
    {".gitignore", ".gitkeep", ".keep", ".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r"}
    | {"lost+found", "@eaDir", "#recycle", "bench.json", "bench.svg"}
)
"""Files that a folder may hold and still count as empty: of git, operating systems and ``make bench``."""

DIFFERENCE_FILE = "diff.html"
DIFFERENCE_MARKS = (
    '<meta name="generator" content="reportgen diff">',
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
)
"""The page of ``reportgen diff``, and what its head has and that of no other page. The second
one is that of earlier versions.
"""

VERIFICATION_MARK = '<meta name="generator" content="reportgen verify">'
"""What the head of the page of ``reportgen verify --page`` has, and that of no other page."""

_RESULTS = "results.json"
_REPORT_FILES = ("report.html", "report.pdf", _RESULTS, "head.weights.h5")
_REPORT_FOLDERS = ("arrays", "figures")
_BEGINNING = 20_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ForeignFolderError(UserError):
    """A folder holds what this program did not write."""


def claim(folder: Path, kind: Kind) -> dict[str, str]:
    """The files of ``folder`` that are this program's own, with the SHA-256 they were written with.

    A folder is its own if the record in it is one of this ``kind``. It may also be missing or empty. A
    report whose record was lost is still known by its results; its files then have "" for a hash, so that
    each is set aside before it is replaced. Nothing is written. Raises ``ForeignFolderError`` naming what
    lies there otherwise, ``StorageError`` if the folder cannot be listed.
    """
    # A record is enough, whatever else lies there: what it does not list is left alone.
    listed = read_listing(folder, kind)
    if listed is not None:
        return listed
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written: {reason_of(error)}.", "Choose another folder."
        ) from None
    others = [path.name for path in paths if not is_no_content(path)]
    if not others:
        return {}
    if kind == "report" and _is_results(folder / _RESULTS):
        return dict.fromkeys(_presumed(folder), "")
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    raise ForeignFolderError(
        f"{folder}: holds '{others[0]}'{more}, which this program did not write.",
        "Name an empty folder or a new one; nothing was changed.",
    )


def read_listing(folder: Path, kind: Kind) -> dict[str, str] | None:
    """The files that a record of this kind in ``folder`` lists, with their SHA-256; None without one."""
    try:
        content = json.loads(read_file(folder / RECORD_FILE))
        # Another program may have a record of this name.
        if not isinstance(content, dict) or _kind_of(content) != kind:
            return None
        return dict(_parse(content["files"]))
    # The file may be another program's, damaged, or a named pipe.
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def write_listing(kind: Kind, files: Mapping[str, str]) -> bytes:
    """A record that says no more than which files (name and SHA-256) are of this ``kind``."""
    content = {"format": 1, "of": kind, "files": {name: [kind, sha256] for name, sha256 in files.items()}}
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def _kind_of(content: Mapping[str, Any]) -> object:
    # The record of a report says more, and has no kind.
    return content.get("of", "report" if isinstance(content.get("stages"), dict) else None)


def _parse(files: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, (_, sha256) in files.items():
        path = PurePosixPath(name)
        # A record may come from somebody else, and must not lead out of its folder.
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise ValueError(f"{name!r} leads out of the folder")
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        yield name, sha256


def is_no_content(path: Path) -> bool:
    """Whether a folder still counts as empty with this file in it; the file is not overwritten, though."""
    if path.name == LOCK_FILE:
        return is_lock(path)
    if path.name == DIFFERENCE_FILE:
        return is_difference(path)
    if STAGING.fullmatch(path.name):
        return path.is_dir() and not path.is_symlink()
    return path.name in _NO_CONTENT


def is_difference(path: Path) -> bool:
    """Whether a file is a page that ``reportgen diff`` wrote."""
    try:
        with open_file(path) as stream:
            beginning = stream.read(_BEGINNING)
            return any(mark.encode() in beginning for mark in DIFFERENCE_MARKS)
    except OSError:
        return False


def _is_results(path: Path) -> bool:
    try:
        document = json.loads(read_file(path))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"schema_version", "provenance", "checks"} <= document.keys()


def _presumed(folder: Path) -> Iterator[str]:
    yield from (name for name in _REPORT_FILES if (folder / name).is_file())
    for name in _REPORT_FOLDERS:
        if (folder / name).is_dir():
            yield from (f"{name}/{path.name}" for path in (folder / name).iterdir() if path.is_file())


def intact(folder: Path, name: str, sha256: str) -> bool:
    """Whether a listed file is as it was written. A link, wherever it leads, is not what was written."""
    return bool(sha256) and not (folder / name).is_symlink() and hash_of(folder / name) == sha256
