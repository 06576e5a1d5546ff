"""Images compared by what they show: a group's with the instructor's, and with those of other groups."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.names import is_ignored
from reportgen.dataset.signature import IMAGE_SUFFIXES

_FLAT = 4.0
"""Standard deviation of the luma, in 0 to 255: what is flatter than that has no features to be compared."""


def hash_images(folder: Path) -> dict[str, str]:
    """The perceptual hash of each image below a folder, in hexadecimal, by the SHA-256 of the file.

    Left out are images that cannot be decoded, and almost uniform ones, which all look the same.
    """
    import numpy as np

    from reportgen.dataset.decode import decode_bytes, grey
    from reportgen.dataset.likeness import hash_image

    hashes: dict[str, str] = {}
    for file in _list_images(folder):
        try:
            data = read_bytes(file)
            pixels = decode_bytes(data, strict=True).pixels
        except UndecodableError:
            continue
        if 255 * float(grey(pixels).std()) > _FLAT:
            hashes[hashlib.sha256(data).hexdigest()] = np.packbits(hash_image(pixels)).tobytes().hex()
    return dict(sorted(hashes.items()))


def compare_images(own: Path, given: Path) -> list[str]:
    """The files below ``own`` whose pixels are those of no image below ``given``.

    Only files with other bytes are decoded, and only if there are any: a file that was saved without its
    EXIF data or packed again shows the same.
    """
    known = {file: _hash(file) for file in _list_images(given)}
    hashes = set(known.values())
    others = [file for file in _list_images(own) if _hash(file) not in hashes]
    if not others:
        return []
    shown = {_hash_pixels(file) for file in known}
    return [file.relative_to(own).as_posix() for file in others if _hash_pixels(file) not in shown]


def _list_images(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).parts
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file() and not any(map(is_ignored, inside)):
            yield file


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hash_pixels(file: Path) -> str:
    """A hash of the decoded image, or of the file's own path where it cannot be decoded: like no other."""
    from reportgen.dataset.decode import decode_bytes

    try:
        return hashlib.sha256(decode_bytes(read_bytes(file), strict=True).pixels.tobytes()).hexdigest()
    except UndecodableError:
        return str(file)
