"""Finds the root of a data set inside a folder, since archives often unpack one level too deep."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from reportgen.dataset.folder import has_files, subfolders
from reportgen.dataset.names import composed, escaped, find_splits
from reportgen.errors import DataError
from reportgen.results import SPLITS

OWN_SETS = frozenset({"sample", "caltech101"})
"""Data sets that the project itself puts into its data folder."""

_DEEPEST = 3
_FEWEST_CLASSES = 2


def find_data_set(root: Path) -> Path:
    """``root``, or the one folder in it, up to three levels down, that holds the splits or the classes.

    Raises ``DataError`` naming all of them if there are several; if there is none, it is ``root``, whose
    errors can then be reported.
    """
    if holds_data(root):
        return root
    level = [root]
    seen = {os.path.realpath(root)}
    for _ in range(_DEEPEST):
        level = [path for folder in level for path in sorted(subfolders(folder)) if _is_new(path, seen)]
        found = [path for path in level if holds_data(path)]
        found = [path for path in found if path.name not in OWN_SETS] or found
        if len(found) > 1:
            raise DataError(
                [f"{escaped(str(path.relative_to(root)))}: is a data set of its own" for path in found],
                f"Name one of them, as --data {escaped(str(found[0]))}.",
            )
        if found:
            return found[0]
    return root


def holds_data(folder: Path) -> bool:
    """Whether a folder directly contains the splits, or at least two classes."""
    folders = list(subfolders(folder))
    if is_split(folders):
        return True
    return sum(map(is_class, folders)) >= _FEWEST_CLASSES


def is_class(folder: Path) -> bool:
    """Whether a folder holds files that may be images, and no data set of its own."""
    return has_files(folder) and not is_split(subfolders(folder))


def is_split(folders: Iterable[Path]) -> bool:
    """Whether these are the folders of a data set with splits, whatever these are called.

    A class may be called ``train`` or ``test``, too: it is then one of several and contains images directly.
    """
    folders = list(folders)
    splits = find_splits(composed(folder.name) for folder in folders)
    if any(next(subfolders(folder), None) for folder in folders if composed(folder.name) in splits):
        return True
    if len(set(splits.values())) > 1:
        return True
    alone = bool(splits) and len(splits) == len(folders)
    return alone and any(folder.name in SPLITS for folder in folders)


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Whether a folder was not met before by another name: links may lead in circles."""
    path = os.path.realpath(folder)
    if path in seen:
        return False
    seen.add(path)
    return True
