"""What HarfBuzz makes of a text with a font, told so that a part of the font can be compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uharfbuzz

Glyph = tuple[tuple[Any, ...], int, int, int]
"""The outline as a path, the advance, and by how much it is shifted to the right and up."""

WORDS = {
    "Arabic": "مرحبا بالعالم",
    "Hebrew": "שלום בְּרֵאשִׁית",
    "Devanagari": "क्षत्रिय शर्मा",
    "Bengali": "অনিরুদ্ধ চক্রবর্তী",
    "Tamil": "தமிழ்ச்செல்வி",
    "Thai": "สมชาย กำลังดี ที่",
    "Khmer": "ខ្មែរ សុខ កើត",
    "Myanmar": "မြန်မာ ကျော်",
    "Han": "李小龙豹",
    "Kana": "やまだ タロウ が",
    "Hangul": "김철수 한국",
    "Latin": "Nguye\u0302\u0303n ɓə\u0303\u0301q\u0323\u0301 Việt",
}
"""Names in twelve scripts, with conjuncts, reordered vowels, ligatures and stacked marks."""


def shape(text: str, data: bytes, index: int = 0) -> list[Glyph]:
    """Shape a text with the font file ``data``: its glyphs, from left to right."""
    face = uharfbuzz.Face(data, index)
    font = uharfbuzz.Font(face)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(font, buffer)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    assert all(info.codepoint for info in infos), f"“{text}” takes a glyph that the font has not"
    return [
        (outline(font, info.codepoint), location.x_advance, location.x_offset, location.y_offset)
        for info, location in zip(infos, positions, strict=True)
    ]


def shape_with(text: str, file: Path, index: int = 0) -> list[Glyph]:
    """Shape a text with a font file as it is."""
    return shape(text, file.read_bytes(), index)


def outline(font: Any, glyph: int) -> tuple[Any, ...]:
    """The path of a glyph in units of the font."""
    path: list[Any] = []
    draw = uharfbuzz.DrawFuncs()
    draw.set_move_to_func(lambda x, y, p: p.append(("m", x, y)))
    draw.set_line_to_func(lambda x, y, p: p.append(("l", x, y)))
    draw.set_quadratic_to_func(lambda a, b, x, y, p: p.append(("q", a, b, x, y)))
    draw.set_cubic_to_func(lambda a, b, c, d, x, y, p: p.append(("c", a, b, c, d, x, y)))
    draw.set_close_path_func(lambda p: p.append(("z",)))
    font.draw_glyph(glyph, draw, path)
    return tuple(tuple(map(_rounded, step)) for step in path)


def outlines(glyphs: Sequence[Glyph]) -> list[tuple[Any, ...]]:
    """The outlines of those glyphs that have one."""
    return [glyph[0] for glyph in glyphs if glyph[0]]


def _rounded(value: Any) -> Any:
    return value if isinstance(value, str) else round(float(value))
