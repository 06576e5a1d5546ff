"""Fonts installed on this machine, and which of them cover words that other fonts cannot set."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.typefaces.face import Face, embedding_rights, is_regular
from reportgen.typefaces.script import is_invisible

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
_FITTING = ("NotoSerif", "NotoSans", "Noto")
"""How files of fonts that go together in all scripts begin, a book face first, as STIX is one."""

_LAST_RESORT = "LastResort"
"""Fonts of this name have a box for every character there is."""


@dataclass(frozen=True)
class Found:
    """The faces to use, in the order of preference, the words that none has, and the names of the fonts that
    have some of these words but may not be embedded.
    """

    faces: tuple[Face, ...] = ()
    lacking: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def as_json(self) -> bytes:
        """The same as bytes, to be kept."""
        faces = [[str(face.file), face.index] for face in self.faces]
        return json.dumps([faces, self.lacking, self.forbidden]).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Found:
        """Read what ``as_json`` wrote."""
        faces, lacking, forbidden = json.loads(data)
        return cls(tuple(Face(Path(file), index) for file, index in faces), tuple(lacking), tuple(forbidden))


def font_folders() -> tuple[Path, ...]:
    """Where fonts are installed on Linux and macOS, for everybody and for this user."""
    home = os.environ.get("HOME", "")
    own = [Path(home, name) for name in (".fonts", ".local/share/fonts", "Library/Fonts") if home]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    data = [os.environ.get("XDG_DATA_HOME", ""), *shared.split(os.pathsep), str(Path(sys.prefix, "share"))]
    apple = ("/Library/Fonts", "/System/Library/Fonts") if sys.platform == "darwin" else ()
    folders = (*own, *(Path(folder, "fonts") for folder in data if folder), *map(Path, apple))
    return tuple(dict.fromkeys(folders))


def list_fonts(folders: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Every TrueType and OpenType file: path, size and time of change, sorted by file name."""
    found: dict[str, tuple[str, int, int]] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder, followlinks=True):
            for name in names:
                if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                    path = os.path.realpath(os.path.join(parent, name))  # noqa: PTH118 - thousands of files
                    try:
                        status = os.stat(path)  # noqa: PTH116
                    except OSError:
                        continue
                    found[path] = (path, status.st_size, status.st_mtime_ns)
    return sorted(found.values(), key=lambda entry: (Path(entry[0]).name, entry[0]))


def fingerprint(listing: Sequence[tuple[str, int, int]]) -> str:
    """One hash over a list of fonts: with the same list, the same fonts are found."""
    return hashlib.sha256(json.dumps(listing).encode(errors="surrogateescape")).hexdigest()


def search_fonts(words: Sequence[str], files: Sequence[str]) -> Found:
    """Take the font with the most of the words, then that with the most of the others, and so on.

    A font counts if it has outlines in one ink and may be embedded. Of equal ones a regular upright face
    comes first, then a Noto font, and then the one whose file is listed first.
    """
    rest = dict.fromkeys(words)
    offers, forbidden = _look_through(tuple(rest), files)
    chosen: list[Face] = []
    while rest and offers:
        best = max(offers, key=lambda offer: (len(offer.words & rest.keys()), offer.regular, offer.fitness))
        taken = best.words & rest.keys()
        if not taken:
            break
        chosen.append(best.face)
        rest = {word: None for word in rest if word not in taken}
    names = tuple(name for name, had in forbidden if had & rest.keys())
    return Found(tuple(chosen), tuple(rest), tuple(dict.fromkeys(names)))


@dataclass(frozen=True)
class _Offer:
    face: Face
    words: frozenset[str]
    regular: bool

    @property
    def fitness(self) -> int:
        name = self.face.file.name
        ranks = (rank for rank, start in enumerate(reversed(_FITTING), 1) if name.startswith(start))
        return max(ranks, default=0)


def _look_through(
    words: Sequence[str], files: Sequence[str]
) -> tuple[list[_Offer], list[tuple[str, frozenset[str]]]]:
    letters = {word: [ord(letter) for letter in word if not is_invisible(letter)] for word in words}
    offers, forbidden = [], []
    for face, font in _open_all(files):
        had = frozenset(word for word, codes in letters.items() if all(map(font.get_char_index, codes)))
        if had:
            os2 = font.get_sfnt_table("OS/2")
            if os2 is not None and embedding_rights(os2["fsType"]) == "forbidden":
                forbidden.append((font.family_name, had))
            else:
                weight = None if os2 is None else os2["usWeightClass"]
                offers.append(_Offer(face, had, is_regular(weight, upright=not font.style_flags)))
    return offers, forbidden


def _open_all(files: Sequence[str]) -> Iterator[tuple[Face, FT2Font]]:
    """Each face that consists of outlines in one ink."""
    from matplotlib.ft2font import FaceFlags, FT2Font

    for file in files:
        index, count = 0, 1
        while index < count:
            face = Face(Path(file), index)
            try:
                font = FT2Font(file, face_index=index)
            except (OSError, RuntimeError):
                break
            index, count = index + 1, font.num_faces
            name = font.family_name.replace(" ", "").lstrip(".")
            usable = FaceFlags.SCALABLE in font.face_flags and FaceFlags.COLOR not in font.face_flags
            if usable and not name.startswith(_LAST_RESORT):
                yield face, font
