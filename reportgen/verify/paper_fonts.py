"""Fonts of a PDF: the text that programs find in the codes of glyphs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_UNKNOWN = "\ufffd"


@dataclass(frozen=True)
class Font:
    """A font: what it is called, the length of a code, and the text of each code."""

    name: str
    length: int
    texts: Mapping[int, str]

    def read(self, data: bytes) -> list[str]:
        """The text of each glyph."""
        codes = [int.from_bytes(data[i : i + self.length], "big") for i in range(0, len(data), self.length)]
        return [self.texts.get(code, _UNKNOWN) for code in codes]


NO_FONT = Font("<no font>", 1, {})


# A subset's tag says which glyphs it holds, and not which font it is of.
_PREFIX = re.compile(r"/[A-Z]{6}\+")

_CHARACTERS = re.compile(rb"begin(bfchar|bfrange)(.*?)end", re.DOTALL)

_ALL_CODES = re.compile(rb"begincodespacerange\s*<0000>\s*<ffff>\s*endcodespacerange", re.IGNORECASE)

_MOST_CODES = 70_000


def read_font(font: Any) -> Font:
    """A font as its entries describe it; codes without a text in its map have none."""
    import pikepdf

    name = _PREFIX.sub("/", str(font.get("/BaseFont", "")))
    length = 2 if font.get("/Subtype") == "/Type0" else 1
    mapping = font.get("/ToUnicode")
    texts: dict[int, str] = {}
    if isinstance(mapping, pikepdf.Stream):
        data = mapping.read_bytes()
        # In a map of other codes programs find nothing, or something else than is read here.
        for kind, body in _CHARACTERS.findall(data) if _ALL_CODES.search(data) else ():
            _read_codes(kind, body, texts)
    return Font(name, length, texts)


def _read_codes(kind: bytes, body: bytes, texts: dict[int, str]) -> None:
    pattern = rb"<([0-9a-fA-F\s]*)>\s*<([0-9a-fA-F\s]*)>" + (
        rb"\s*(<[^>]*>|\[[^\]]*\])" if kind == b"bfrange" else b""
    )
    for match in re.finditer(pattern, body):
        first = int(match[1] or b"0", 16) & 0xFFFF
        if kind == b"bfchar":
            texts[first] = _unicode(match[2])
            continue
        last = min(int(match[2] or b"0", 16) & 0xFFFF, first + _MOST_CODES)
        goals = re.findall(rb"<([0-9a-fA-F\s]*)>", match[3])
        for index, code in enumerate(range(first, last + 1)):
            if match[3].startswith(b"["):
                texts[code] = _unicode(goals[index]) if index < len(goals) else _UNKNOWN
            else:
                start = _unicode(goals[0]) if goals else _UNKNOWN
                texts[code] = start[:-1] + chr(min(ord(start[-1:] or _UNKNOWN) + index, 0x10FFFF))


def _unicode(digits: bytes) -> str:
    try:
        return bytes.fromhex(digits.decode()).decode("utf-16-be")
    except ValueError:
        return _UNKNOWN
