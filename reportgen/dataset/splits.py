"""The names that folders of training, validation and test images go by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from reportgen.split import Split

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
"""What such names have beside the word itself, as in ``training_set``, ``TestData`` or ``val-images``."""

_PARTS = re.compile(r"[^\W_]+")


def find_splits(names: Iterable[str]) -> dict[str, Split]:
    """Which of these folder names stand for a split, and for which, in any case.

    A name is ``train``, ``training``, ``training_set`` and the like; or all of them share what else is in the
    name, as ``seg_train`` and ``seg_test`` do, where there is one for training and one for testing.
    Several names may stand for one split.
    """
    groups: dict[tuple[str, ...], dict[str, Split]] = defaultdict(dict)
    for name in sorted(names):
        if read := _read(name):
            split, rest = read
            groups[rest][name] = split
    whole = [group for group in groups.values() if {"train", "test"} <= set(group.values())]
    plain = groups.get((), {})
    return whole[0] if len(whole) == 1 and not plain else plain


def _read(name: str) -> tuple[Split, tuple[str, ...]] | None:
    """The split that a name tells of, and what else is in it; None if it tells of none, or of several."""
    parts = [_without_filler(part) for part in _PARTS.findall(name.casefold())]
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
