"""Unpacks zips of strangers and gathers loose files, in a folder of the output made for that.

A zip goes into one folder, as files and folders only, and never more than is allowed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NoReturn

from reportgen.batch.contents import hash_file
from reportgen.batch.zip_directory import find_directory, holds_more, read_names
from reportgen.dataset.names import escaped, is_ignored
from reportgen.intake import FOLDER_LIMITS, IntakeError
from reportgen.store.files import writing

_CHUNK = 2**20

_DRIVE = re.compile(r"[A-Za-z]:")

_REMEDY = "Ask for a plain zip of the folder that was to be handed in."

# All that zipfile unpacks.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)

# Bit 0 of an entry's flags (APPNOTE.TXT, 4.4.4).
_ENCRYPTED = 0x1

_DIRECTORY_BYTES = 2**28
"""Bytes of a zip's directory, which zipfile reads at once: 256 for each of the million entries of a class."""

_LONGEST = 255
"""Bytes that the names of most file systems may have."""

# What is wrong with a damaged archive shows as any of these, depending on where it is damaged.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    NotImplementedError,
)


@dataclass(frozen=True)
class ZipLimits:
    """Limits of a zip: entries, bytes of a file and of all files unpacked, folders with the file in them, and
    how many times as large as packed a file may be, if it has more than ``unsuspected`` bytes.

    ``reduced``: entries and bytes are what other zips have left.
    """

    # As check_folder() has them, which looks at the folder afterwards.
    entries: int = FOLDER_LIMITS.files
    file_bytes: int = FOLDER_LIMITS.file_bytes
    total_bytes: int = FOLDER_LIMITS.total_bytes
    depth: int = FOLDER_LIMITS.depth
    # Of what reportgen writes, results.json and drawings are packed most: to a sixth.
    ratio: int = 200
    # So small a file does no harm, and may be as regular as a blank picture.
    unsuspected: int = 2**20
    reduced: bool = False

    @property
    def beside(self) -> str:
        """What follows a limit in a message, if other zips have taken a part of it."""
        return ", beside what the other zips hold" if self.reduced else ""

    def less(self, sizes: Iterable[tuple[int, int]]) -> ZipLimits:
        """What is left of them once zips of these entries and bytes are unpacked."""
        used = list(sizes)
        if not used:
            return self
        entries, total = (sum(column) for column in zip(*used, strict=True))
        left = {"entries": self.entries - entries, "total_bytes": self.total_bytes - total}
        return replace(self, **left, reduced=True)


OF_GROUP = ZipLimits()

OF_CLASS = ZipLimits(entries=1_000_000, file_bytes=4 * 2**30, total_bytes=200 * 2**30, depth=16)
"""Limits of the download of a whole class from an LMS, in which folders of groups lie in others."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip by its name."""
    return path.suffix.casefold() == ".zip" and path.is_file() and not path.is_symlink()


def unpack(archive: Path, target: Path, name: str, limits: ZipLimits = OF_GROUP) -> None:
    """Unpack ``archive`` to the folder ``target``, which is there either whole or not at all.

    Raises ``IntakeError`` if an entry leads out of the folder, is a link, or there is more than ``limits``
    allow, in words that call the zip ``name``; ``StorageError`` if it cannot be written.
    """
    # Beside it, for a rename stays on one disk.
    aside = target.with_name(f".{uuid.uuid4().hex}")
    try:
        with writing(target):
            aside.mkdir(parents=True)
            _extract(archive, aside, name, limits)
            aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def find_entry(archive: Path, fits: Callable[[str], bool]) -> bool:
    """Whether a name in a zip is one that ``fits``; False if it cannot be read."""
    try:
        with archive.open("rb") as stream:
            return any(map(fits, read_names(stream)))
    # Unpacking it says later what is wrong.
    except OSError:
        return False


def measure(archive: Path, name: str, limits: ZipLimits = OF_GROUP) -> tuple[int, int]:
    """The entries of a zip and the bytes that it unpacks to.

    Raises ``IntakeError`` if that is more than ``limits`` allow.
    """
    with _opened(archive, name, limits) as opened:
        return _measure(opened.infolist(), name, limits)


@contextmanager
def _opened(archive: Path, name: str, limits: ZipLimits) -> Iterator[zipfile.ZipFile]:
    try:
        with archive.open("rb") as stream:
            # Before zipfile makes an object of each.
            if holds_more(stream, limits.entries):
                _refuse_number(name, limits)
            if (length := find_directory(stream)[1]) > _DIRECTORY_BYTES:
                reason = f"its list of files has {length} bytes; {_DIRECTORY_BYTES} are allowed"
                raise IntakeError(f"{name}: {reason}.", _REMEDY)
            with zipfile.ZipFile(stream) as opened:
                yield opened
    # Escaped, for what zipfile says may quote a name from the archive.
    except _DAMAGED as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise IntakeError(f"{name}: is no zip or a damaged one: {escaped(reason)}.", _REMEDY) from None


def _extract(archive: Path, folder: Path, name: str, limits: ZipLimits) -> None:
    try:
        with _opened(archive, name, limits) as opened:
            targets = _assign_paths(opened.infolist(), name, limits)
            for entry, inside in targets:
                path = folder / inside
                if _is_folder(entry):
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                # Not more than the size that the entry states, which was looked at: zipfile stops there.
                with opened.open(entry) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
    # Names that are the same to this disk, though they were not to the system that packed them.
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        twice = escaped(Path(str(error.filename)).name)
        raise IntakeError(f"{name}: holds '{twice}' in two ways.", _REMEDY) from None


def _refuse_number(name: str, limits: ZipLimits) -> NoReturn:
    reason = f"holds more than {limits.entries} files and folders{limits.beside}"
    raise IntakeError(f"{name}: {reason}.", _REMEDY)


