"""What stays on disk: whole files moved into place, and the cache of features."""

from __future__ import annotations

import contextlib
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
    ``StorageError`` if anything cannot be written; until the first move the last set is untouched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob(".next-*"):
            shutil.rmtree(stale, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=".next-", dir=folder))
        try:
            for name, data in files.items():
                write_atomically(staging / name, data)
            for item in sorted(staging.iterdir()):
                _move(item, folder / item.name, staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: cannot be written: {error.strerror}.",
            "Make room on the disk or choose another build folder; the last report is untouched.",
        ) from None


def _move(item: Path, place: Path, staging: Path) -> None:
    if item.is_dir() and place.is_dir():
        place.rename(staging / f"old-{place.name}")
    item.replace(place)


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

    The operating system drops the lock when its process ends, however it ends.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
