"""Arrays of a submitted build folder: read as data, and only if they match their description."""

from __future__ import annotations

import math
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from reportgen.pointer import PointerError
from reportgen.results import ArraySummary
from reportgen.store.files import unreadable_since

MAX_BYTES = 2**30
"""The largest array that is read. The features of 65,000 images in VGG19's layer fc2 have as much."""

# The header of an array of plain numbers has 128 bytes.
_HEADER_BYTES = 2**14
# Elements; in float64 they take 8 MB.
_BLOCK = 2**20
# Summed in another order, float64 differs by far less; with one pixel changed, by more.
_TOLERANCE = 1e-9
_REMEDY = "Use the build folder as 'reportgen build' wrote it, or build the report again."
# reportgen stores; a folder that somebody packed again may be deflated.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What is wrong with a damaged archive shows as any of these, depending on where it is damaged.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, ArithmeticError, EOFError,
    LookupError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip


class _UntrueError(Exception):
    """The file is not what the summary says."""


def read_array(file: Path, pointer: str, summaries: Mapping[str, ArraySummary], key: str) -> NDArray[Any]:
    """The array ``key`` of the archive ``file``, read-only.

    ``summaries`` are those of all arrays of the archive; ``pointer`` names the one of ``key`` in messages.
    No more is read than they declare, and Python objects never. Raises ``PointerError`` if the file is
    missing, a link, too large or damaged, or if shape, type, minimum, maximum, mean or norm of the array are
    not those of its summary.
    """
    summary = summaries[key]
    try:
        if _count_bytes(summary) > MAX_BYTES:
            raise _UntrueError(f"{_kind(summary)} has more than the {MAX_BYTES} bytes that are read")
        most = sum(_count_bytes(each) + 2 * _HEADER_BYTES for each in summaries.values())
        with _open(file, most) as stream, zipfile.ZipFile(stream) as archive:
            array = _extract(archive, f"{key}.npy", summary)
        _compare(array, summary)
    except OSError as error:
        problem = unreadable_since(error)
    except _UntrueError as error:
        problem = str(error)
    except _DAMAGED as error:
        problem = f"is damaged: {next(iter(str(error).splitlines()), type(error).__name__)[:200]}"
    else:
        return array
    raise PointerError(f"{file}: not what {pointer} describes: {problem}.", _REMEDY)


def _count_bytes(summary: ArraySummary) -> int:
    # Not NumPy's product: that of a false shape could overflow and look small.
    return math.prod(summary.shape) * np.dtype(summary.dtype).itemsize


def _kind(summary: ArraySummary) -> str:
    return f"{summary.dtype} of shape {summary.shape}"


@contextmanager
def _open(file: Path, most: int) -> Iterator[IO[bytes]]:
    """Open a regular file of ``most`` bytes at most, that neither is a link nor lies in a linked folder."""
    if file.parent.is_symlink() or file.is_symlink():
        raise _UntrueError("it is a symbolic link, which is not followed")
    # Without O_NONBLOCK a named pipe would wait for a writer for ever.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _UntrueError("it is no regular file")
        if status.st_size > most:
            raise _UntrueError(f"the file has {status.st_size} bytes; what is described has at most {most}")
        yield stream


def _extract(archive: zipfile.ZipFile, name: str, summary: ArraySummary) -> NDArray[Any]:
    if (found := archive.namelist().count(name)) != 1:
        raise _UntrueError(f"the file holds {found} arrays of this name")
    entry, size = archive.getinfo(name), _count_bytes(summary)
    if entry.compress_type not in _PACKED:
        raise _UntrueError(f"it is packed by method {entry.compress_type}, which is not read")
    # Before anything is unpacked: the size that the archive declares must fit what is described.
    if not size < entry.file_size <= size + _HEADER_BYTES:
        raise _UntrueError(f"it has {entry.file_size} bytes; {_kind(summary)} has {size} and a header")
    with archive.open(entry) as stream:
        shape, columns_first, dtype = _read_header(stream)
        if list(shape) != summary.shape or str(dtype) != summary.dtype:
            raise _UntrueError(f"it is {dtype} of shape {list(shape)}, not {_kind(summary)}")
        # A byte more than it should have, so that a longer one is noticed.
        data = stream.read(size + 1)
    if len(data) != size:
        raise _UntrueError(f"it has {len(data)} bytes of numbers; {_kind(summary)} has {size}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if columns_first else "C")


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type, as NumPy reads them; ``numpy.load`` would make room for what they promise."""
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    if version == (2, 0):
        return npy.read_array_header_2_0(stream)
    # Version 3 is for names of fields outside Latin-1, which arrays of plain numbers do not have.
    raise ValueError(f"version {version} of the array format")


def _compare(array: NDArray[Any], summary: ArraySummary) -> None:
    largest = max(abs(summary.min), abs(summary.max))
    # The least and the greatest element are elements: no sum rounds them, so they have no tolerance.
    tolerances = {"min": 0.0, "max": 0.0, "mean": _TOLERANCE * largest, "norm": _TOLERANCE * summary.norm}
    found = _summarise(array)
    for name, tolerance in tolerances.items():
        described = getattr(summary, name)
        # Put so that a NaN is refused.
        if not abs(found[name] - described) <= tolerance:
            raise _UntrueError(f"its {name} is {found[name]!r}, not {described!r}")


def _summarise(array: NDArray[Any]) -> dict[str, float]:
    """Minimum, maximum, mean and norm in float64; by blocks, since a copy of all could be eight times it."""
    flat = array.reshape(-1, order="A")
    blocks = [flat[start : start + _BLOCK] for start in range(0, flat.size, _BLOCK)]
    # A NaN or an overflow is found by the comparison; a warning on top would only puzzle.
    with np.errstate(all="ignore"):
        sums = [float(block.sum(dtype=np.float64)) for block in blocks]
        squares = [float(np.square(block, dtype=np.float64).sum()) for block in blocks]
    return {
        "min": float(min(block.min() for block in blocks)),
        "max": float(max(block.max() for block in blocks)),
        "mean": math.fsum(sums) / flat.size,
        "norm": math.sqrt(math.fsum(squares)),
    }