def _measure(entries: Sequence[zipfile.ZipInfo], name: str, limits: ZipLimits) -> tuple[int, int]:
    if len(entries) > limits.entries:
        _refuse_number(name, limits)
    # What the list states, which is true: zipfile gives no more of an entry than that.
    if (total := sum(entry.file_size for entry in entries)) > limits.total_bytes:
        allowed = f"{limits.total_bytes} are allowed{limits.beside}"
        raise IntakeError(f"{name}: unpacks to {total} bytes; {allowed}.", _REMEDY)
    return len(entries), total


def _assign_paths(
    entries: Sequence[zipfile.ZipInfo], name: str, limits: ZipLimits
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Where each entry goes, all of them looked at before the first is unpacked."""
    _measure(entries, name, limits)
    targets: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    files: set[str] = set()
    for entry in entries:
        # Some programs of Windows write their own separator, behind which ".." would not be seen.
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        if fault := _find_fault(entry, inside, limits):
            raise IntakeError(f"{name}: {escaped(entry.filename)[:120]}: {fault}.", _REMEDY)
        # Some disks take names for equal that differ in case only.
        if not _is_folder(entry) and str(inside).casefold() in files:
            raise IntakeError(f"{name}: holds {escaped(str(inside))[:120]} twice.", _REMEDY)
        files.update([] if _is_folder(entry) else [str(inside).casefold()])
        targets.append((entry, inside))
    return targets


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    # Old programs of Windows end the names of folders with their own separator.
    return entry.is_dir() or (entry.filename.endswith("\\") and not entry.file_size)


def _find_fault(entry: zipfile.ZipInfo, inside: PurePosixPath, limits: ZipLimits) -> str:
    """Why an entry is not unpacked, "" if it is."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    size = entry.file_size
    if inside.is_absolute() or ".." in inside.parts or _DRIVE.match(str(inside)) or "\0" in entry.filename:
        return "leads out of the folder"
    if not inside.parts or any(len(part.encode("utf-8", "replace")) > _LONGEST for part in inside.parts):
        return "has no name, or one that is too long for this disk"
    # 0: systems other than Unix write no kind.
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link" if kind == stat.S_IFLNK else "is neither a file nor a folder"
    if len(inside.parts) > limits.depth:
        return f"lies more than {limits.depth} folders deep"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _PACKED:
        return f"is packed by method {entry.compress_type}, which is not read"
    if size > limits.file_bytes:
        return f"has {size} bytes; {limits.file_bytes} are allowed"
    if size > max(limits.unsuspected, limits.ratio * entry.compress_size):
        return f"is packed to less than a {limits.ratio}th of its {size} bytes, as no report is"
    return ""


UNPACKED = "unpacked"

_OF_CLASS = ".class"
"""The folder of what is of no single group: none has a name with a dot at its beginning."""

_DEEPEST = 3
"""Zips in each other: one of a class, one of a student, one of the images in it."""

_DIGITS = 16


@dataclass(frozen=True)
class Archive:
    """A zip, or a part of one: what the list calls it, the slug of its group ("": of several), and why it was
    not unpacked or not taken.
    """

    label: str
    slug: str
    refusal: str = ""


class Unpacker:
    """Unpacks into ``out``, and remembers what the list of files is to call everything: ``labels`` has the
    folders that were unpacked or are used in place, and the files that were copied.

    What is there from an earlier batch is used again: the folders are named by the hashes of the zips.
    ``limits``: of all zips of a group together, of which each may hold others.
    """

    def __init__(self, out: Path, limits: ZipLimits = OF_GROUP) -> None:
        self._folder, self._limits = out / UNPACKED, limits
        self._used: set[Path] = set()
        # By slug and folder, the entries and bytes of the zip that was unpacked there.
        self._sizes: dict[str, dict[Path, tuple[int, int]]] = {}
        self.labels: dict[Path, str] = {}
        self.archives: dict[Path, Archive] = {}

    def refuse(self, path: Path, label: str, slug: str, reason: str) -> None:
        """Remember that a part of a zip is not added to what the group of that slug handed in."""
        self.archives[path] = Archive(label, slug, reason)

    def unpack(self, archive: Path, label: str, slug: str, limits: ZipLimits | None = None) -> Path | None:
        """The folder with what is in a zip; None if it is refused.

        ``limits``: of all zips of that slug together, if they are not those of a group.
        """
        # A part of the hash distinguishes zips, and keeps paths short.
        target = self._folder / (slug or _OF_CLASS) / hash_file(archive)[:_DIGITS]
        sizes = self._sizes.setdefault(slug, {})
        # The same zip once more takes no more room.
        left = (limits or self._limits).less(size for folder, size in sizes.items() if folder != target)
        try:
            size = measure(archive, label, left)
            # Unpacked whole by an earlier batch, or not there: a rename puts it in its place.
            if not target.is_dir():
                unpack(archive, target, label, left)
        # A zip that is refused is a matter of its group; the others go on.
        except IntakeError as error:
            self.archives[archive] = Archive(label, slug, error.problem.rstrip("."))
            return None
        sizes[target] = size
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
        for folder in sorted(self._folder.glob("*/*")):
            if folder not in self._used:
                shutil.rmtree(folder, ignore_errors=True)

    def _label(self, root: Path, path: Path) -> str:
        label = self.labels.get(path) or f"{self.labels.get(root, root.name)}/{path.relative_to(root)}"
        return escaped(label)


def _find_zips(root: Path) -> list[Path]:
    """The zips below a folder, which systems' own folders are not looked into."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_ignored(name))
        paths = (Path(folder) / name for name in sorted(files) if not is_ignored(name))
        found += [path for path in paths if is_zip(path)]
    return found
