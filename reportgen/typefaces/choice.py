"""Selects the fonts for the text of a report before anything is computed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.errors import SettingsError
from reportgen.memo import Memo, no_memo
from reportgen.typefaces.face import (
    Face,
    Typefaces,
    describe_face,
    forget_faces,
    is_in_main,
    is_unseen,
    words_beyond,
)
from reportgen.typefaces.machine import Found, fingerprint, font_folders, list_fonts, search_fonts
from reportgen.typefaces.script import is_east_asian, is_invisible, is_mark, name_scripts, split_clusters

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

    if file.suffix.lower() not in (".ttf", ".otf", ".ttc", ".otc"):
        raise _refusal(file, "not a TrueType or OpenType file (.ttf, .otf, .ttc)", "Name one that is.")
    try:
        face = Face(file)
        description = describe_face(face)
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror or error}", "Check the path.") from None
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
    found = Found()
    if lacking:
        listing = list_fonts(font_folders() if folders is None else folders)
        name = f"installed {fingerprint(listing)} {hashes} {lacking}"
        found = Found.from_json(memo(name, lambda: _search(lacking, named, [entry[0] for entry in listing])))
    faces = Typefaces(tuple(named), found.faces, lacking=found.lacking, forbidden=found.forbidden)
    if not named and not found.faces:
        return faces
    name = f"choice {hashes} {found.faces} {[face.sha256 for face in found.faces]} {words}"
    numbers = json.loads(memo(name, lambda: _assign(words, faces)))
    extra = (*named, *found.faces)
    chosen = {word: extra[number] for word, number in numbers.items()}
    return replace(faces, chosen=chosen, named=tuple(face for face in named if face in set(chosen.values())))


def _find_lacking(words: Sequence[str], named: Sequence[Face]) -> bytes:
    """The words that are not in any one of the report's own and named faces."""
    own = Typefaces(tuple(named))
    return json.dumps([word for word in words if own.choose(word) is None]).encode()


def _search(words: Sequence[str], named: Sequence[Face], files: Sequence[str]) -> bytes:
    """Fonts of the machine for whole words, and then for the letters of those that none has."""
    whole = search_fonts(words, files)
    faces = Typefaces(tuple(named), whole.faces)
    apart = {
        cluster: word
        for word in whole.lacking
        for cluster in split_clusters(word)
        if faces.choose(cluster) is None
    }
    letters = search_fonts(tuple(apart), files) if apart else Found()
    return Found(
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
