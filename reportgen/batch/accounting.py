"""Every submitted file and what became of it: none is passed over in silence."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportgen.batch.class_file import Group
from reportgen.batch.outcome import Outcome
from reportgen.batch.parts import Parts, is_document
from reportgen.batch.reception import Received
from reportgen.batch.tables import write_table
from reportgen.batch.unpacking import Archive
from reportgen.dataset.names import escaped, is_ignored
from reportgen.settings import SETTINGS_FILE
from reportgen.text import printable

FileStatus = Literal["graded", "ignored", "not understood"]

STATUSES: tuple[FileStatus, ...] = ("graded", "ignored", "not understood")


@dataclass(frozen=True)
class FileRow:
    """A file as the input names it, within zips as ``a.zip/b``; its group, "" for none; what became of it,
    and why.
    """

    file: str
    group: str
    status: FileStatus
    reason: str = ""


_FinishedGroup = tuple[Group, Parts, Outcome]


def account(received: Received, finished: Sequence[_FinishedGroup]) -> tuple[FileRow, ...]:
    """A row for each submitted file, in the order of their names."""
    rows = [
        FileRow(stray.file, "", "ignored" if stray.ignored else "not understood", stray.reason)
        for stray in received.unassigned
    ]
    names = {group.slug: group.name for group, _, _ in finished}
    for archive in received.archives.values():
        rows.append(_row_of_archive(archive, names))
    for group, parts, outcome in finished:
        rows += _rows_of_group(group, parts, outcome, received)
    return tuple(sorted(set(rows), key=lambda row: (row.file, row.group)))


def _row_of_archive(archive: Archive, names: Mapping[str, str]) -> FileRow:
    group = names.get(archive.slug, "")
    if archive.refusal:
        return FileRow(archive.label, group, "not understood", archive.refusal)
    return FileRow(archive.label, group, "ignored", "unpacked: its files have rows of their own")


def _rows_of_group(group: Group, parts: Parts, outcome: Outcome, received: Received) -> Iterator[FileRow]:
    for root in group.roots:
        for path in _list_files(root):
            if path not in received.archives:
                status, reason = _judge(path, root, (group, parts, outcome))
                yield FileRow(_call(path, root, received.labels), group.name, status, printable(reason))


def _list_files(root: Path) -> Iterator[Path]:
    """All files below a folder, hidden ones and links too; no link is followed."""
    for folder, folders, files in os.walk(root):
        # os.walk() counts links to folders among the folders, and enters none: each has a row, as a file has.
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links)
        yield from (Path(folder) / name for name in sorted([*files, *links]))


def _call(path: Path, root: Path, labels: Mapping[Path, str]) -> str:
    if path in labels:
        return labels[path]
    return escaped(f"{labels.get(root, root.name)}/{path.relative_to(root).as_posix()}")


def _judge(path: Path, root: Path, finished: _FinishedGroup) -> tuple[FileStatus, str]:
    group, parts, outcome = finished
    # First, for these are not hashed, and so in no key: nothing may be graded by them.
    if any(map(is_ignored, path.relative_to(root).parts)):
        return "ignored", "hidden, or left by a system"
    own = parts.data is not None and path.is_relative_to(parts.data)
    # A build folder that is not one of its own may have the images in it.
    if parts.submission and path.is_relative_to(parts.submission) and not (own and parts.data != root):
        reason = "not confirmed" if outcome.hold else ""
        return ("graded", reason) if outcome.done else ("not understood", outcome.reason)
    if any(path.is_relative_to(rival) for rival in parts.rivals):
        if parts.submission is None:
            return "not understood", outcome.reason
        return "ignored", f"{parts.submission.name} is the report that counts"
    if path.name == SETTINGS_FILE:
        return "ignored", "settings count as the report has them"
    if own and not is_document(path.name):
        return _judge_image(group, outcome)
    if is_document(path.name) and parts.submission is not None:
        return "ignored", f"{parts.submission.name} is the report that counts"
    if is_document(path.name) or (parts.submission is None and outcome.cause == "data"):
        return "not understood", outcome.reason or "no report that reportgen made"
    return "ignored", "no part of a report"


def _judge_image(group: Group, outcome: Outcome) -> tuple[FileStatus, str]:
    if group.data is not None:
        return "ignored", "the instructor's images count"
    if outcome.done:
        return "graded", "the report was recomputed from these images"
    return ("ignored" if outcome.cause == "absent" else "not understood"), outcome.reason


def count_files(rows: Sequence[FileRow]) -> dict[FileStatus, int]:
    """How many files have each status."""
    counts = Counter(row.status for row in rows)
    return {status: counts[status] for status in STATUSES}


def write_files(rows: Sequence[FileRow]) -> str:
    """The list as CSV."""
    return write_table(
        ["file", "group", "status", "reason"],
        ([row.file, row.group, row.status, row.reason] for row in rows),
    )
