"""Which typeface writes which text, and the typefaces of this machine."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import SettingsError
from reportgen.memo import Memo, no_memo
from reportgen.store.files import unreadable_since
from reportgen.typefaces.face import (
    Face,
    Typefaces,
    describe_face,
    embedding_rights,
    forget_faces,
    is_in_main,
    is_regular,
    is_unseen,
    words_beyond,
)
from reportgen.typefaces.script import is_east_asian, is_invisible, is_mark, name_scripts, split_clusters

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font


_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")

_FITTING = ("NotoSerif", "NotoSans", "Noto")
"""How files of fonts that go together in all scripts begin, a book face first, as STIX is one."""

_LAST_RESORT = "LastResort"
"""Fonts of this name have a box for every character there is."""


@dataclass(frozen=True)
class FaceChoice:
    """The faces to use, in the order of preference, the words that none has, and the names of the fonts that
    have some of these words but may not be embedded.
    """

    faces: tuple[Face, ...] = ()
    lacking: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def as_json(self) -> bytes:
        """The object as JSON, to be cached."""
        faces = [[str(face.file), face.index] for face in self.faces]
        return json.dumps([faces, self.lacking, self.forbidden]).encode()

    @classmethod
    def from_json(cls, data: bytes) -> FaceChoice:
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
    # Size and time represent the content of thousands of files here; a face that is then used counts by its
    # hash.
    found: dict[str, tuple[str, int, int]] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder, followlinks=True):
            for name in names:
                if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                    # By its true path, since a font that is linked into several folders is one font.
                    path = os.path.realpath(os.path.join(parent, name))  # noqa: PTH118 - thousands of files
                    try:
                        status = os.stat(path)  # noqa: PTH116
                    # A link that leads nowhere, or a file that has gone.
                    except OSError:
                        continue
                    found[path] = (path, status.st_size, status.st_mtime_ns)
    # By file name, so that machines with the same fonts in other folders choose alike.
    return sorted(found.values(), key=lambda entry: (Path(entry[0]).name, entry[0]))


def fingerprint(listing: Sequence[tuple[str, int, int]]) -> str:
    """One hash over a list of fonts: with the same list, the same fonts are found."""
    # Names of files may have bytes that are no UTF-8.
    return hashlib.sha256(json.dumps(listing).encode(errors="surrogateescape")).hexdigest()


def search_fonts(words: Sequence[str], files: Sequence[str]) -> FaceChoice:
    """Take the font with the most of the words, then that with the most of the others, and so on.

    A font counts if it has outlines in one ink and may be embedded. Of equal ones a regular upright face
    comes first, then a Noto font, and then the one whose file is listed first.
    """
    rest = dict.fromkeys(words)
    offers, forbidden = _look_through(tuple(rest), files)
    chosen: list[Face] = []
    while rest and offers:
        # The fewest fonts that serve all words, nearly: each is a copy in the PDF and in the page.
        best = max(offers, key=lambda offer: (len(offer.words & rest.keys()), offer.regular, offer.fitness))
        taken = best.words & rest.keys()
        if not taken:
            break
        chosen.append(best.face)
        rest = {word: None for word in rest if word not in taken}
    names = tuple(name for name, had in forbidden if had & rest.keys())
    return FaceChoice(tuple(chosen), tuple(rest), tuple(dict.fromkeys(names)))


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
    # That takes 0.3 s, and most reports need no font of the machine.
    from matplotlib.ft2font import FaceFlags, FT2Font

    for file in files:
        # How many faces a collection has, its first one says.
        index, count = 0, 1
        while index < count:
            face = Face(Path(file), index)
            try:
                font = FT2Font(file, face_index=index)
            # A damaged file among the fonts of a machine is no fault of the report.
            except (OSError, RuntimeError):
                break
            index, count = index + 1, font.num_faces
            # macOS begins the names of its hidden fonts with a point.
            name = font.family_name.replace(" ", "").lstrip(".")
            usable = FaceFlags.SCALABLE in font.face_flags and FaceFlags.COLOR not in font.face_flags
            if usable and not name.startswith(_LAST_RESORT):
                yield face, font


_MOST, _LONGEST = 12, 80

_SYMBOLS = "symbols"


def find_lack(text: str, faces: Typefaces) -> list[str]:
    """The characters of a text that no face has; of signs that none has whole, all of their characters."""
    found: dict[str, None] = {}
    for face, piece in faces.divide(unicodedata.normalize("NFC", text)):
        for cluster in split_clusters(piece) if face is None else ():
            if not is_unseen(cluster) and faces.choose(cluster) is None:
                alone = [letter for letter in cluster if faces.choose(letter) is None]
                found |= dict.fromkeys(alone or cluster)
    return [letter for letter in found if not is_invisible(letter)]


def describe_lack(text: str, faces: Typefaces) -> tuple[str, str]:
    """The problem that some of ``text``, which is to be printed, is in no font, and the remedy."""
    letters = find_lack(text, faces)
    words = " ".join(text.split())
    if len(words) > _LONGEST:
        words = (
            " … ".join(word for word in words.split() if not set(letters).isdisjoint(word))[:_LONGEST] + "…"
        )
    forbidden = faces.forbidden
    scripts = name_scripts(letters)
    named = " ".join(map(_display, letters[:_MOST])) + (" …" if len(letters) > _MOST else "")
    licence = f"; {' and '.join(forbidden)} may not be embedded in documents" if forbidden else ""
    problem = f"“{words}”: no font of the report or of this machine has {named} ({scripts}){licence}."
    return problem, (
        f"Install a font for {scripts} (on Debian or Ubuntu: sudo apt install {_package(letters)}), name a "
        'file in report.toml (fonts = ["…/Font.ttf"]), or write it in other letters.'
    )


def _package(letters: Sequence[str]) -> str:
    packages = {
        "fonts-noto-cjk" if is_east_asian(letter)
        else "fonts-symbola" if name_scripts(letter) == _SYMBOLS
        else "fonts-noto-core"
        for letter in letters
        if not is_mark(letter) or len(letters) == 1
    }  # fmt: skip
    return " ".join(sorted(packages)) or "fonts-noto-core"


def _display(letter: str) -> str:
    seen = letter.isprintable() and not is_mark(letter) and unicodedata.category(letter) != "Zs"
    return letter if seen else f"U+{ord(letter):04X}"


def open_named(files: Sequence[Path]) -> tuple[Face, ...]:
    """The fonts that the settings name, in their order.

    Raises ``SettingsError`` for a file that is not there, is no font, or must not or cannot be embedded.
    """
    return tuple(_open_named(file) for file in files)


def _open_named(file: Path) -> Face:
    from fontTools.ttLib import TTLibError

    if file.suffix.lower() not in _ENDINGS:
        kinds = ", ".join(_ENDINGS)
        raise _refusal(file, f"not a TrueType or OpenType file ({kinds})", "Name one that is.")
    try:
        face = Face(file)
        description = describe_face(face)
    except OSError as error:
        raise _refusal(file, unreadable_since(error), "Check the path.") from None
    # Which of these fontTools raises depends on the table that is damaged.
    except (TTLibError, ValueError, KeyError, AssertionError, LookupError) as error:
        raise _refusal(file, f"no font that can be read: {error}", "Get the file once more.") from None
    if description.embedding == "forbidden":
        raise _refusal(
            file,
            f"{description.name} must not be embedded in documents: its licence says so (OS/2 fsType)",
            "Name a font whose licence allows it, such as one of the Noto fonts.",
        )
    if description.coloured:
        raise _refusal(
            file, f"{description.name} has pictures in colour, not outlines", "Name a font with outlines."
        )
    return face


def _refusal(file: Path, problem: str, remedy: str) -> SettingsError:
    return SettingsError(f"fonts = ['{file}']: {problem}.", remedy)


def choose_typefaces(
    texts: Iterable[str],
    named: Sequence[Face],
    memo: Memo = no_memo,
    folders: Sequence[Path] | None = None,
) -> Typefaces:
    """Find a face for each word of ``texts``; the machine's fonts are looked at only if they are needed.

    ``folders``: where fonts are installed, by default those of the system. ``memo`` remembers the choice,
    which depends on the words, on the named files and on the list of the machine's.
    """
    words = sorted({word for text in texts for word in words_beyond(text)})
    if not words:
        return Typefaces()
    forget_faces()
    hashes = [face.sha256 for face in named]
    lacking = json.loads(memo(f"not own {hashes} {words}", lambda: _find_lacking(words, named)))
    found = FaceChoice()
    if lacking:
        # Only now: walking through the fonts of a machine can take seconds.
        listing = list_fonts(font_folders() if folders is None else folders)
        name = f"installed {fingerprint(listing)} {hashes} {lacking}"
        found = FaceChoice.from_json(
            memo(name, lambda: _search(lacking, named, [entry[0] for entry in listing]))
        )
    faces = Typefaces(tuple(named), found.faces, lacking=found.lacking, forbidden=found.forbidden)
    if not named and not found.faces:
        return faces
    name = f"choice {hashes} {found.faces} {[face.sha256 for face in found.faces]} {words}"
    # Kept, because to choose a face reads the characters of every font before it.
    numbers = json.loads(memo(name, lambda: _assign(words, faces)))
    extra = (*named, *found.faces)
    chosen = {word: extra[number] for word, number in numbers.items()}
    # A named font that sets no word is left out of the report.
    return replace(faces, chosen=chosen, named=tuple(face for face in named if face in set(chosen.values())))


def _find_lacking(words: Sequence[str], named: Sequence[Face]) -> bytes:
    """The words that are not in any one of the report's own and named faces."""
    own = Typefaces(tuple(named))
    return json.dumps([word for word in words if own.choose(word) is None]).encode()


def _search(words: Sequence[str], named: Sequence[Face], files: Sequence[str]) -> bytes:
    """Fonts of the machine for whole words, and then for the letters of those that none has."""
    # Whole words first, since letters of two fonts are not shaped as one word.
    whole = search_fonts(words, files)
    faces = Typefaces(tuple(named), whole.faces)
    apart = {
        cluster: word
        for word in whole.lacking
        for cluster in split_clusters(word)
        if faces.choose(cluster) is None
    }
    letters = search_fonts(tuple(apart), files) if apart else FaceChoice()
    return FaceChoice(
        tuple(dict.fromkeys((*whole.faces, *letters.faces))), letters.lacking, letters.forbidden
    ).as_json()


def _assign(words: Sequence[str], faces: Typefaces) -> bytes:
    """The number of the named or found face of each word, or letter, that one of them sets."""
    extra = (*faces.named, *faces.found)
    numbers: dict[str, int] = {}
    for word in words:
        if not is_in_main(word):
            parts = [word] if faces.choose(word) else split_clusters(word)
            numbers |= {part: extra.index(face) for part in parts if (face := faces.choose(part)) in extra}
    return json.dumps(numbers).encode()
