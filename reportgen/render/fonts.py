"""The typeface of the report: STIX, and DejaVu for what it lacks, both shipped with matplotlib."""

from __future__ import annotations

import base64
import html
import io
import logging
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportgen.render.keep import Keep, make_always

FAMILY = "Report"

STYLED = "0123456789 ./•\u2002"
"""What the style sheet prints of its own: numbers of pages and sections, bullets, and spaces."""


@dataclass(frozen=True)
class Face:
    """One font file and where it stands in the family."""

    file: str
    weight: int
    style: str
    family: str = FAMILY


FACES = (
    Face("STIXGeneral.ttf", 400, "normal"),
    Face("STIXGeneralItalic.ttf", 400, "italic"),
    Face("STIXGeneralBol.ttf", 700, "normal"),
    Face("STIXGeneralBolIta.ttf", 700, "italic"),
    Face("DejaVuSans.ttf", 400, "normal", "Report Fallback"),
    Face("DejaVuSansMono.ttf", 400, "normal", "Report Mono"),
)


def font_folder() -> Path:
    """Where matplotlib keeps its TrueType files."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def font_css(markup: str, keep: Keep = make_always) -> str:
    """``@font-face`` rules with the faces embedded, reduced to the characters of ``markup``.

    STIX is used wherever it has the character; the fallback holds what one of its styles lacks.
    """
    characters = {ord(c) for c in set(html.unescape(markup)) if _is_shown(c)} | set(map(ord, STYLED))
    return keep(f"fonts {sorted(characters)}", lambda: _embed(characters).encode()).decode()


def _embed(characters: set[int]) -> str:
    missing = characters - frozenset.intersection(
        *(_coverage(face.file) for face in FACES if face.family == FAMILY)
    )
    rules = []
    for face in FACES:
        wanted = missing if face.family == "Report Fallback" else characters
        wanted &= _coverage(face.file)
        if wanted:
            data = base64.b64encode(_subset(face.file, frozenset(wanted))).decode()
            rules.append(
                f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-style:{face.style};'
                f'src:url("data:font/ttf;base64,{data}")}}'
            )
    return "\n".join(rules)


def missing_characters(text: str, keep: Keep = make_always) -> str:
    """The printable characters of ``text`` that no face of the report has, each once, sorted."""
    shown = "".join(sorted({c for c in text if c.isprintable()}))
    return keep(f"missing {shown}", lambda: _find_missing(shown).encode()).decode()


def _find_missing(text: str) -> str:
    known = _coverage("STIXGeneral.ttf") | _coverage("DejaVuSans.ttf")
    return "".join(c for c in text if ord(c) not in known)


def _is_shown(character: str) -> bool:
    # Spaces other than the plain one do not count as printable, but take their width from a font.
    return character.isprintable() or unicodedata.category(character) == "Zs"


@cache
def _coverage(file: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(font_folder() / file, lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def _subset(file: str, characters: frozenset[int]) -> bytes:
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(layout_features=["kern", "liga", "mark", "mkmk", "ccmp"], notdef_outline=True)
    font = subset.load_font(str(font_folder() / file), options)
    font.recalcTimestamp = False
    reducer = subset.Subsetter(options)
    reducer.populate(unicodes=characters)
    reducer.subset(font)
    buffer = io.BytesIO()
    font.save(buffer)
    font.close()
    return buffer.getvalue()
