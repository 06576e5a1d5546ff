"""Names of classes, files and splits, as people and systems write them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reportgen.split import Split
from reportgen.text import printable

_CLUTTER = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin"),
        *("system volume information", "lost+found"),
        *("__macosx", "_ds_store", "icon\r", "icon\uf00d", "network trash folder", "temporary items"),
        *("@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot"),
        "__pycache__",
    }
)
"""Files that systems leave in folders: Windows, Linux, macOS (``Icon`` and a carriage return, which some
disks turn into U+F00D), the storage boxes of Synology and QNAP, and Python."""

# A list of what is passed over, not of what is an image: a picture with an odd ending is then opened, or
# named as unreadable, and never left out without a word.
_SIDE_SUFFIXES = frozenset(
    {
        *(".txt", ".text", ".md", ".rst", ".rtf", ".log", ".readme", ".license"),
        *(
            ".csv",
            ".tsv",
            ".json",
            ".jsonl",
            ".ndjson",
            ".xml",
            ".yaml",
            ".yml",
            ".toml",
            ".ini",
            ".cfg",
            ".lst",
        ),
        *(
            ".xls",
            ".xlsx",
            ".ods",
            ".doc",
            ".docx",
            ".odt",
            ".mat",
            ".npy",
            ".npz",
            ".pkl",
            ".parquet",
            ".arrow",
        ),
        *(".py", ".ipynb", ".sh", ".bat", ".m", ".r", ".dvc", ".md5", ".sha256", ".bib"),
    }
)
"""Endings of files that accompany images: notes, labels, tables, scripts."""

_SIDE_NAMES = frozenset({"readme", "license", "licence", "copying", "authors", "makefile", "dockerfile"})

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's controls, surrogates (bytes that are not UTF-8), and line and paragraph separators."""


def is_ignored(name: str) -> bool:
    """Whether a file or folder is hidden or was left by an operating system."""
    return name.startswith(".") or name.casefold() in _CLUTTER


def is_side_file(name: str) -> bool:
    """Whether a file's name shows that it accompanies the images and is not one itself."""
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        return name.casefold() in _SIDE_NAMES
    return bool(stem) and f".{suffix.casefold()}" in _SIDE_SUFFIXES


def composed(name: str) -> str:
    """The name in Unicode's composed form (NFC), in which all names are compared and printed.

    macOS returns names decomposed: the same é is one character on one machine and two on the other.
    """
    # Most names are ASCII, and checking that is quicker than normalising.
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def escaped(name: str) -> str:
    """The name with every character escaped that would break a line or a terminal."""
    return printable(name)


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


SPLIT_TITLES: Mapping[Split, str] = {"train": "training", "val": "validation", "test": "test"}

_WORDS: Mapping[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validating", "dev", "eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}

_FILLERS = frozenset(
    {
        "set",
        "sets",
        "data",
        "dataset",
        "split",
        "images",
        "image",
        "imgs",
        "img",
        "pictures",
        "photos",
        "samples",
    }
)
"""What such names contain besides the word itself, as in ``training_set``, ``TestData`` or ``val-images``."""

_PARTS = re.compile(r"[^\W_]+")


def find_splits(names: Iterable[str]) -> dict[str, Split]:
    """Which of these folder names denote a split, and which one; case is ignored.

    A name is ``train``, ``training``, ``training_set`` and the like; or all of them share what else is in the
    name, as ``seg_train`` and ``seg_test`` do, where there is one for training and one for testing.
    Several names may denote one split.
    """
    groups: dict[tuple[str, ...], dict[str, Split]] = defaultdict(dict)
    # Sorted, for a disk lists them in an order of its own.
    for name in sorted(names):
        if read := _read(name):
            split, rest = read
            groups[rest][name] = split
    whole = [group for group in groups.values() if {"train", "test"} <= set(group.values())]
    plain = groups.get((), {})
    # Plain names go before others: beside train and test, seg_train is something else.
    return whole[0] if len(whole) == 1 and not plain else plain


def _read(name: str) -> tuple[Split, tuple[str, ...]] | None:
    """The split that a name contains, and what else is in it; None if it contains none, or several."""
    parts = [_without_filler(part) for part in _PARTS.findall(name.casefold())]
    # Whole words only: a class called contest or protest contains the letters, and is no split.
    words = [part for part in parts if part in _WORDS]
    if len(words) != 1:
        return None
    rest = tuple(part for part in parts if part and part not in _WORDS and part not in _FILLERS)
    return _WORDS[words[0]], rest


def _without_filler(part: str) -> str:
    """``trainingset`` is ``training``; other words stay as they are."""
    for filler in _FILLERS:
        if part.endswith(filler) and part.removesuffix(filler) in _WORDS:
            return part.removesuffix(filler)
    return part
