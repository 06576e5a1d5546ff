"""One face of a font file: its name, its characters, and whether it may be embedded."""

from __future__ import annotations

import hashlib
import importlib.util
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from reportgen.typefaces.script import is_invisible, is_plain, split_clusters, split_words

Embedding = Literal["subset", "whole", "forbidden"]

# Bits 1, 9 and 8 of fsType in the table OS/2.
_RESTRICTED, _BITMAPS_ONLY, _NO_SUBSETTING = 0x0002, 0x0200, 0x0100

# Preview and print (4), and editable (8).
_MORE_LIBERAL = 0x000C

# OpenType's usWeightClass of a regular face.
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
    """The metadata of a font. ``coloured``: its glyphs are not outlines of a single colour."""

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

    # Opened here, so that it can be closed if what is in it is no font.
    stream = face.file.open("rb")
    try:
        # Lazily: of a font with all of Chinese only the tables that are asked for are read.
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
    """Forget the fonts read so far: between builds in one process, a file may have changed."""
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
        # The full name, or else the family's.
        names = (font["name"].getDebugName(number) for number in (4, 1)) if "name" in font else ()
        name = next((name for name in names if name), face.file.name)
        outlines = any(table in font for table in ("glyf", "CFF ", "CFF2"))
        coloured = not outlines or any(table in font for table in ("CBDT", "sbix", "COLR", "SVG "))
    return Description(" ".join(name.split()), embedding_rights(rights), coloured)


def embedding_rights(rights: int) -> Embedding:
    """The embedding that field fsType of a font's OS/2 table allows, by the OpenType specification.

    Of several levels of embedding the most liberal one counts.
    """
    # Where only bitmaps may be embedded, the outlines that a report embeds may not.
    if rights & _BITMAPS_ONLY or (rights & _RESTRICTED and not rights & _MORE_LIBERAL):
        return "forbidden"
    return "whole" if rights & _NO_SUBSETTING else "subset"


def is_regular(weight: int | None, *, upright: bool) -> bool:
    """Whether a face is a plain one: upright, and of the usual weight if it says one."""
    return upright and weight in (None, _REGULAR)


MAIN_FILES = ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBol.ttf", "STIXGeneralBolIta.ttf")

FALLBACK_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


@dataclass(frozen=True)
class Typefaces:
    """The faces that a report has beside its own: ``named`` in the settings, and ``found`` on the machine.

    STIX sets each word that all of its styles have; of the others each comes from the first of the named
    faces, DejaVu Sans, STIX's upright style and the found faces that has all of the word. A word that none
    has is set letter by letter, each with its marks. ``chosen`` says which of the named and found ones set
    the words that are known; ``lacking`` are words that no face has, even letter by letter; ``forbidden``
    the names of those fonts of the machine that have them but may not be embedded.
    """

    named: tuple[Face, ...] = ()
    found: tuple[Face, ...] = ()
    chosen: Mapping[str, Face] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def order(self, *, bold: bool = False) -> tuple[Face, ...]:
        """The faces for words that STIX lacks, the first that has a word first."""
        fallback = FALLBACK_FILES[::-1] if bold else FALLBACK_FILES[:1]
        return (*self.named, *map(report_face, fallback), report_face(MAIN_FILES[0]), *self.found)

    def choose(self, word: str, *, bold: bool = False) -> Face | None:
        """The face that has all of a word, None if there is none."""
        if (word, bold) not in self._known:
            order = self.order(bold=bold)
            main = report_face(MAIN_FILES[2 if bold else 0])
            self._known[word, bold] = (
                main if is_in_main(word) else next((face for face in order if has_all(face, word)), None)
            )
        return self._known[word, bold]

    @cached_property
    def _known(self) -> dict[tuple[str, bool], Face | None]:
        """Choices made before: the same names occur hundreds of times."""
        return {}

    def choose_whole(self, line: str, *, bold: bool = False) -> Face | None:
        """The first face that has all of a line, whatever its words; None if there is none."""
        main = report_face(MAIN_FILES[2 if bold else 0])
        letters = "".join(line.split())
        return next((face for face in (main, *self.order(bold=bold)) if has_all(face, letters)), None)

    def divide(self, text: str, *, bold: bool = False) -> list[tuple[Face | None, str]]:
        """Cut a text where the face changes, in its order; None sets what no face has."""
        pieces: list[tuple[Face | None, str]] = []
        for part in self._parts(text, bold=bold):
            face = self.choose(part, bold=bold)
            if pieces and is_unseen(part) and pieces[-1][0]:
                face = pieces[-1][0]
            if len(pieces) > 1 and pieces[-1][1].isspace() and face and pieces[-2][0] == face:
                # A space between two words of one face is of that face too.
                space = pieces.pop()[1]
                if has_all(face, space):
                    part = pieces.pop()[1] + space + part
                else:
                    pieces.append((report_face(MAIN_FILES[0]), space))
            elif pieces and pieces[-1][0] == face:
                part = pieces.pop()[1] + part
            pieces.append((face, part))
        return pieces

    def _parts(self, text: str, *, bold: bool) -> Iterable[str]:
        for word in split_words(text):
            whole = is_plain(word) or self.choose(word, bold=bold) is not None
            yield from (word,) if whole else split_clusters(word)

    def serving(self, texts: Iterable[str]) -> tuple[Face, ...]:
        """The named and found faces that set a word of these texts, in their order."""
        words = {word for text in texts for word in words_beyond(text)}
        used = {self.chosen[part] for word in words for part in _forms(word) if part in self.chosen}
        return tuple(face for face in (*self.named, *self.found) if face in used)


OWN = Typefaces()
"""The report's own faces and no others."""


def is_in_main(word: str) -> bool:
    """Whether all styles of STIX have all of a word."""
    return is_plain(word) or all(has_all(report_face(file), word) for file in MAIN_FILES)


def is_unseen(word: str) -> bool:
    """Whether a word takes no ink and no width: line breaks, joiners, signs of direction."""
    return all(is_invisible(letter) or (letter.isspace() and not letter.isprintable()) for letter in word)


def words_beyond(text: str) -> list[str]:
    """The words of a text that STIX may lack, each once, as they are printed: in NFC."""
    if is_plain(text):
        return []
    words = dict.fromkeys(split_words(unicodedata.normalize("NFC", text)))
    return [word for word in words if not is_plain(word) and not _is_control(word)]


def _is_control(word: str) -> bool:
    return all(is_invisible(letter) or letter < " " or "\x7f" <= letter < "\xa0" for letter in word)


def _forms(word: str) -> Iterable[str]:
    return (word, *split_clusters(word))
