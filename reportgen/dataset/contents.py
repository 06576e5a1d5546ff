"""The content of a file and its hash."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from reportgen.store.files import unreadable_since

# MAX_PIXELS of four channels of 16 bits each, uncompressed, are 800 MB.
MAX_BYTES = 1_000_000_000


class UndecodableError(Exception):
    """Why a file gives no image, in words that follow its name."""


def read_bytes(path: Path, sha256: str | None = None) -> bytes:
    """The whole file.

    Raises ``UndecodableError`` if it cannot be read, is larger than any image, or has another hash than
    ``sha256``.
    """
    try:
        # Before it is opened: a named pipe would be waited for without end.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UndecodableError("is not a regular file")
        if status.st_size > MAX_BYTES:
            raise UndecodableError(
                f"is {status.st_size / 1e9:.1f} GB, more than the {MAX_BYTES / 1e9:g} GB allowed"
            )
        data = path.read_bytes()
    except OSError as error:
        raise UndecodableError(unreadable_since(error)) from None
    # The hash is of the bytes that are then decoded: a second read could find another file.
    if sha256 is not None and hash_bytes(data) != sha256:
        raise UndecodableError("was changed while the report was being made; build again")
    return data


def hash_bytes(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()
