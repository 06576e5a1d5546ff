"""Writing systems: which must be shaped, which run from right to left, and what they are called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_FIRST_OF_RIGHT_TO_LEFT = "\u0590"
"""Every letter below stands on its own and runs from left to right."""

EAST_ASIAN = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})

_PLAIN = EAST_ASIAN.union(
    ("Latn", "Grek", "Cyrl", "Armn", "Geor", "Ethi", "Cher", "Cans", "Yiii", "Zyyy", "Zinh", "Zzzz")
)
"""Scripts whose letters can be set one after the other, and what belongs to no script."""

_RIGHT_TO_LEFT = re.compile("R(?:[^L]*[Rd])?m*")
_BIDI = {"L": "L", "R": "R", "AL": "R", "EN": "d", "AN": "d", "NSM": "m"}


def is_mark(letter: str) -> bool:
    """Whether it is set over, under or into the letter before it, as accents and vowel signs are."""
    return unicodedata.category(letter).startswith("M")


def is_invisible(letter: str) -> bool:
    """Whether it only says how its neighbours are to be set: joiners, directions, variants."""
    return unicodedata.category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f"


def needs_shaping(text: str) -> bool:
    """Whether letters join, combine or run from right to left, so that a row of letters would be wrong."""
    return any(script not in _PLAIN for script in _scripts(text))


def split_directions(text: str) -> list[tuple[str, bool]]:
    """Cut a line into pieces in the order in which they stand, each with whether it runs right to left.

    A line whose first letter runs to the left is one piece; otherwise the pieces that run to the left
    start with such a letter and end with the last such letter or digit before the next Latin one. This is
    Unicode's algorithm (UAX 9) for a line without embeddings.
    """
    classes = "".join(_BIDI.get(unicodedata.bidirectional(letter), "n") for letter in text)
    if re.match("[^L]*R", classes):
        return [(text, True)]
    pieces, end = [], 0
    for found in _RIGHT_TO_LEFT.finditer(classes):
        pieces += [(text[end : found.start()], False), (text[found.start() : found.end()], True)]
        end = found.end()
    return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]


def name_scripts(characters: Iterable[str]) -> str:
    """The names of their scripts in English, such as "Han and Thai"; "symbols" for what is of no script."""
    from fontTools import unicodedata as scripts

    names = {
        "symbols" if script in ("Zyyy", "Zinh", "Zzzz") else scripts.script_name(script)
        for script in _scripts("".join(characters))
    }
    *first, last = sorted(names) or ["symbols"]
    return f"{', '.join(first)} and {last}" if first else last


def is_east_asian(characters: Iterable[str]) -> bool:
    """Whether some are Chinese, Japanese or Korean."""
    return not EAST_ASIAN.isdisjoint(_scripts("".join(characters)))


def _scripts(text: str) -> set[str]:
    if all(letter < _FIRST_OF_RIGHT_TO_LEFT for letter in text):
        return {"Latn"}
    # Looked up only for rare letters, since the tables take a while to load.
    from fontTools import unicodedata as scripts

    return {str(scripts.script(letter)) for letter in text}
