"""Subsets fonts to the characters of a document, so that it looks as with the complete font."""

from __future__ import annotations

import io
import logging
import unicodedata
from collections.abc import Iterator, Set
from typing import Any

from reportgen.typefaces.face import Face, coverage, describe_face, open_face

_SHAPING = frozenset(
    (
        *(0x20, 0xA0, 0xAD, 0x034F, 0x25CC, 0x205F, 0x3000, 0xFEFF),
        *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
    )
)  # fmt: skip
"""Spaces, joiners, signs of direction, variants, and the circle under a mark that has no letter."""

_PARTS = {
    0x0E33: (0x0E4D, 0x0E32), 0x0EB3: (0x0ECD, 0x0EB2), 0x2011: (0x2010,), 0x2010: (0x2D,),
    **dict.fromkeys((0x17BE, 0x17BF, 0x17C0, 0x17C4, 0x17C5), (0x17C1,)),
}  # fmt: skip
"""HarfBuzz's decomposition of letters of Thai, Lao and Khmer, and its substitutes for hyphens."""

_HEBREW_FORMS = range(0xFB1D, 0xFB50)
"""Letters with points, which HarfBuzz takes only if a font does not say how it places points."""

# Unicode's Alphabetic Presentation Forms of Hebrew, and Arabic ones A and B.
_ARABIC_FORMS = (*range(0xFB1D, 0xFE00), *range(0xFE70, 0xFEFD))


def subset_face(face: Face, characters: Set[int]) -> bytes:
    """The font file of a face with all that sets these characters: their glyphs, all features of layout.

    A variable font becomes the face that it shows unasked, with the regular weight. A font whose licence
    forbids subsetting is returned whole. The same input gives the same bytes.
    """
    from fontTools import subset

    # It warns of each table that it leaves out, as it is meant to.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    if describe_face(face).embedding == "whole":
        return _whole(face)
    # All features: fontTools's own choice leaves out those that a browser or Pango applies only on demand.
    options = subset.Options(layout_features=["*"], notdef_outline=True, font_number=face.index)
    # Or fontTools would write the time of the build into the font.
    font = subset.load_font(str(face.file), options)
    font.recalcTimestamp = False
    _fix_variation(font)
    if _is_shaped_without_tables(font):
        return _whole(face)
    reducer = subset.Subsetter(options)
    reducer.populate(unicodes=_close(characters, face, font), glyphs=_samples(font))
    reducer.subset(font)
    return _written(font)


def _is_shaped_without_tables(font: Any) -> bool:
    """Whether it is shaped by what only Apple's tables say, which nothing here can reduce."""
    return "morx" in font and "GSUB" not in font


def _whole(face: Face) -> bytes:
    if face.file.suffix.lower() not in (".ttc", ".otc"):
        return face.file.read_bytes()
    font = open_face(face)
    font.recalcTimestamp = False
    return _written(font)


def _written(font: Any) -> bytes:
    buffer = io.BytesIO()
    font.save(buffer)
    font.close()
    return buffer.getvalue()


def _fix_variation(font: Any) -> None:
    if "fvar" in font:
        from fontTools.varLib.instancer import instantiateVariableFont

        location = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        weight = next((axis for axis in font["fvar"].axes if axis.axisTag == "wght"), None)
        if weight:
            location["wght"] = min(max(400.0, weight.minValue), weight.maxValue)
        instantiateVariableFont(font, location, inplace=True)


def _samples(font: Any) -> Iterator[str]:
    """A letter and a mark of each rule that places marks; without any, HarfBuzz places them its own way."""
    lookups = font["GPOS"].table.LookupList if "GPOS" in font else None
    for lookup in lookups.Lookup if lookups else ():
        for table in lookup.SubTable:
            rule = getattr(table, "ExtSubTable", table)
            if hasattr(rule, "MarkCoverage") and hasattr(rule, "BaseCoverage"):
                mark_class = rule.MarkArray.MarkRecord[0].Class
                for base, record in zip(rule.BaseCoverage.glyphs, rule.BaseArray.BaseRecord, strict=True):
                    if record.BaseAnchor[mark_class]:
                        yield from (rule.MarkCoverage.glyphs[0], base)
                        break


def _places_marks(font: Any) -> bool:
    features = font["GPOS"].table.FeatureList if "GPOS" in font else None
    return any(record.FeatureTag == "mark" for record in (features.FeatureRecord if features else ()))


def _close(characters: Set[int], face: Face, font: Any) -> set[int]:
    """The characters, those that shaping may substitute for them, and those that it needs besides."""
    wanted = set(characters) | {part for code in characters for part in _PARTS.get(code, ())}
    wanted |= {ord(part) for code in characters for part in unicodedata.normalize("NFD", chr(code))}
    has = coverage(face)
    unused = _HEBREW_FORMS if _places_marks(font) else ()
    for code in has - wanted:
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) > 1 and code not in unused and wanted.issuperset(map(ord, parts)):
            wanted.add(code)
    if "GSUB" not in font:
        # Without tables of its own, letters are joined by what Unicode kept from old character sets.
        for code in has.intersection(_ARABIC_FORMS):
            if wanted.issuperset(ord(part) for part in unicodedata.normalize("NFKD", chr(code)).strip()):
                wanted.add(code)
    return (wanted | _SHAPING) & has
