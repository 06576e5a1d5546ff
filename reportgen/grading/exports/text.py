"""Text of unknown origin, made fit for terminals, XML and tables."""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "\ufffd"
_ANSI = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # colours and movements
)
# These change the order in which the text around them is shown.
_BIDIRECTIONAL = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, limit: int | None = None) -> str:
    """``text`` without escape sequences, each character that cannot be shown replaced; at most ``limit``
    characters of it, and then how many are missing. Line ends and tabs stay.
    """
    text = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(character if _is_shown(character) else REPLACEMENT for character in text)
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit} more characters)"
    return text


def one_line(text: str) -> str:
    """The same, white space and line ends made single spaces."""
    return " ".join(plain(text).split())


def _is_shown(character: str) -> bool:
    if character in "\n\t":
        return True
    # Not of XML 1.0 either: control characters, halves of surrogate pairs, the two last of each plane.
    return (
        unicodedata.category(character) not in ("Cc", "Cs")
        and ord(character) & 0xFFFE != 0xFFFE
        and character not in _BIDIRECTIONAL
    )
