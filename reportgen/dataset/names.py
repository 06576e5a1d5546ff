"""Names of files and folders: which are left out, which cannot be used, and how they are printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's controls, surrogates (bytes that are not UTF-8), and line and paragraph separators."""


def is_ignored(name: str) -> bool:
    """Whether a file or folder is hidden or was left by an operating system."""
    return name.startswith(".") or name.casefold() in _CLUTTER


def shown(name: str) -> str:
    """The name with every character escaped that would break a line or a terminal."""
    return "".join(_escaped(c) if unicodedata.category(c) in _UNPRINTABLE else c for c in name)


def name_fault(name: str) -> str | None:
    """Why a name cannot be used for any file, or None."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "has a name that is not valid UTF-8; rename it"
    return None


def class_name_fault(name: str) -> str | None:
    """Why a folder's name cannot be that of a class, or None."""
    if not name.strip():
        return "has a blank name; rename it to the name of its class"
    if any(unicodedata.category(c) in _UNPRINTABLE for c in name):
        return "has control characters in its name; rename it"
    return None


def capped(lines: Sequence[str], limit: int, rest: str = "more") -> list[str]:
    """The first ``limit`` lines, and one that counts the others."""
    hidden = len(lines) - limit
    return [*lines[:limit], f"and {hidden} {rest}"] if hidden > 0 else list(lines)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
