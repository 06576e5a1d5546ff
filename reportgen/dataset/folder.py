"""Listing folders that may hold anything: hidden files, odd names, links, things that cannot be read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reportgen.dataset.names import is_ignored, name_fault, shown

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"})


@dataclass(frozen=True)
class Item:
    """A file or folder; ``file`` is its path relative to the data folder, with forward slashes.

    ``target`` is where it leads if it is a link.
    """

    path: Path
    file: str
    is_folder: bool
    target: Path | None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name

    @property
    def looks_like_image(self) -> bool:
        """Whether its name ends as an image's does."""
        return not self.is_folder and self.path.suffix.lower() in IMAGE_SUFFIXES


class FolderReader:
    """Lists what stands under ``root`` and collects one line for everything that cannot be used.

    It never descends by itself, so links that lead in circles do no harm.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []
        self._inside = root.resolve()

    def report(self, file: str, fault: str) -> None:
        """Add a line about ``file``, a path relative to the root."""
        self.problems.append(f"{shown(file)}: {fault}")

    def items(self, folder: Path) -> list[Item]:
        """What stands in ``folder``, in order of name, without hidden files and broken links."""
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.report(self._relative(folder), f"cannot be read: {plain_reason(error)}")
            return []
        items = (self._item(entry) for entry in entries if not is_ignored(entry.name))
        return [item for item in items if item]

    def is_usable(self, item: Item) -> bool:
        """Whether the item has a proper name and really stands under the root; reports why not."""
        fault = name_fault(item.name)
        if fault is None and item.target and not item.target.is_relative_to(self._inside):
            fault = (
                f"is a link out of the data folder, to {shown(str(item.target))}; put a copy there instead"
            )
        if fault:
            self.report(item.file, fault)
        return fault is None

    def _item(self, entry: os.DirEntry[str]) -> Item | None:
        path = Path(entry.path)
        file = self._relative(path)
        try:
            target = path.resolve(strict=True) if entry.is_symlink() else None
            return Item(path, file, entry.is_dir(), target)
        except FileNotFoundError:
            self.report(file, f"is a broken link, to {shown(str(path.readlink()))}")
        except (OSError, RuntimeError) as error:  # a link to itself is a RuntimeError before Python 3.13
            self.report(file, f"cannot be followed: {plain_reason(error)}")
        return None

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def plain_reason(error: Exception) -> str:
    """The system's own words for an error, without its number and path."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, RuntimeError):
        return "a link that leads to itself"
    return str(getattr(error, "strerror", None) or error)
