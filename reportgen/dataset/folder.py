"""Listing folders with arbitrary content: hidden files, odd names, links, unreadable entries."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.dataset.names import composed, escaped, find_splits, is_ignored, is_side_file, name_fault
from reportgen.dataset.signature import IMAGE_SUFFIXES
from reportgen.store.files import reason_of, unreadable_since

_ABSENT: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(r"\.git/annex/objects/"),
        "is kept by git-annex and its content is not here; run: git annex get .",
    ),
    (re.compile(r"\.dvc/cache|/files/md5/"), "is kept by DVC and its content is not here; run: dvc pull"),
    (
        re.compile(r"(^|/)blobs/[0-9a-f]{40,64}$"),
        "leads into the cache of Hugging Face, where its content is missing; download the data set again",
    ),
)
"""Where broken links lead whose content can be had, and how."""

# .photo.jpg.icloud stands for photo.jpg.
_ICLOUD = re.compile(r"\.(.+)\.icloud", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """A file or folder; ``file`` is its path relative to the data folder, composed, with forward slashes.

    ``target`` is where it leads if it is a link that may lead too far.
    """

    path: Path
    file: str
    is_folder: bool
    target: Path | None

    @property
    def name(self) -> str:
        """The last part of the path, composed."""
        return composed(self.path.name)

    @property
    def looks_like_image(self) -> bool:
        """Whether its name ends as an image's does."""
        return not self.is_folder and self.path.suffix.lower() in IMAGE_SUFFIXES


class FolderReader:
    """Lists the entries below ``root`` and collects one line for each that cannot be used.

    Links are followed; a ``strict`` reader, for folders of strangers, follows none out of the root.
    It never descends by itself, so links that lead in circles do no harm.
    """

    def __init__(self, root: Path, *, strict: bool = False) -> None:
        self.root = root
        self.problems: list[str] = []
        # In one's own data links are followed: Hugging Face, DVC and git-annex keep images as links.
        self._inside = root.resolve() if strict else None

    def report(self, file: str, fault: str) -> None:
        """Add a line about ``file``, a path relative to the root."""
        self.problems.append(f"{escaped(file)}: {fault}")

    def items(self, folder: Path) -> list[Item]:
        """The entries of ``folder``, sorted by name, without hidden files and broken links."""
        try:
            with os.scandir(folder) as listing:
                # By the composed name: the order is then the same on a disk of macOS, which decomposes
                # names.
                entries = sorted(listing, key=lambda entry: composed(entry.name))
        except OSError as error:
            self.report(self._relative(folder), unreadable_since(error))
            return []
        self._report_absent(folder, [entry.name for entry in entries])
        found = (self._item(entry) for entry in entries if not is_ignored(entry.name))
        items = {item.file: item for item in found if item and not self._is_double(item)}
        return list(items.values())

    def is_usable(self, item: Item) -> bool:
        """Whether the item has a valid name and location; reports why not."""
        fault = name_fault(item.path.name)
        if fault is None and item.target and self._inside and not item.target.is_relative_to(self._inside):
            fault = (
                f"is a link out of the data folder, to {escaped(str(item.target))}; put a copy there instead"
            )
        if fault:
            self.report(item.file, fault)
        return fault is None

    def _is_double(self, item: Item) -> bool:
        """Whether another item has the same name in other code points; reports the second one."""
        raw = item.path.name
        double = composed(raw) != raw and os.path.lexists(item.path.with_name(composed(raw)))
        # A file system that takes both spellings for one name has one file only.
        if double and not item.path.with_name(composed(raw)).samefile(item.path):
            self.report(item.file, "is there twice, with é and the like written in two ways; rename one")
            return True
        return False

    def _item(self, entry: os.DirEntry[str]) -> Item | None:
        path = Path(entry.path)
        file = self._relative(path)
        try:
            if not entry.is_symlink():
                return Item(path, file, entry.is_dir(), None)
            # Follows the link, and raises if it leads nowhere.
            entry.stat()
            # Only strict readers ask where a link leads, and each answer costs a walk through the file
            # system.
            return Item(path, file, entry.is_dir(), path.resolve() if self._inside else None)
        except FileNotFoundError:
            self.report(file, _describe_broken(path))
        except OSError as error:
            self.report(file, f"cannot be followed: {reason_of(error)}")
        return None

    def _report_absent(self, folder: Path, names: Sequence[str]) -> None:
        """Images of which only a placeholder is here."""
        for name in names:
            if placeholder := _ICLOUD.fullmatch(name):
                self.report(
                    self._relative(folder / placeholder[1]),
                    "is in iCloud and not on this machine; choose “Download Now” in the Finder",
                )
        present = set(names)
        for name in _tracked_by_dvc(names):
            # Beside the splits DVC may keep anything.
            if name not in present and (folder != self.root or find_splits([name])):
                self.report(
                    self._relative(folder / name), "is kept by DVC and its content is not here; run: dvc pull"
                )

    def _relative(self, path: Path) -> str:
        return composed(path.relative_to(self.root).as_posix())


def subfolders(folder: Path) -> Iterator[Path]:
    """The subfolders of a folder, unordered; none if it cannot be listed."""
    return (Path(entry.path) for entry in _visible(folder) if entry.is_dir())


def has_files(folder: Path) -> bool:
    """Whether a folder holds a file that may be an image."""
    return any(not entry.is_dir() and not is_side_file(entry.name) for entry in _visible(folder))


def _visible(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            yield from (entry for entry in listing if not is_ignored(entry.name))
    # FolderReader.items() reports it.
    except OSError:
        return


def _tracked_by_dvc(names: Sequence[str]) -> Iterator[str]:
    """The files that DVC's pointer files in a folder refer to, as far as they may be images or folders of
    images.
    """
    for name in names:
        tracked = name.removesuffix(".dvc")
        suffix = Path(tracked).suffix.lower()
        if tracked not in ("", name) and (not suffix or suffix in IMAGE_SUFFIXES):
            yield tracked


def _describe_broken(path: Path) -> str:
    target = path.readlink().as_posix()
    known = next((words for pattern, words in _ABSENT if pattern.search(target)), None)
    return known or f"is a broken link, to {escaped(target)}"
