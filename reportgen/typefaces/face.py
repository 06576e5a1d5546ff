"""One face of a font file: what it is called, which characters it has, and whether it may be embedded."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from reportgen.typefaces.script import is_invisible

Embedding = Literal["subset", "whole", "forbidden"]

_RESTRICTED, _BITMAPS_ONLY, _NO_SUBSETTING = 0x0002, 0x0200, 0x0100
_MORE_LIBERAL = 0x000C
_REGULAR = 400


@dataclass(frozen=True, order=True)
class Face:
    """Where a face is: the file, and its number there if the file is a collection (``.ttc``), from 0."""

    file: Path
    index: int = 0

    @property
    def sha256(self) -> str:
        """The hash of the file. Raises ``OSError`` if it cannot be read."""
        with self.file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class Description:
    """What a font says of itself. ``coloured``: its pictures are no outlines in one ink."""

    name: str
    embedding: Embedding
    coloured: bool


@cache
def font_folder() -> Path:
    """Where matplotlib keeps its TrueType files."""
    found = importlib.util.find_spec("matplotlib")  # which takes a millisecond; importing it takes 200
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def report_face(file: str) -> Face:
    """A face that comes with matplotlib."""
    return Face(font_folder() / file)


def open_face(face: Face) -> Any:
    """The face as a ``TTFont``, to be closed. Raises ``TTLibError`` or ``OSError`` if it is none."""
    from fontTools.ttLib import TTFont

    stream = face.file.open("rb")
    try:
        return TTFont(stream, fontNumber=face.index, lazy=True)
    except BaseException:
        stream.close()
        raise


@cache
def coverage(face: Face) -> frozenset[int]:
    """The code points that a face has."""
    with open_face(face) as font:
        return frozenset(font.getBestCmap() or ())


def forget_faces() -> None:
    """Read fonts anew from now on: in a process that builds several times, a file may have changed."""
    coverage.cache_clear()
    describe_face.cache_clear()


def has_all(face: Face, text: str) -> bool:
    """Whether a face has every character of a text that needs one."""
    return coverage(face).issuperset(ord(letter) for letter in text if not is_invisible(letter))


@cache
def describe_face(face: Face) -> Description:
    """Read a font's name and its rights. Raises ``TTLibError`` or ``OSError`` if it is none."""
    with open_face(face) as font:
        rights = font["OS/2"].fsType if "OS/2" in font else 0
        names = (font["name"].getDebugName(number) for number in (4, 1)) if "name" in font else ()
        name = next((name for name in names if name), face.file.name)
        outlines = any(table in font for table in ("glyf", "CFF ", "CFF2"))
        coloured = not outlines or any(table in font for table in ("CBDT", "sbix", "COLR", "SVG "))
    return Description(" ".join(name.split()), embedding_rights(rights), coloured)


def embedding_rights(rights: int) -> Embedding:
    """What the field fsType of a font's OS/2 table allows, by the OpenType specification.

    Of several levels of embedding the most liberal one counts.
    """
    if rights & _BITMAPS_ONLY or (rights & _RESTRICTED and not rights & _MORE_LIBERAL):
        return "forbidden"
    return "whole" if rights & _NO_SUBSETTING else "subset"


def is_regular(weight: int | None, *, upright: bool) -> bool:
    """Whether a face is a plain one: upright, and of the usual weight if it says one."""
    return upright and weight in (None, _REGULAR)
