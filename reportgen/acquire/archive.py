"""The Caltech-101 archive: a zip file with a tar.gz file that contains ``<class>/image_NNNN.jpg``."""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from reportgen.errors import UserError
from reportgen.progress import Progress

INNER_NAME = "101_ObjectCategories.tar.gz"
CLUTTER = "BACKGROUND_Google"
"""A folder of the archive that is none of its 101 classes."""

_IMAGE = re.compile(r"101_ObjectCategories/(?P<label>\w[\w-]*)/(?P<name>image_\d{4}\.jpg)", re.ASCII)
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How far an archive may unfold: bytes of the inner tar once decompressed, and members in it.

    The real archive stays below a third of both.
    """

    size: int = 512 * 2**20
    members: int = 50_000


def unpack_images(
    archive: Path, labels: Collection[str], into: Path, progress: Progress, limits: Limits | None = None
) -> dict[str, list[str]]:
    """Write the images of the classes ``labels`` to ``into/<class>/`` and list those of every class.

    Returns class name -> image names, for each class in ``archive``; labels that it lacks are not an error
    here. Only regular files named ``101_ObjectCategories/<class>/image_NNNN.jpg`` are read; their new paths
    are built from these two checked names. The tar is read as a stream, once, to its end, so that all
    checksums are verified. Raises ``UserError`` if the archive is damaged, unfolds beyond ``limits``, or has
    a member that is a link or a device or whose name leads out of the folder.
    """
    limits = limits or Limits()
    images: dict[str, list[str]] = {}
    with _damage_named(archive), zipfile.ZipFile(archive) as outer:
        inner = _inner_archive(archive, outer)
        with (
            outer.open(inner) as packed,
            _BoundedGzip(packed, limits.size, archive) as stream,
            progress.stage(f"Unpacking {archive.name} (KiB)", inner.file_size // 1024) as advance,
        ):
            done = 0
            for label, name, content in _images(archive, stream, limits.members):
                images.setdefault(label, []).append(name)
                if label in labels:
                    _write(content, into / label / name, archive)
                advance(packed.tell() // 1024 - done)
                done = packed.tell() // 1024
            stream.drain()
            advance(inner.file_size // 1024 - done)
    return images


def _inner_archive(archive: Path, outer: zipfile.ZipFile) -> zipfile.ZipInfo:
    for info in outer.infolist():
        _refuse_escape(archive, info.filename)
    found = [info for info in outer.infolist() if PurePosixPath(info.filename).name == INNER_NAME]
    if len(found) != 1:
        raise _unusable(archive, f"{len(found)} members named {INNER_NAME}, where one is expected")
    if found[0].flag_bits & 0x1:
        raise _unusable(archive, f"its member {found[0].filename!r} is encrypted")
    return found[0]


def _images(archive: Path, stream: _BoundedGzip, most: int) -> Iterator[tuple[str, str, IO[bytes]]]:
    """Yields class name, file name and content of each image, in the order of the stream."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as tar:
        for number, member in enumerate(tar, start=1):
            if number > most:
                raise _unusable(archive, f"more than {most} members")
            _refuse_escape(archive, member.name)
            # A sparse file's size is only declared: it would unfold beyond what the stream is held to.
            if member.issparse() or not (member.isreg() or member.isdir()):
                raise _unusable(archive, f"its member {member.name!r} is neither a plain file nor a folder")
            image = _IMAGE.fullmatch(str(PurePosixPath(member.name)))
            content = tar.extractfile(member) if member.isreg() else None
            if image and content and image["label"] != CLUTTER:
                yield image["label"], image["name"], content


def _write(content: IO[bytes], path: Path, archive: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise _unusable(archive, f"the image {path.parent.name}/{path.name} occurs twice")
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)


def _refuse_escape(archive: Path, name: str) -> None:
    # Windows's rules are the stricter ones: both kinds of slashes, and drive letters.
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts:
        raise _unusable(archive, f"its member {name!r} leads out of the folder")


class _BoundedGzip(gzip.GzipFile):
    """A stream of decompressed bytes that refuses to run on for ever."""

    def __init__(self, packed: IO[bytes], most: int, archive: Path) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._most = most
        self._count = 0
        self._archive = archive

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._count += len(data)
        if self._count > self._most:
            raise _unusable(self._archive, f"it unfolds to more than {self._most} bytes")
        return data

    def drain(self) -> None:
        """Read to the end, where the checksums are."""
        while self.read(_CHUNK):
            pass


@contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise _unusable(archive, f"it is damaged ({error})") from error
    except NotImplementedError as error:
        raise _unusable(archive, str(error)) from error


def _unusable(archive: Path, why: str) -> UserError:
    return UserError(
        f"{archive}: {why}.",
        "Nothing was unpacked. Delete this file and fetch it again from its original address.",
    )
