"""The fonts embedded in the page: STIX, DejaVu for characters that STIX lacks, then further fonts.

STIX and DejaVu come with matplotlib. Each is subset to what the page needs and embedded, so that the page
looks the same on a machine that has none of them.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from reportgen.errors import FontMissingError
from reportgen.memo import Memo, no_memo
from reportgen.typefaces.choice import describe_lack, find_lack
from reportgen.typefaces.face import (
    MAIN_FILES,
    OWN,
    Face,
    Typefaces,
    coverage,
    font_folder,
    has_all,
    is_in_main,
    report_face,
    words_beyond,
)
from reportgen.typefaces.script import split_clusters
from reportgen.typefaces.subset import subset_face

FAMILY = "Report"
_MORE = "--more-fonts"

STYLED = "0123456789 ./•\u2002"
"""Characters that the style sheet itself prints: numbers of pages and sections, bullets, and spaces."""

_DATA = re.compile(r"data:[^\s\"')]+")
# In ASCII only: other spaces take their width from a font, so that they are a part of what it has to set.
_BREAKS = re.compile(r"[\s<>\"]+", re.ASCII)
_UNPRINTED = re.compile(
    r"(<style.*?</style>|<script.*?</script>|<title.*?</title>|<!--.*?-->|<[^>]*>)", re.DOTALL
)


@dataclass(frozen=True)
class Style:
    """One font file and its position in a family."""

    file: str
    weight: int
    style: str
    family: str = FAMILY


STYLES = (
    Style(MAIN_FILES[0], 400, "normal"),
    Style(MAIN_FILES[1], 400, "italic"),
    Style(MAIN_FILES[2], 700, "normal"),
    Style(MAIN_FILES[3], 700, "italic"),
    Style("DejaVuSans.ttf", 400, "normal", "Report Fallback"),
    Style("DejaVuSansMono.ttf", 400, "normal", "Report Mono"),
)
"""The files without which no report is printed."""


@dataclass(frozen=True)
class Families:
    """The families behind the main one, in the order in which a character is looked for, by face."""

    faces: Typefaces

    @cached_property
    def names(self) -> Mapping[Face, str]:
        """The family of each face other than STIX's."""
        named = {face: f"Report Named {n}" for n, face in enumerate(self.faces.named, 1)}
        found = {face: f"Report Found {n}" for n, face in enumerate(self.faces.found, 1)}
        fallback = report_face("DejaVuSans.ttf")
        return {**named, fallback: "Report Fallback", report_face(MAIN_FILES[0]): "Report Upright", **found}

    def css_class(self, face: Face) -> str:
        """The class of words that are set in a face although an earlier one has some of their letters."""
        return f"face-{list(self.names).index(face)}"

    def is_met_late(self, face: Face, text: str) -> bool:
        """Whether an earlier face has a letter of the text, which would then be set in two faces."""
        earlier = [*map(report_face, MAIN_FILES), *self.names]
        letters = [letter for letter in text if not letter.isspace()]
        return any(
            has_all(other, letter)
            for other in earlier[: earlier.index(face, len(MAIN_FILES))]
            for letter in letters
        )


def font_css(markup: str, memo: Memo = no_memo, faces: Typefaces = OWN) -> str:
    """``@font-face`` rules with the faces embedded, reduced to what ``markup`` may print of them.

    STIX has every character that it can; each other face has those words whole that it sets. The property
    ``--more-fonts`` lists the families after STIX.
    """
    # The pictures in the page are megabytes of letters that nobody prints.
    text = html.unescape(_DATA.sub(" ", markup))
    characters = {ord(c) for c in set(text) if _is_visible(c)} | set(map(ord, STYLED))
    words = sorted({word for token in set(_BREAKS.split(text)) for word in words_beyond(token)})
    files = [(face.file.name, face.sha256) for face in (*faces.named, *faces.found)]
    name = f"fonts {files} {sorted(characters)} {words}"
    wanted = sorted({*words, *map(chr, characters)})
    return memo(name, lambda: _embed(characters, wanted, faces).encode()).decode()


def _embed(characters: set[int], words: list[str], faces: Typefaces) -> str:
    rules = [
        _rule(style, _data(report_face(style.file), characters))
        for style in STYLES
        if style.family in (FAMILY, "Report Mono") and characters & coverage(report_face(style.file))
    ]
    families = Families(faces)
    used = _letters(words, faces)
    listed = [face for face in families.names if face in used]
    for face in listed:
        rules.append(_rule(Style("", 400, "normal", families.names[face]), _data(face, used[face])))
    # Never empty: two commas in a row would make every list of families that uses it invalid.
    names = ",".join(f'"{families.names[face]}"' for face in listed) or '"Report Fallback"'
    rules.append(f":root{{{_MORE}:{names}}}")
    for face in listed:
        family = f'"{families.names[face]}",{FAMILY},var({_MORE}),serif'
        rules.append(f".{families.css_class(face)}{{font-family:{family}}}")
    return "\n".join(rules)


def _letters(words: list[str], faces: Typefaces) -> dict[Face, set[int]]:
    """The characters that each face sets, but for those of STIX's four styles."""
    used: dict[Face, set[int]] = {}
    for word in words:
        if not is_in_main(word):
            for part in [word] if faces.choose(word) else split_clusters(word):
                if face := faces.choose(part):
                    used.setdefault(face, set()).update(map(ord, part))
    return used


def _rule(style: Style, data: bytes) -> str:
    # So begins an OpenType file with outlines of PostScript.
    kind = "otf" if data[:4] == b"OTTO" else "ttf"
    return (
        f'@font-face{{font-family:"{style.family}";font-weight:{style.weight};font-style:{style.style};'
        f'src:url("data:font/{kind};base64,{base64.b64encode(data).decode()}")}}'
    )


def _data(face: Face, characters: set[int]) -> bytes:
    return _subset(face, face.sha256, frozenset(characters & coverage(face)))


# The pages of a class, its overview and those of groups that differ, print nearly the same characters: 0.2 s
# each. The hash is there because a font may change between two builds of one process.
@lru_cache(maxsize=64)
def _subset(face: Face, _sha256: str, characters: frozenset[int]) -> bytes:
    return subset_face(face, characters)


def mark_words(page: str, faces: Typefaces) -> str:
    """Put those words of an HTML page into elements of their own whose letters would be set in two fonts.

    Raises ``FontMissingError`` naming the text and its script if no font has a character of it.
    """
    families = Families(faces)
    parts = _UNPRINTED.split(page)
    # split() with a group gives text and what is between in turn; tags, styles and scripts are the odd ones.
    for number in range(0, len(parts), 2):
        if words_beyond(parts[number]):
            parts[number] = "".join(_mark(parts[number], families))
    return "".join(parts)


def _mark(text: str, families: Families) -> Iterator[str]:
    # Unescaped: of “&#x5d0;” the font needs the letter, not the digits.
    if find_lack(html.unescape(text), families.faces):
        problem, remedy = describe_lack(html.unescape(text), families.faces)
        raise FontMissingError(f"The document cannot show {problem}", remedy)
    for face, piece in families.faces.divide(unicodedata.normalize("NFC", text)):
        if face and face in families.names and not is_in_main(piece) and families.is_met_late(face, piece):
            yield f'<span class="{families.css_class(face)}">{piece}</span>'
        else:
            yield piece


def _is_visible(character: str) -> bool:
    # Spaces other than the plain one do not count as printable, but take their width from a font.
    return character.isprintable() or unicodedata.category(character) == "Zs"


__all__ = ["FAMILY", "STYLES", "Families", "font_css", "font_folder", "mark_words"]
