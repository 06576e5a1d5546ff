"""Which folders and zips hold the submissions of several groups, and are not the submission of one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from reportgen.batch.parts import BUILD_FOLDER, DATA_FOLDER
from reportgen.batch.roster import is_like_group, read_name, simplify
from reportgen.batch.unpacking import find_entry, is_zip
from reportgen.dataset.names import is_ignored


def holds_groups(folder: Path) -> bool:
    """Whether a folder holds the submissions of several groups, and is not the submission of one."""
    if not folder.is_dir() or read_name(folder.name, folder=True).lms:
        return False
    inside = [path for path in folder.iterdir() if not is_ignored(path.name)]
    # No person gives such names, and an LMS gives them to all: one is enough.
    if any(read_name(path.name, folder=path.is_dir()).lms for path in inside):
        return True
    if _is_submission(folder):
        return False
    packed = [path for path in inside if is_zip(path) and read_name(path.name, folder=False).owner]
    return len(packed) + sum(map(_is_submission, inside)) > 1


def _is_submission(folder: Path) -> bool:
    """Whether a folder directly holds a submission."""
    if not folder.is_dir():
        return False
    names = [path.name.casefold() for path in folder.iterdir()]
    return any(name in (BUILD_FOLDER, DATA_FOLDER) or name.endswith((".pdf", ".toml")) for name in names)


def holds_lms_names(archive: Path) -> bool:
    """Whether a zip has names that an LMS gives, and is not called so itself: that one is one student's,
    whatever is in it.
    """
    return not read_name(archive.name, folder=False).lms and find_entry(archive, _is_lms_name)


def _is_lms_name(entry: str) -> bool:
    first, slash, _ = entry.partition("/")
    return read_name(first, folder=bool(slash)).lms


def belongs_to_group(archive: Path, known: Collection[str], *, alone: bool) -> bool:
    """Whether a zip is called like one of those who hand in; ``known``: their names, simplified.

    Whoever could name a zip so and fill it with the names of others would hand in for them. ``alone``: there
    is nothing else, so that only who is known counts.
    """
    name = read_name(archive.name, folder=False)
    return simplify(name.owner) in known or (is_like_group(name) and not alone)
