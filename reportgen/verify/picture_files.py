"""What a PNG or JPEG file holds besides its pixels, by whitelist.

A decoder that is asked for pixels passes over what browsers apply before they show them: gamma, colour
profiles, orientation, transparency, animation.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The largest picture of a PDF on 266 photographs has 1.1 million.
_MOST_PIXELS = 5 * 10**7

_OPAQUE, _TRANSPARENT = frozenset(["1", "L", "P", "RGB"]), frozenset(["LA", "PA", "RGBA"])
"""Pillow's modes of eight bits a value; of 16-bit grey it shows other levels than browsers do."""

Part = tuple[bytes, bytes]
"""The name of a part of a file, and what is in it."""

Extras = tuple[Part, ...]


def read_pixels(data: bytes) -> NDArray[np.uint8] | None:
    """The pixels of a PNG or JPEG (rows, columns, 3), or 4 if any of them is not opaque.

    None for what cannot be read, or not as browsers show it.
    """
    import numpy as np
    from PIL import Image

    try:
        # No other decoder gets to see a stranger's file.
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > _MOST_PIXELS or picture.mode not in _OPAQUE | _TRANSPARENT:
                return None
            clear = picture.mode in _TRANSPARENT or "transparency" in picture.info
            pixels = np.asarray(picture.convert("RGBA" if clear else "RGB"), np.uint8)
    # Pillow raises any of these for a damaged file.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    opaque = pixels.shape[2] == 3 or bool((pixels[..., 3] == 255).all())
    return pixels[..., :3] if opaque else pixels


def list_extras(data: bytes) -> Extras | None:
    """All of a PNG or JPEG that may change what is shown, in order; None if it is not laid out as such."""
    if data.startswith(_PNG):
        return _extras_of_png(list(_list_chunks(data)))
    if data.startswith(_JPEG):
        return _extras_of_jpeg(list(_list_segments(data)))
    return None


_PNG = b"\x89PNG\r\n\x1a\n"

_CRITICAL = frozenset([b"IHDR", b"PLTE", b"IDAT", b"IEND"])

_SILENT = frozenset([b"pHYs", b"tIME", b"tEXt", b"zTXt", b"iTXt"])
"""Chunks that no browser shows or applies: pixels a metre, time and words."""

_ORDERS = ([b"IHDR", b"IDAT", b"IEND"], [b"IHDR", b"PLTE", b"IDAT", b"IEND"])

_UNREADABLE: Part = (b"", b"")
"""Stands for what is behind the end, or is no part: no program says what it makes of that."""


def _list_chunks(data: bytes) -> Iterator[Part]:
    position = len(_PNG)
    while position < len(data):
        # Length, name, content and checksum (PNG, 5.3).
        length = int.from_bytes(data[position : position + 4], "big")
        content = data[position + 8 : position + 8 + length]
        position += 12 + length
        if position > len(data):
            yield _UNREADABLE
            return
        yield data[position - length - 8 : position - length - 4], content


def _extras_of_png(chunks: list[Part]) -> Extras | None:
    names = [name for name, _ in chunks]
    # Only the data may be divided, and nothing may come between their parts.
    joined = [
        name for name, before in zip(names, [b"", *names], strict=False) if name != before or name != b"IDAT"
    ]
    if [name for name in joined if name in _CRITICAL] not in _ORDERS or names[-1] != b"IEND":
        return None
    extras = tuple(chunk for chunk in chunks if chunk[0] not in _CRITICAL | _SILENT)
    return None if _UNREADABLE in extras else ((b"PNG", b""), *extras)


_JPEG = b"\xff\xd8"

_FRAMES = frozenset([b"\xc0", b"\xc1", b"\xc2"])
"""Baseline, extended and progressive: what browsers decode."""

_SCAN, _END, _APP0 = b"\xda", b"\xd9", b"\xe0"

_PLAIN = _FRAMES | {_SCAN, _END, b"\xc4", b"\xdb", b"\xdd", b"\xfe"}
"""These, and tables, the interval of restarts and comments."""

# Within a scan, 0 says that FF is data, and D0 to D7 are restarts (ITU T.81, B.1.1.5).
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


def _list_segments(data: bytes) -> Iterator[Part]:
    position = len(_JPEG)
    while position < len(data):
        match = _MARKER.match(data, position)
        if match is None:
            yield _UNREADABLE
            return
        position = match.end()
        if match[1] == _END:
            yield _END, b""
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if length < 2 or position + length > len(data):
            yield _UNREADABLE
            return
        yield match[1], data[position + 2 : position + length]
        position += length
        if match[1] == _SCAN:
            following = _MARKER.search(data, position)
            position = following.start() if following else len(data)


def _extras_of_jpeg(segments: list[Part]) -> Extras | None:
    names = [name for name, _ in segments]
    if names.count(_END) != 1 or names[-1] != _END or sum(name in _FRAMES for name in names) != 1:
        return None
    # How the colours are coded is certain only where it says so (JFIF 1.02).
    headers = [part for part in segments if part[0] == _APP0 and part[1].startswith(b"JFIF\0")]
    extras = [part for part in segments if part[0] not in _PLAIN and part not in headers[:1]]
    if _UNREADABLE in extras:
        return None
    return ((b"JPEG", b"JFIF" if headers else b""), *extras)
