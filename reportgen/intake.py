"""Validation of submitted folders and settings, which are untrusted."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from reportgen.errors import SettingsError, UserError
from reportgen.outline.kind import Outline
from reportgen.settings import Settings, understand_settings
from reportgen.text import replaced
from reportgen.toml.reading import decode_text, parse_table

IGNORED = (
    *("data", "weights", "cache", "cache_limit_mb", "build", "templates", "fonts"),
    *("report", "sections"),
)
"""The settings that concern the machine and not the report, and those that name code: strangers have no say
in them.
"""

# The shipped report.toml, comments and all, has 4 kB.
MAX_SETTINGS_BYTES = 2**18
_MOST_PARTS = 16
# Python reads a dotted key in memory and time that grow with the square of its parts; no setting has three.
# Possessive, so that a text that nearly fits is not tried in every way. Groups are not: Python up to 3.11.4
# matches them wrongly (python/cpython#106052).
_LONG_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{_MOST_PARTS}}}"
)
_LONGEST_PROBLEM = 2000
_REMEDY = "Ask for a folder with the images themselves in it, and nothing else."
_LONGEST = 120


class IntakeError(UserError):
    """A folder that was handed in holds what is not looked at, or more than is looked at."""


@dataclass(frozen=True)
class Limits:
    """Limits of a folder: number of files, bytes per file and in total, depth of folders."""

    files: int = 20_000
    file_bytes: int = 100 * 2**20
    total_bytes: int = 4 * 2**30
    depth: int = 8


FOLDER_LIMITS = Limits()


def check_folder(folder: Path, limits: Limits = FOLDER_LIMITS) -> None:
    """Make sure that ``folder`` holds regular files and folders only, within ``limits``.

    No link is followed, no file opened. Raises ``IntakeError`` naming what was found, its size and the limit.
    """
    if folder.is_symlink() or not folder.is_dir():
        what = "is a symbolic link" if folder.is_symlink() else "is no folder"
        raise IntakeError(f"{_display(folder)}: {what}.", _REMEDY)
    files = total = 0
    for entry, depth in _walk(folder):
        size = _size(entry)
        files, total = files + 1, total + size
        if depth > limits.depth:
            _refuse(entry, f"lies more than {limits.depth} folders deep")
        if size > limits.file_bytes:
            _refuse(entry, f"has {size} bytes; {limits.file_bytes} are allowed")
        if files > limits.files:
            _refuse(folder, f"holds more than {limits.files} files and folders")
        if total > limits.total_bytes:
            _refuse(folder, f"holds more than {limits.total_bytes} bytes")


def _walk(folder: Path) -> Iterator[tuple[os.DirEntry[str], int]]:
    # Not os.walk(), which skips a folder that cannot be listed and says nothing.
    waiting = [(str(folder), 1)]
    while waiting:
        path, depth = waiting.pop()
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            _refuse(path, f"cannot be listed: {error.strerror}")
        for entry in entries:
            yield entry, depth
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))


def _size(entry: os.DirEntry[str]) -> int:
    """The size of a file in bytes, 0 for a folder."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        _refuse(entry, f"cannot be looked at: {error.strerror}")
    if stat.S_ISLNK(status.st_mode):
        _refuse(entry, "is a symbolic link, which is not followed")
    if stat.S_ISDIR(status.st_mode):
        return 0
    if not stat.S_ISREG(status.st_mode):
        _refuse(entry, "is neither a file nor a folder")
    # As large as it says, though it may be sparse: it would be read in full.
    return status.st_size


def _refuse(path: os.DirEntry[str] | Path | str, problem: str) -> NoReturn:
    raise IntakeError(f"{_display(os.fspath(path))}: {problem}.", _REMEDY)


def _display(path: Path | str) -> str:
    text = replaced(str(path))
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"


def read_settings(data: bytes, where: str, outline: Outline | None = None) -> Settings:
    """The settings in a ``report.toml`` that was handed in, those of ``IGNORED`` at their defaults.

    The kind of report and its sections are those of ``outline``: what a submission names is not loaded.
    Raises ``SettingsError`` naming ``where``, key and value.
    """
    if len(data) > MAX_SETTINGS_BYTES:
        raise SettingsError(
            f"{where}: has {len(data)} bytes; {MAX_SETTINGS_BYTES} are allowed.", "Shorten the commentary."
        )
    text = decode_text(data, where)
    if _LONG_KEY.search(text):
        raise SettingsError(
            f"{where}: not valid TOML: a key has more than {_MOST_PARTS} parts.", "Correct the file."
        )
    try:
        table, origin = parse_table(text, where)
        kept = {key: value for key, value in table.items() if key not in IGNORED}
        if outline is not None:
            kept |= outline.table
        # Once every report had the tables of five sections, though it left these out: that is no forgery.
        return understand_settings(kept, origin, strict=False)
    except SettingsError as error:
        # It quotes values of the file, which may be as long as the file itself.
        raise SettingsError(error.problem[:_LONGEST_PROBLEM], error.remedy) from None
