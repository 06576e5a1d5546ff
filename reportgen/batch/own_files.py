"""The files and folders that an instructor names in ``class.toml``, none of which may be a group's.

A rubric of a student's would grade, and weights, images or a cache of theirs would decide what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reportgen.dataset.names import escaped

Named = Iterable[tuple[str, Path]]
"""The instructor's files and folders, each with the key that names it."""

KEEP_APART = "Keep it somewhere else."
_NOT_YOURS = "whose files are not run, and never taken for yours"


def find_in_folders(named: Named, groups: Mapping[str, Path], submissions: Path | None) -> Iterator[str]:
    """The faults that are seen before anything is received: what lies in a group's folder, or in a folder of
    ``submissions``.

    Directly beside what was handed in the instructor's files may lie, as a roster does.
    """
    for key, path in named:
        for group, folder in groups.items():
            if _lies_in(path, folder):
                yield f"{key} = '{path}': lies in the folder of '{escaped(group)}', {_NOT_YOURS}"
        # A folder that holds all groups and their images may lie in another: whose is whose is known later.
        if submissions and not key.endswith("data") and (first := _inside(path, submissions)):
            yield f"{key} = '{path}': lies in '{escaped(first)}', which was handed in, {_NOT_YOURS}"


def find_in_received(named: Named, folders: Iterable[Path]) -> Iterator[str]:
    """The faults found once the ``folders`` are known: of groups, and of unpacked zips."""
    known = list(folders)
    for key, path in named:
        for root in known:
            if _lies_in(path, root):
                yield f"{key} = '{path}': lies in '{escaped(root.name)}', which was handed in, {_NOT_YOURS}"


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _inside(path: Path, folder: Path) -> str:
    """The folder in ``folder`` that a path lies in, "" if it lies elsewhere, or directly there."""
    if not _lies_in(path, folder):
        return ""
    parts = path.resolve().relative_to(folder.resolve()).parts
    return parts[0] if len(parts) > 1 else ""
