"""Whether two SVG files draw the same, apart from the last digits of their numbers."""

from __future__ import annotations

import math
import re

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
