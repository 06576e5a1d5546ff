"""The folder of the output where zips of groups are unpacked to, and their loose files gathered."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.contents import hash_file
from reportgen.batch.unpacking import OF_GROUP, ZipLimits, is_zip, unpack
from reportgen.dataset.names import escaped, is_ignored
from reportgen.intake import IntakeError
from reportgen.store.files import writing

UNPACKED = "unpacked"

_OF_CLASS = ".class"
"""The folder of what is of no single group: none has a name with a dot at its beginning."""

_DEEPEST = 3
"""Zips in each other: one of a class, one of a student, one of the images in it."""

_DIGITS = 16


@dataclass(frozen=True)
class Archive:
    """A zip: what the list calls it, the slug of its group ("": of several), and why it was not unpacked."""

    label: str
    slug: str
    refusal: str = ""


class Desk:
    """Unpacks into ``out``, and remembers what the list of files is to call everything: ``labels`` has the
    folders that were unpacked or are used in place, and the files that were copied.

    What is there from an earlier batch is used again: the folders are named by the hashes of the zips.
    """

    def __init__(self, out: Path) -> None:
        self._folder = out / UNPACKED
        self._used: set[Path] = set()
        self.labels: dict[Path, str] = {}
        self.archives: dict[Path, Archive] = {}

    def unpack(self, archive: Path, label: str, slug: str, limits: ZipLimits = OF_GROUP) -> Path | None:
        """The folder with what is in a zip; None if it is refused."""
        # A part of the hash tells zips apart, and keeps paths short.
        target = self._folder / (slug or _OF_CLASS) / hash_file(archive)[:_DIGITS]
        try:
            if not target.is_dir():
                unpack(archive, target, label, limits)
        # A zip that is refused is a matter of its group; the others go on.
        except IntakeError as error:
            self.archives[archive] = Archive(label, slug, error.problem.rstrip("."))
            return None
        self.archives[archive] = Archive(label, slug)
        self._used.add(target)
        self.labels[target] = label
        return target

    def unpack_below(self, roots: Sequence[Path], slug: str) -> list[Path]:
        """The folders, and those that the zips in them, and the zips in those, were unpacked to."""
        found, fresh = list(roots), list(roots)
        for _ in range(_DEEPEST):
            zips = [(root, path) for root in fresh for path in _find_zips(root)]
            unpacked = [self.unpack(path, self._label(root, path), slug) for root, path in zips]
            fresh = [path for path in unpacked if path is not None]
            found += fresh
        return list(dict.fromkeys(found))

    def copy(self, file: Path, label: str, slug: str, name: str) -> Path:
        """The folder that a loose file is copied to, under the name that it was handed in with."""
        # Two members of a group may hand in the same file: each has a row of its own in the list.
        key = hashlib.sha256(f"{label} {hash_file(file)}".encode("utf-8", "backslashreplace")).hexdigest()
        folder = self._folder / slug / f"loose-{key[:_DIGITS]}"
        target = folder / (Path(name).name or file.name)
        with writing(target):
            folder.mkdir(parents=True, exist_ok=True)
            if hash_file(target) != hash_file(file):
                shutil.copyfile(file, target, follow_symlinks=False)
        self._used.add(folder)
        self.labels[target] = label
        return folder

    def clear(self) -> None:
        """Remove what an earlier batch unpacked and this one did not use."""
        for place in sorted(self._folder.glob("*/*")):
            if place not in self._used:
                shutil.rmtree(place, ignore_errors=True)

    def _label(self, root: Path, path: Path) -> str:
        label = self.labels.get(path) or f"{self.labels.get(root, root.name)}/{path.relative_to(root)}"
        return escaped(label)


def _find_zips(root: Path) -> list[Path]:
    """The zips below a folder, which systems' own folders are not looked into."""
    found = []
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        paths = (Path(place) / name for name in sorted(files) if not is_ignored(name))
        found += [path for path in paths if is_zip(path)]
    return found
