"""What to tell a user whose words no font has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from reportgen.typefaces.chain import Typefaces, is_unseen
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
    named = " ".join(map(_shown, letters[:_MOST])) + (" …" if len(letters) > _MOST else "")
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


def _shown(letter: str) -> str:
    seen = letter.isprintable() and not is_mark(letter) and unicodedata.category(letter) != "Zs"
    return letter if seen else f"U+{ord(letter):04X}"
