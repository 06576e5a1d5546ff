"""Which way a text runs: its first letter decides, as in a browser; WeasyPrint has to be told."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from markdown_it.token import Token

from reportgen.document.sourced import plain

_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def direction_of(text: object) -> str:
    """Say "rtl" if the first letter runs from right to left, "ltr" if not, "auto" without any letter."""
    directions = (_STRONG.get(unicodedata.bidirectional(letter)) for letter in str(plain(text)))
    return next((direction for direction in directions if direction), "auto")


def turn_blocks(tokens: Sequence[Token]) -> None:
    """Mark those paragraphs, headings, cells and lists of a Markdown text that run from right to left."""
    for opening, content in pairwise(tokens):
        if content.type == "inline" and direction_of(content.content) == "rtl":
            opening.attrSet("dir", "rtl")
    for number, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            first = next((inner for inner in tokens[number:] if inner.type == "inline"), None)
            if first and direction_of(first.content) == "rtl":
                token.attrSet("dir", "rtl")
