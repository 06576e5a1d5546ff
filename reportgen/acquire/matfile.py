"""Matrices of numbers in MATLAB's files, read within their bounds.

SciPy's reader ends the whole process where a damaged file names a length that it has not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HEADER, _TAG = 128, 8
_MATRIX, _COMPRESSED, _NAME, _DIMENSIONS = 14, 15, 1, 5

_TYPES: Final[Mapping[int, str]] = MappingProxyType(
    {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
)
"""NumPy's names of the types in which numbers are stored; MATLAB takes the smallest that holds them all."""

_MOST = 16 * 2**20
"""Bytes to which a file may unfold. Caltech-101's unfold to some thousand."""


def read_matrices(data: bytes, names: Collection[str]) -> dict[str, NDArray[np.float64]]:
    """Read real matrices (rows, columns) by name from a MAT file, version 5 to 7.

    Other variables are passed over. After "MAT-File Format", The MathWorks, level 5. Raises ``ValueError``
    if the file is damaged or of another version.
    """
    # A mark whose two letters are the other way round where numbers are.
    order = {b"IM": "<", b"MI": ">"}.get(data[_HEADER - 2 : _HEADER])
    if order is None:
        raise ValueError("it does not begin as a MATLAB file of version 5 to 7 does")
    found: dict[str, NDArray[np.float64]] = {}
    for kind, content in _elements(data[_HEADER:], order):
        if kind == _COMPRESSED:
            # A compressed element holds one other; an empty one is nothing, which is passed over.
            kind, content = next(_elements(_unfold(content), order), (0, b""))
        if kind != _MATRIX:
            continue
        parts = list(_elements(content, order))
        # The class of the array and its flags come first, then what is wanted; imaginary parts would follow.
        if len(parts) == 4 and parts[1][0] == _DIMENSIONS and parts[2][0] == _NAME:
            name = parts[2][1].decode("latin-1")
            if name in names:
                found[name] = _shape(parts[1][1], *parts[3], order)
    return found


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and content of each element; those of four bytes or fewer share their eight with the tag."""
    start = 0
    while start + _TAG <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, start)
        # A small element: its size is in the upper half of the first word, where a large one's type has
        # zeros.
        if kind >> 16:
            kind, size = kind & 0xFFFF, kind >> 16
            first, following = start + 4, start + _TAG
            if size > 4:
                raise ValueError("a length in it is impossible")
        else:
            first = start + _TAG
            # Compressed elements are not filled up to eight bytes.
            following = first + size + (0 if kind == _COMPRESSED else -size % _TAG)
        if first + size > len(data):
            raise ValueError("it is cut off, or a length in it is wrong")
        yield kind, data[first : first + size]
        start = following


def _unfold(packed: bytes) -> bytes:
    try:
        unpacker = zlib.decompressobj()
        # With an end: a few bytes of zlib may be gigabytes unpacked.
        data = unpacker.decompress(packed, _MOST)
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("it is cut off, or unfolds to more than any outline")
    return data


def _shape(dimensions: bytes, kind: int, content: bytes, order: str) -> NDArray[np.float64]:
    if kind not in _TYPES or len(dimensions) != 8:
        raise ValueError("a matrix in it is not one of numbers")
    stored = np.dtype(f"{order}{_TYPES[kind]}")
    rows, columns = struct.unpack(f"{order}ii", dimensions)
    if min(rows, columns) < 0 or rows * columns * stored.itemsize != len(content):
        raise ValueError("the size of a matrix in it does not fit its numbers")
    # MATLAB stores columns, one after the other.
    return np.frombuffer(content, stored).reshape(rows, columns, order="F").astype(np.float64)
