"""What stays on disk: whole files moved into place, and the cache of features."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import UserError

_DIGEST_BYTES = 32


class StorageError(UserError):
    """A folder cannot be written, or the disk is full."""


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what goes wrong on the disk while ``place`` is written into a ``StorageError`` that names it."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or place}: cannot be written: {error.strerror}.",
            "Make room on the disk or choose another place; the last report is untouched.",
        ) from None


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader sees the old content or the new, never a part of either.

    ``durable`` waits until the disk has it; a cache entry that carries its own digest need not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a set of files, named relative to ``folder``, in place of the last set.

    All are first written in full to a folder beside their places, then moved; folders that the set names
    (``figures/``, ``arrays/``) are replaced whole, so that nothing of an older set stays in them. Raises
    ``StorageError`` if anything cannot be written or moved; the last set is then there as before.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob(".next-*"):
            shutil.rmtree(stale, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=".next-", dir=folder))
        try:
            for name, data in files.items():
                write_atomically(staging / "new" / name, data)
            _swap(staging / "new", folder, staging / "old")
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Move each item of ``new`` into ``folder``; if one cannot be moved, all is put back as it was."""
    old.mkdir()
    with contextlib.ExitStack() as undo:
        for item in sorted(new.iterdir()):
            place, kept = folder / item.name, old / item.name
            if place.exists() and place.is_dir() != item.is_dir():
                raise FileExistsError(errno.EEXIST, "something of another kind stands there", str(place))
            if place.is_dir():
                undo.callback(_put_back, kept, place)
                place.rename(kept)
            elif place.exists():
                # A copy, so that a reader finds the old file or the new one at any moment.
                shutil.copy2(place, kept)
                undo.callback(_put_back, kept, place)
            else:
                undo.callback(_remove, place)
            item.replace(place)
        undo.pop_all()


def _put_back(kept: Path, place: Path) -> None:
    if kept.exists():
        if place.is_dir():
            shutil.rmtree(place)
        kept.replace(place)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def set_aside(folder: Path, name: str) -> Path | None:
    """Move ``folder/name``, if there, to ``folder/previous/name`` and return its new place."""
    old = folder / name
    if not old.exists():
        return None
    kept = folder / "previous" / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    return old.replace(kept)


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``.npz`` archive of named arrays; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


class FeatureCache:
    """Features by image content and base: one small file each, with a digest of its own.

    A missing or damaged entry reads as None; a cache that cannot be written is not an error.
    """

    def __init__(self, folder: Path, base: str) -> None:
        self._folder = folder / "features"
        self._base = base

    def _path(self, image_sha256: str) -> Path:
        key = hashlib.sha256(f"{self._base}:{image_sha256}".encode()).hexdigest()
        return self._folder / key[:2] / key

    def get(self, image_sha256: str) -> NDArray[np.float32] | None:
        """The feature vector (D,) of the image with this content, or None."""
        try:
            content = self._path(image_sha256).read_bytes()
        except OSError:
            return None
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        return np.frombuffer(body, np.float32)

    def put(self, image_sha256: str, features: NDArray[np.float32]) -> None:
        """Keep the feature vector (D,) of the image with this content."""
        body = np.ascontiguousarray(features, np.float32).tobytes()
        with contextlib.suppress(OSError):
            write_atomically(self._path(image_sha256), hashlib.sha256(body).digest() + body, durable=False)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one build; a second build waits until the first has ended.

    The operating system drops the lock when its process ends, however it ends. Raises ``StorageError`` if
    the folder cannot be made or written.
    """
    import fcntl

    with contextlib.ExitStack() as stack:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context((folder / ".lock").open("w"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
