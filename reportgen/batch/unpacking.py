"""Unpacks zips of strangers: into one folder, as files and folders only, and never more than is allowed."""

from __future__ import annotations

import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reportgen.dataset.names import escaped
from reportgen.intake import IntakeError
from reportgen.store.files import writing

_CHUNK = 2**20

_DRIVE = re.compile(r"[A-Za-z]:")

_REMEDY = "Ask for a plain zip of the folder that was to be handed in."

# All that zipfile unpacks.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)

_ENCRYPTED = 0x1

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
    """Limits of a zip: entries, bytes of a file and of all files unpacked, folders above a file, and how many
    times as large as packed a file may be, if it has more than ``unsuspected`` bytes.
    """

    entries: int = 20_000
    file_bytes: int = 100 * 2**20
    total_bytes: int = 4 * 2**30
    depth: int = 16
    # Of what reportgen writes, results.json and drawings are packed most: to a sixth.
    ratio: int = 200
    unsuspected: int = 2**20


OF_GROUP = ZipLimits()

OF_CLASS = ZipLimits(entries=1_000_000, file_bytes=4 * 2**30, total_bytes=200 * 2**30)
"""Limits of the download of a whole class from an LMS."""


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


def list_entries(archive: Path) -> list[str]:
    """The names in a zip, none if it cannot be read."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return [entry.filename for entry in opened.infolist()]
    # Unpacking it says later what is wrong.
    except (OSError, *_DAMAGED):
        return []


def _extract(archive: Path, folder: Path, name: str, limits: ZipLimits) -> None:
    try:
        with archive.open("rb") as stream, zipfile.ZipFile(stream) as opened:
            places = _place(opened.infolist(), name, limits)
            for entry, place in places:
                path = folder / place
                if _is_folder(entry):
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                # Not more than the size that the entry states, which was looked at: zipfile stops there.
                with opened.open(entry) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
    except _DAMAGED as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise IntakeError(f"{name}: is no zip or a damaged one: {escaped(reason)}.", _REMEDY) from None
    # Names that are the same to this disk, though they were not to the system that packed them.
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        twice = escaped(Path(str(error.filename)).name)
        raise IntakeError(f"{name}: holds '{twice}' in two ways.", _REMEDY) from None


def _place(
    entries: Sequence[zipfile.ZipInfo], name: str, limits: ZipLimits
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Where each entry goes, all of them looked at before the first is unpacked."""
    if len(entries) > limits.entries:
        raise IntakeError(f"{name}: holds more than {limits.entries} files and folders.", _REMEDY)
    if (total := sum(entry.file_size for entry in entries)) > limits.total_bytes:
        raise IntakeError(f"{name}: unpacks to {total} bytes; {limits.total_bytes} are allowed.", _REMEDY)
    places: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    files: set[str] = set()
    for entry in entries:
        place = PurePosixPath(entry.filename.replace("\\", "/"))
        if fault := _find_fault(entry, place, limits):
            raise IntakeError(f"{name}: {escaped(entry.filename)[:120]}: {fault}.", _REMEDY)
        # Some disks take names for equal that differ in case only.
        if not _is_folder(entry) and str(place).casefold() in files:
            raise IntakeError(f"{name}: holds {escaped(str(place))[:120]} twice.", _REMEDY)
        files.update([] if _is_folder(entry) else [str(place).casefold()])
        places.append((entry, place))
    return places


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    # Old programs of Windows end the names of folders with their own separator.
    return entry.is_dir() or (entry.filename.endswith("\\") and not entry.file_size)


def _find_fault(entry: zipfile.ZipInfo, place: PurePosixPath, limits: ZipLimits) -> str:
    """Why an entry is not unpacked, "" if it is."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    size = entry.file_size
    if place.is_absolute() or ".." in place.parts or _DRIVE.match(str(place)) or "\0" in entry.filename:
        return "leads out of the folder"
    if not place.parts or any(len(part.encode("utf-8", "replace")) > _LONGEST for part in place.parts):
        return "has no name, or one that is too long for this disk"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link" if kind == stat.S_IFLNK else "is neither a file nor a folder"
    if len(place.parts) > limits.depth:
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
