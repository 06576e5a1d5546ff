"""The directory of a zip, read entry by entry: zipfile has all of it in memory before anybody can count it.

APPNOTE.TXT, 4.3.12 to 4.3.16. Where a zip could be read in more than one way, it is read as zipfile does.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")

_END_MARK, _LOCATOR_MARK, _END_64_MARK, _ENTRY_MARK = b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\1\2"

_LONGEST_COMMENT = 2**16 - 1

# Bit 11 of an entry's flags: its name is UTF-8.
_UTF_8 = 0x800


def find_directory(stream: BinaryIO) -> tuple[int, int]:
    """Where the directory of a zip begins, and its bytes; two zeros if there is none."""
    size = stream.seek(0, os.SEEK_END)
    beginning = max(size - _END.size - _LONGEST_COMMENT, 0)
    stream.seek(beginning)
    tail = stream.read()
    offset = len(tail) - _END.size
    # Without a comment it is the last of the file, whatever comes before it.
    if offset < 0 or not (tail[offset:].startswith(_END_MARK) and tail.endswith(b"\0\0")):
        offset = tail.rfind(_END_MARK)
    if offset < 0 or len(tail) - offset < _END.size:
        return 0, 0
    length = _END.unpack_from(tail, offset)[5]
    end = beginning + offset
    before = _LOCATOR.size + _END_64.size
    if end >= before:
        stream.seek(end - before)
        records = stream.read(before)
        if records.startswith(_END_64_MARK) and records[_END_64.size :].startswith(_LOCATOR_MARK):
            length = _END_64.unpack_from(records)[8]
            end -= before
    return (end - length, length) if length <= end else (0, 0)


def read_names(stream: BinaryIO) -> Iterator[str]:
    """The names in a zip, one after the other; none from where its directory is damaged."""
    offset, length = find_directory(stream)
    last = offset + length
    while offset < last:
        stream.seek(offset)
        head = stream.read(_ENTRY.size)
        if len(head) < _ENTRY.size or not head.startswith(_ENTRY_MARK):
            return
        fields = _ENTRY.unpack(head)
        flags, sizes = fields[3], fields[10:13]
        yield stream.read(sizes[0]).decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
        offset += _ENTRY.size + sum(sizes)


def holds_more(stream: BinaryIO, most: int) -> bool:
    """Whether a zip has more than ``most`` entries. The number that it states itself is not believed."""
    return any(number > most for number, _ in enumerate(read_names(stream), start=1))
