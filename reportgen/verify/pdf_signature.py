"""Whether a page of one PDF draws with the same objects as that of another, without reading what it draws."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from reportgen.verify.pdf_values import Pages, scalar

_DEEPEST = 40

_MOST = 200_000
"""Objects of a PDF that are looked at; the one on 266 photographs has 9,700."""

_DRAWING = ("/Contents", "/Resources")


class TooMuchError(Exception):
    """Objects that are deeper, more or more entangled than those of a report."""


class Signer:
    """Signs the pages of one PDF; an object that several of them share is looked at once."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._known: dict[Any, bytes] = {}
        self._left = _MOST

    def sign(self, page: Any) -> bytes | None:
        """A hash of a page's instructions and of all that they draw with, None for what no report has.

        Pages of two PDFs with one signature have the same instructions, entry for entry and byte for byte as
        they are packed, so that whatever is read of one is read of the other. Other signatures say nothing.
        """
        try:
            return b"".join(self._sign(page.get(key), 0) for key in _DRAWING)
        except TooMuchError:
            return None

    def _sign(self, obj: Any, depth: int) -> bytes:
        import pikepdf

        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise TooMuchError
        if not isinstance(obj, pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream):
            value = scalar(obj)
            return _hash(f"{type(value).__name__} {value!r}".encode("utf-8", "backslashreplace"))
        number = obj.objgen
        if number == (0, 0):
            return self._sign_parts(obj, depth)
        if number in self._pages:
            return _hash(b"page %d" % self._pages[number])
        if number not in self._known:
            # What leads back to itself has no signature of its own yet, and ends here at the greatest depth.
            self._known[number] = self._sign_parts(obj, depth)
        return self._known[number]

    def _sign_parts(self, obj: Any, depth: int) -> bytes:
        return _hash(*self._list_parts(obj, depth))

    def _list_parts(self, obj: Any, depth: int) -> Iterator[bytes]:
        import pikepdf

        if isinstance(obj, pikepdf.Array):
            yield b"array"
            yield from (self._sign(item, depth + 1) for item in obj)
            return
        yield b"stream" if isinstance(obj, pikepdf.Stream) else b"dictionary"
        for key, item in sorted(obj.items()):
            yield str(key).encode("utf-8", "backslashreplace")
            yield self._sign(item, depth + 1)
        if isinstance(obj, pikepdf.Stream):
            yield obj.read_raw_bytes()


def _hash(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        # With its length: no two lists of parts have the same bytes.
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
