"""How the fonts of a PDF draw their letters: the outline and the width of each, by its text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from struct import error as struct_error
from typing import Any

from reportgen.verify.content_streams import Font
from reportgen.verify.differences import Difference, Kind
from reportgen.verify.pdf_values import items_of, scalar, table_of

Drawn = tuple[Any, float]
"""An outline in thousandths of the font's size, and the width that the PDF says, in the same unit."""

Letters = Mapping[tuple[str, str], frozenset[Drawn]]
"""How each text of each font is drawn: a letter may have several forms, such as at the end of a word."""

NO_OUTLINE = "no outline"


def read_letters(fonts: Iterable[tuple[Any, Font]]) -> Letters:
    """How fonts, each given with its entries, draw what they have a text for."""
    found: dict[tuple[str, str], set[Drawn]] = {}
    for entries, font in fonts:
        outlines, widths = _find_outlines(entries), _read_widths(entries)
        for code, text in font.texts.items():
            drawn = outlines.get(code, NO_OUTLINE), widths.get(code, widths[-1])
            found.setdefault((font.name, text), set()).add(drawn)
    return {key: frozenset(each) for key, each in found.items()}


def compare_letters(theirs: Letters, ours: Letters) -> Iterator[Difference]:
    """What is drawn as something else than its text.

    Both have the same source, so that neither what reduced a font nor what set the text changes a letter.
    Only of scripts whose letters change with their neighbours another version may use other forms.
    """
    called = {(font, outline): text for (font, text), drawn in ours.items() for outline, _ in drawn}
    for (font, text), drawn in theirs.items():
        if (due := ours.get((font, text))) is None:
            continue
        location = f"font {font.removeprefix('/')}, letter “{text}”"
        for outline, width in drawn:
            if any(outline == each for each, _ in due):
                if not any(outline == each and abs(width - other) <= _SLACK for each, other in due):
                    yield Difference(location, "it has another width", width, min(w for _, w in due))
                continue
            other_text = called.get((font, outline))
            reason = f"it is drawn as “{other_text}”" if other_text else "it has another shape"
            kind: Kind = "content" if other_text or _has_one_form(text) else "layout"
            yield Difference(location, reason, kind=kind)


_SLACK = 1.0


def _has_one_form(text: str) -> bool:
    """Whether a letter of this script is the same in any context: Latin, Greek, Cyrillic, and numbers."""
    return len(text) == 1 and text < "\u0590"


def _find_outlines(entries: Any) -> Mapping[int, Any]:
    """The outline of each code; none if the codes are not those of the font file."""
    import pikepdf

    descendant = table_of(next(iter(items_of(entries.get("/DescendantFonts"))), None))
    descriptor = table_of(descendant.get("/FontDescriptor"))
    files = [descriptor.get(key) for key in ("/FontFile2", "/FontFile3")]
    file = next((each for each in files if isinstance(each, pikepdf.Stream)), None)
    # Another encoding, or a map from codes to glyphs, would choose among the same outlines; ours have none.
    direct = entries.get("/Encoding") == "/Identity-H" and (
        descendant.get("/CIDToGIDMap", "/Identity") == "/Identity"
    )
    if file is None or not direct:
        return {}
    return _read_outlines(file.read_bytes())


# Both PDFs have the same fonts as a rule, and one is read for many pages.
@lru_cache(maxsize=32)
def _read_outlines(data: bytes) -> Mapping[int, Any]:
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.ttLib import TTFont, TTLibError

    found: dict[int, Any] = {}
    try:
        font = TTFont(io.BytesIO(data), lazy=True)
        glyphs, scale = font.getGlyphSet(), 1000 / font["head"].unitsPerEm
        for code, name in enumerate(font.getGlyphOrder()):
            pen = DecomposingRecordingPen(glyphs)
            glyphs[name].draw(pen)
            found[code] = tuple((operation, _round(points, scale)) for operation, points in pen.value)
    # What is wrong with a stranger's font shows as any of these, and its letters equal none of ours.
    except (TTLibError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError):
        return {}
    except (AssertionError, RecursionError, MemoryError, struct_error):
        return {}
    return found


def _round(points: Any, scale: float) -> Any:
    # Between two points of a curve there may be none that is written (None).
    return tuple(point and tuple(round(side * scale, 1) for side in point) for point in points)


_USUAL_WIDTH = 1000.0

# Somewhat more than the 65,536 that two bytes can say.
_MOST_CODES = 70_000


def _read_widths(entries: Any) -> Mapping[int, float]:
    """The width of each code; of all others it is that of -1 (ISO 32000-1, 9.7.4.3)."""
    descendant = table_of(next(iter(items_of(entries.get("/DescendantFonts"))), None))
    found = {-1: _number(descendant.get("/DW", _USUAL_WIDTH))}
    waiting = items_of(descendant.get("/W"))
    index = 0
    while index + 1 < len(waiting) and len(found) < _MOST_CODES:
        first = int(_number(waiting[index]))
        if listed := items_of(waiting[index + 1]):
            found |= {first + k: _number(width) for k, width in enumerate(listed)}
            index += 2
            continue
        last = min(int(_number(waiting[index + 1])), first + _MOST_CODES)
        width = _number(waiting[index + 2]) if index + 2 < len(waiting) else 0.0
        found |= dict.fromkeys(range(first, last + 1), width)
        index += 3
    return found


def _number(obj: Any) -> float:
    value = obj if isinstance(obj, int | float) else scalar(obj)
    return float(value) if isinstance(value, int | float) else 0.0
