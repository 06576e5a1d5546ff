"""Whether two pictures, drawings or lists of numbers are the same, whatever their bytes.

What a PNG or JPEG file holds besides its pixels is compared by whitelist. A decoder that is asked for pixels
passes over what browsers apply before they show them: gamma, colour profiles, orientation, transparency,
animation.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LARGEST, _MEAN = 24, 0.5
"""Levels in 255 by which a pixel, and all pixels on average, may differ: what rounding of the numbers that
are drawn does, after JPEG."""


def same_picture(one: bytes, other: bytes) -> bool:
    """Whether two PNG, JPEG or SVG files show the same, apart from rounding; False for what is no picture."""
    if one == other:
        return True
    # Behind a declaration and comments.
    if b"<svg" in one[:1000] or b"<svg" in other[:1000]:
        return same_drawing(one, other)
    extras = list_extras(one)
    # A profile, an orientation or the like would show equal pixels as another picture.
    if extras is None or extras != list_extras(other):
        return False
    pixels = read_pixels(one), read_pixels(other)
    return pixels[0] is not None and pixels[1] is not None and same_pixels(pixels[0], pixels[1])


def same_pixels(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two arrays of pixels are equal, apart from rounding."""
    import numpy as np

    if one.shape != other.shape:
        return False
    # Signed: a difference of uint8 would wrap.
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return bool(difference.size == 0 or (difference.max() <= _LARGEST and difference.mean() <= _MEAN))


def same_values(one: bytes, other: bytes, tolerance: float) -> bool:
    """Whether two lists of little-endian float32 values differ by no more than ``tolerance`` times the
    largest magnitude of ``other``, our own; False for what is no such list.
    """
    import numpy as np

    if one == other:
        return True
    # frombuffer() raises for a part of a value.
    if len(one) != len(other) or len(one) % 4:
        return False
    theirs, ours = np.frombuffer(one, "<f4").astype(float), np.frombuffer(other, "<f4").astype(float)
    slack = tolerance * float(np.abs(ours).max(initial=0))
    # A NaN, which is near to nothing, is no value of ours.
    return bool((np.abs(theirs - ours) <= slack).all())


# The largest drawing of a report on 266 photographs has 63 kB.
_LONGEST = 10**7

_LONGEST_NUMBER = 60

_SLACK, _RATIO, _NOTHING = 0.05, 0.005, 1e-6
"""By how much a coordinate may differ, in the units of the drawing; by which part of itself any other number
may; and what is as good as zero.
"""

_PLACES = frozenset([b"d", b"points", b"x", b"y", b"x1", b"y1", b"x2", b"y2", b"cx", b"cy", b"viewBox"])

_OTHERS = frozenset(
    [b"transform", b"style", b"width", b"height", b"r", b"rx", b"ry", b"offset", b"opacity", b"fill-opacity",
     b"stroke-opacity", b"stop-opacity", b"stroke-width", b"stroke-dasharray", b"stroke-dashoffset"]
)  # fmt: skip
"""Scales, sizes and shares, most of them less than one: to a slack they would be nothing."""

_ATTRIBUTE = re.compile(rb'(?<=\s)(%s)="([^"<>]*)"' % b"|".join(sorted(_PLACES | _OTHERS, reverse=True)))

_DIGITS = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"

_FUNCTION_OR_NUMBER = re.compile(rb"\b([A-Za-z]+)\(|((?<![\w#.])%s)" % _DIGITS)
"""A name, a colour or the address of an element may have digits, too, and no number."""

# The letters of a path are commands, and are mixed with its numbers.
_IN_PATH = re.compile(_DIGITS)

_ID = re.compile(rb'(?<=\sid=")[^"]+(?=")')

_NAMED = re.compile(rb'(?<=\sid=")[^"]+(?=")|(?<="#)[^"]+(?=")|(?<=url\(#)[^()"]+(?=\))')


def same_drawing(one: bytes, other: bytes) -> bool:
    """Whether two SVG files are the same but for rounding, and equal byte for byte around their numbers."""
    if max(len(one), len(other)) > _LONGEST:
        return False
    (there, theirs), (due, ours) = _divide(_number_ids(one)), _divide(_number_ids(other))
    # The words around the numbers first: then there are as many numbers in both.
    if there != due:
        return False
    return all(_near(a, b) for a, b in zip(theirs, ours, strict=True))


Number = tuple[bytes, bool]
"""A number as it is written, and whether it is a coordinate."""


def _near(one: Number, other: Number) -> bool:
    if one[0] == other[0]:
        return True
    # A stranger's may have millions of digits.
    if len(one[0]) > _LONGEST_NUMBER:
        return False
    a, b = float(one[0]), float(other[0])
    if not (math.isfinite(a) and math.isfinite(b)):
        return False
    return abs(a - b) <= (_SLACK if other[1] else _RATIO * abs(b) + _NOTHING)


def _divide(svg: bytes) -> tuple[bytes, list[Number]]:
    """A drawing with 0 for each number, and the numbers in order."""
    numbers: list[Number] = []

    def take(match: re.Match[bytes]) -> bytes:
        name, value = match[1], match[2]
        if name == b"d":
            numbers.extend((each, True) for each in _IN_PATH.findall(value))
            return b' d="%s"' % _IN_PATH.sub(b"0", value)
        function = b""

        def cut(found: re.Match[bytes]) -> bytes:
            nonlocal function
            if found[1]:
                function = found[1]
                return found[0]
            numbers.append((found[2], name in _PLACES or function == b"translate"))
            return b"0"

        return b' %s="%s"' % (name, _FUNCTION_OR_NUMBER.sub(cut, value))

    return _ATTRIBUTE.sub(take, svg), numbers


def _number_ids(svg: bytes) -> bytes:
    """A drawing whose ids are numbered: matplotlib makes some of them out of coordinates, to the last
    digit.
    """
    ids = _ID.findall(svg)
    numbers = {name: b"id-%d" % number for number, name in enumerate(ids)}
    # Of two elements of one name a reference leads to the first, which a number would not say.
    if len(numbers) < len(ids):
        return svg
    return _NAMED.sub(lambda match: numbers.get(match[0], b"no " + match[0]), svg)


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
