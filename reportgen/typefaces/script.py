"""Writing systems: which need shaping, which run from right to left, and their names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_FIRST_OF_RIGHT_TO_LEFT = "\u0590"
"""Every letter below this code point needs no shaping and runs from left to right."""

EAST_ASIAN = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})

_PLAIN = EAST_ASIAN.union(
    ("Latn", "Grek", "Cyrl", "Armn", "Geor", "Ethi", "Cher", "Cans", "Yiii", "Zyyy", "Zinh", "Zzzz")
)
"""Scripts whose letters can be set one after the other, and what belongs to no script."""

_ALONE = frozenset({"Hani", "Hira", "Kana", "Bopo", "Yiii", "Zyyy", "Zinh", "Zzzz"})
"""Scripts written without spaces, character by character, and what belongs to none."""

_LEFTWARDS = frozenset({"Hebr", "Arab", "Syrc", "Thaa", "Nkoo", "Samr", "Mand", "Adlm", "Rohg", "Mend"})
"""Scripts in use today that run from right to left."""

_SPACES = (" ", "\u00a0")

_RIGHT_TO_LEFT = re.compile("R(?:[^L]*[Rd])?m*")
_BIDI = {"L": "L", "R": "R", "AL": "R", "EN": "d", "AN": "d", "NSM": "m"}


_PLAIN_TEXT = re.compile("[\\t\\n\\r -~\u00a0-\u017e‐–—‘’“”„•…−×]*")
"""Characters in every style of STIX; checked first, since most reports contain no others."""

_JOINER = "\u200d"
_SKINS = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def is_plain(text: str) -> bool:
    """Whether the report's main typeface surely has all of a text, in each of its styles."""
    return _PLAIN_TEXT.fullmatch(text) is not None


def is_mark(letter: str) -> bool:
    """Whether it is set over, under or into the letter before it, as accents and vowel signs are."""
    return unicodedata.category(letter).startswith("M")


def is_invisible(letter: str) -> bool:
    """Whether it only says how its neighbours are to be set: joiners, directions, variants."""
    return unicodedata.category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f"


def needs_shaping(text: str) -> bool:
    """Whether letters join, combine or run from right to left, so that a row of letters would be wrong."""
    return any(script not in _PLAIN for script in _scripts(text))


def split_words(text: str) -> list[str]:
    """Cut a text into what should be set in one font, all of it, spaces included.

    That is a word with its marks and joiners, as far as its letters are of one script; all words up to the
    next punctuation where they run from right to left, since their order does not survive a cut; a single
    character, with what combines with it, of Chinese, Japanese, digits, punctuation and symbols.
    """
    words: list[str] = []
    before = last = ""
    for letter in text:
        if words and _combines(letter, words[-1]):
            words[-1] += letter
            continue
        kind = _kind(letter)
        # The last word is a space, so that ``before`` is the script of the word in front of it.
        if len(words) > 1 and kind in _LEFTWARDS and words[-1] in _SPACES and before == kind:
            words[-2:] = [words[-2] + words[-1] + letter]
        elif kind and kind == last:
            words[-1] += letter
        else:
            words.append(letter)
        before, last = last, kind
    return words


def split_clusters(word: str) -> list[str]:
    """Cut a word into its letters, each with its marks and joiners."""
    clusters: list[str] = []
    for letter in word:
        if clusters and _combines(letter, clusters[-1]):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters


def _combines(letter: str, before: str) -> bool:
    """Whether a character combines with the one before it."""
    if is_mark(letter) or is_invisible(letter) or letter in _SKINS:
        return True
    # A joiner makes one sign of several emoji; between letters it only says how they are shaped.
    return before[-1] == _JOINER and not letter.isalpha()


def _kind(letter: str) -> str:
    """The script of a letter that belongs to a word, or of a digit of such a script; else nothing."""
    if unicodedata.category(letter)[0] not in "LN":
        return ""
    # Most letters by far, and they need no table of scripts.
    if letter < "\u0250":
        # A digit of these is of no script, and a word by itself.
        return "Latn" if letter.isalpha() else ""
    from fontTools import unicodedata as scripts

    script = str(scripts.script(letter))
    return "" if script in _ALONE else script


def split_directions(text: str) -> list[tuple[str, bool]]:
    """Split a line into pieces, in the order of the text, each with whether it runs right to left.

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
        for script in map(scripts.script, characters)
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
