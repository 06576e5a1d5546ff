"""Whether a font that is embedded in a page draws and places every character as ours does."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from struct import error as struct_error
from typing import Any

# A reduced font has some 25 kB; one that must be embedded whole may have many characters.
_LARGEST = 30 * 2**20

_DECODED = frozenset(["head", "glyf", "loca", "hmtx", "hhea", "maxp", "CFF ", "post", "OS/2", "cmap", "name"])
"""The tables that each program writes in its own way: what they say is compared; of all others the bytes."""

_LAYOUT = frozenset(["GSUB", "GPOS", "GDEF"])
"""The tables of rules, which may be packed in other ways, too: where bytes differ, the rules are compared."""

_NOT_DRAWN = {
    "head": ("tableVersion", "fontRevision", "checkSumAdjustment", "created", "modified", "indexToLocFormat"),
    "hhea": ("tableVersion", "numberOfHMetrics"),
    # Who made it, and what a program that reduces a font counts.
    "OS/2": (
        "achVendID", "xAvgCharWidth", "usFirstCharIndex", "usLastCharIndex", "usMaxContext",
        "ulUnicodeRange1", "ulUnicodeRange2", "ulUnicodeRange3", "ulUnicodeRange4",
    ),
    # Names of glyphs, and what a printer of 1990 needs to know.
    "post": (
        "formatType", "extraNames", "mapping", "glyphOrder",
        "minMemType42", "maxMemType42", "minMemType1", "maxMemType1",
    ),
}  # fmt: skip
"""What says nothing of how text looks; everything else in these tables may move lines or letters."""


def same_font(submitted: bytes, expected: bytes) -> bool:
    """Whether a stranger's font draws and places every character as ours, whichever program reduced it."""
    if submitted == expected:
        return True
    # Outside, since whatever fails here is a fault of ours.
    due = _describe(expected)
    return _try(submitted, lambda: _describe(submitted) == due and _same_rules(submitted, expected))


def same_letters(submitted: bytes, expected: bytes) -> bool:
    """Whether a stranger's font draws no character in another way than ours, and sets no line elsewhere.

    If so, another program may have reduced it to more or fewer glyphs, or have kept other rules.
    """
    due, lines, rules = _read_letters(expected)
    maps = {code[:2] for code in due}

    def agree() -> bool:
        letters, there, held = _read_letters(submitted)
        if not rules <= held:
            return False
        # A letter that ours lacks is in no word of the page.
        known = all(code[:2] in maps for code in letters)
        return known and there == lines and all(due.get(c, drawn) == drawn for c, drawn in letters.items())

    return _try(submitted, agree)


def _try(submitted: bytes, agree: Callable[[], bool]) -> bool:
    """The answer, False for what cannot be read."""
    from fontTools.ttLib import TTLibError

    if len(submitted) > _LARGEST:
        return False
    try:
        return agree()
    # What is wrong with a stranger's font shows as any of these, depending on the table it is found in.
    except (TTLibError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError):
        return False
    except (AssertionError, RecursionError, MemoryError, struct_error):
        return False


def _describe(data: bytes) -> tuple[Any, ...]:
    """What decides which glyph a character gets, how that is drawn, and where lines and letters go."""
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(data), lazy=True)
    tables = font.reader.tables
    metrics = {tag: _read_metrics(font[tag], tag) for tag in _NOT_DRAWN if tag in tables}
    others = {tag: font.reader[tag] for tag in tables if tag not in _DECODED | _LAYOUT}
    # Of a table that is there twice programs read either.
    kinds = font.sfntVersion, font.reader.numTables, sorted(_LAYOUT.intersection(tables))
    return kinds, list(_list_maps(font)), list(_list_glyphs(font)), metrics, others


def _read_letters(data: bytes) -> tuple[dict[Any, Any], dict[str, Any], set[str]]:
    """How each character is drawn by each map, the metrics, and which tables of rules there are."""
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(data), lazy=True)
    drawn = list(_list_glyphs(font))
    letters: dict[Any, Any] = {}
    for platform, encoding, _form, _language, characters, variants in _list_maps(font):
        here = {code: drawn[glyph] for code, glyph in characters.items()}
        letters |= {(platform, encoding, code): glyph for code, glyph in here.items()}
        # A variant may be the usual one, which has no glyph here.
        letters |= {
            (platform, encoding, code, selector): glyph and drawn[glyph]
            for selector, pairs in variants.items()
            for code, glyph in pairs
        }
    metrics = {tag: _read_metrics(font[tag], tag) for tag in _NOT_DRAWN if tag in font.reader.tables}
    for name in _EXTREMES:
        # The largest of whichever glyphs there are.
        for table in metrics.values():
            table.pop(name, None)
    return letters, metrics, set(_LAYOUT.intersection(font.reader.tables))


_EXTREMES = (
    "advanceWidthMax", "minLeftSideBearing", "minRightSideBearing", "xMaxExtent",
    "xMin", "yMin", "xMax", "yMax",
)  # fmt: skip


def _read_metrics(table: Any, tag: str) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        # Such as the ten numbers of Panose.
        return vars(value) if hasattr(value, "__dict__") else value

    left_out = {"tableTag", *_NOT_DRAWN[tag]}
    return {name: plain(value) for name, value in vars(table).items() if name not in left_out}


def _list_maps(font: Any) -> Iterator[tuple[Any, ...]]:
    """Each map from characters to glyphs, for programs choose among them: HarfBuzz takes one for symbols
    before any other.

    Glyphs by number, since their names depend on the program.
    """
    for table in font["cmap"].tables:
        characters = {code: font.getGlyphID(name) for code, name in table.cmap.items()}
        variants = {
            selector: [(code, name and font.getGlyphID(name)) for code, name in sorted(pairs)]
            for selector, pairs in (getattr(table, "uvsDict", None) or {}).items()
        }
        yield table.platformID, table.platEncID, table.format, table.language, characters, variants


def _list_glyphs(font: Any) -> Iterator[tuple[Any, ...]]:
    """Width, outline and programs of each glyph, by number."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    glyphs = font.getGlyphSet()
    # Those of PostScript have none of these.
    outlines: Any = font.get("glyf", {})
    for name in font.getGlyphOrder():
        # Taken apart: a glyph is the same whether or not it is put together of others.
        pen = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(pen)
        glyph = outlines[name] if outlines else None
        # Programs move points where letters are fitted to pixels.
        program = getattr(glyph, "program", None)
        # Of such a part FreeType takes the width, whatever the table of widths says.
        lent = [bool(part.flags & _USE_MY_METRICS) for part in getattr(glyph, "components", ())]
        yield glyphs[name].width, pen.value, program.getBytecode() if program else b"", lent


_USE_MY_METRICS = 0x0200


def _same_rules(submitted: bytes, expected: bytes) -> bool:
    """Whether two fonts have the same rules for choosing and placing glyphs, however they are packed."""
    from fontTools.ttLib import TTFont

    theirs, ours = (TTFont(io.BytesIO(data), lazy=True) for data in (submitted, expected))
    return all(
        theirs.reader[tag] == ours.reader[tag] or _write_rules(theirs, tag) == _write_rules(ours, tag)
        for tag in _LAYOUT
        if tag in ours.reader.tables
    )


def _write_rules(font: Any, tag: str) -> str:
    from fontTools.misc.xmlWriter import XMLWriter

    # Numbers instead of names, which depend on the program; before anything of the table is read.
    font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])
    target = io.BytesIO()
    font[tag].toXML(XMLWriter(target, newlinestr="\n"), font)
    return target.getvalue().decode()
