"""Packs named byte strings, or arrays, into one byte string for the cache."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The first date that ZIP knows. A time of the build would make equal files unequal.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Several named byte strings as one; the same ones give the same bytes."""
    buffer = io.BytesIO()
    # Stored, which is the default, and not deflated: zlib's bytes differ between versions.
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), data)
    return buffer.getvalue()


def unpack(data: bytes) -> Mapping[str, bytes]:
    """The parts that :func:`pack` was given, in the same order; each part is copied when it is asked for."""
    return _Packed(zipfile.ZipFile(io.BytesIO(data)))


class _Packed(Mapping[str, bytes]):
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def __getitem__(self, name: str) -> bytes:
        return self._archive.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive.namelist())

    def __len__(self) -> int:
        return len(self._archive.namelist())


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``.npz`` archive of named arrays; the same arrays give the same bytes."""
    # Here and below, since that takes 0.1 s, and a build with nothing to do has no arrays.
    import numpy as np

    buffer = io.BytesIO()
    # Repeatable: NumPy passes zipfile only a name, and such an entry has no time of its own.
    # Not savez_compressed: zlib's bytes differ between versions, and 52 MB of a report on 266 photographs
    # would take 1.4 s to become 25.
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` archive. Raises ``ValueError`` if it holds Python objects."""
    import numpy as np

    # Said though it is the default: a pickle in the cache or in a report would run code.
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
