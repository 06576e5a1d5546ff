"""The typefaces of the report hold what it prints, and tell what they lack."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from made_fonts import make_font

from reportgen.document.fonts import font_css, mark_words
from reportgen.errors import FontMissingError
from reportgen.typefaces.choice import choose_typefaces
from reportgen.typefaces.face import OWN, Face, Typefaces, font_folder

RULE = re.compile(
    r'@font-face\{font-family:"([^"]+)";font-weight:(\d+);font-style:(\w+);'
    r'src:url\("data:font/ttf;base64,([^"]+)"\)\}'
)
Characters = dict[tuple[str, int, str], set[str]]


def characters(markup: str, more: Typefaces = OWN) -> Characters:
    """The characters of each face that is embedded for ``markup``, by family, weight and style."""
    faces: Characters = {}
    for family, weight, style, data in RULE.findall(font_css(markup, faces=more)):
        with TTFont(io.BytesIO(base64.b64decode(data))) as font:
            faces[family, int(weight), style] = {chr(code) for code in font.getBestCmap()}
    return faces


REGULAR, ITALIC, BOLD = ("Report", 400, "normal"), ("Report", 400, "italic"), ("Report", 700, "normal")
FALLBACK, MONO = ("Report Fallback", 400, "normal"), ("Report Mono", 400, "normal")


def test_each_style_has_the_characters_of_the_text() -> None:
    faces = characters("Größe зебра χ²")
    for face in (REGULAR, ITALIC, BOLD, MONO):
        assert set("Größe зебра χ²") <= faces[face]


def test_no_more_than_the_text_needs_is_embedded() -> None:
    faces = characters("ab")
    assert "c" not in faces[REGULAR]
    assert set("0123456789./• ab") <= faces[REGULAR]
    assert len(font_css("ab")) < 45_000  # of which a tenth are spaces and signs of direction


@pytest.mark.parametrize(
    ("markup", "character"),
    [("O&#39;Neill", "'"), ("&#34;", '"'), ("&lt;", "<"), ("&eacute;", "é"), ("A&nbsp;1", "\u00a0")],
)
def test_a_character_that_is_written_as_an_entity_is_embedded(markup: str, character: str) -> None:
    faces = characters(markup)
    assert all(character in faces[face] for face in (REGULAR, ITALIC, BOLD))


@pytest.mark.parametrize("character", ["⁵", "ა", "\u202f", "\u2002"])
def test_what_stix_lacks_comes_from_the_fallback(character: str) -> None:
    faces = characters(f"x{character}")
    assert character not in faces[REGULAR]
    assert character in faces[FALLBACK]
    assert "x" not in faces[FALLBACK]


def test_what_one_style_of_stix_lacks_comes_from_the_fallback() -> None:
    regular, italic, bold = (
        set(TTFont(font_folder() / file).getBestCmap())
        for file in ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBol.ttf")
    )
    sans = set(TTFont(font_folder() / "DejaVuSans.ttf").getBestCmap())
    for lacking in (italic, bold):
        character = chr(min((regular - lacking) & sans))
        assert character in characters(character)[FALLBACK]


def test_the_spaces_between_words_are_in_the_fallback_too() -> None:
    assert {" ", "\u00a0", "\u200d", "\u200f"} <= characters("שלום עולם")[FALLBACK]


def test_other_fonts_are_embedded_with_the_words_that_they_set(tmp_path: Path) -> None:
    named = Face(Path(make_font(tmp_path / "named.ttf", "豹ქ 蝶")))
    make_font(tmp_path / "fonts" / "found.ttf", "鳥 魚豹")
    faces = choose_typefaces(["豹 ქ 鳥"], (named,), folders=[tmp_path / "fonts"])
    embedded = characters("<p>x 豹 ქ 鳥</p>", faces)
    assert embedded["Report Named 1", 400, "normal"] == {"豹", "ქ", " "}
    assert embedded["Report Found 1", 400, "normal"] == {"鳥", " "}
    css = font_css("<p>x 豹 ქ 鳥</p>", faces=faces)
    assert ':root{--more-fonts:"Report Named 1","Report Fallback","Report Found 1"}' in css


def test_equal_words_in_other_fonts_are_embedded_again(tmp_path: Path) -> None:
    kept: dict[str, bytes] = {}

    def memo(name: str, make: Callable[[], bytes]) -> bytes:
        return kept.setdefault(name, make())

    for weight in (400, 700):
        make_font(tmp_path / "a.ttf", "豹", weight=weight)
        font_css("豹", memo, Typefaces(named=(Face(tmp_path / "a.ttf"),)))
    assert len(kept) == 2


@pytest.mark.parametrize(
    ("page", "marked"),
    [
        ("<p>Größe שלום עולם 豹</p>", "<p>Größe שלום עולם 豹</p>"),
        # STIX has some of the letters, DejaVu Sans, the first of the others, has all of the word.
        ("<p>Nguyễn Văn</p>", '<p><span class="face-0">Nguyễn</span> Văn</p>'),
        ('<p title="Nguyễn">x &amp; y</p>', '<p title="Nguyễn">x &amp; y</p>'),
        ("<title>Nguyễn</title><style>/*ễ x*/</style>", "<title>Nguyễn</title><style>/*ễ x*/</style>"),
        ("<p>Nguye\u0302\u0303n</p>", '<p><span class="face-0">Nguyễn</span></p>'),
    ],
)
def test_a_word_that_would_be_set_in_two_fonts_is_marked(page: str, marked: str, tmp_path: Path) -> None:
    found = Face(Path(make_font(tmp_path / "a.ttf", "豹")))
    assert mark_words(page, Typefaces(found=(found,))) == marked


def test_the_class_of_a_marked_word_has_its_font_first() -> None:
    css = font_css("<p>Nguyễn</p>")
    assert '.face-0{font-family:"Report Fallback",Report,var(--more-fonts),serif}' in css
    assert set("Nguyễn") <= characters("<p>Nguyễn</p>")[FALLBACK]


@pytest.mark.parametrize("text", ["豹", "x\ue000", "한"], ids=ascii)
def test_text_that_no_font_has_is_an_error(text: str) -> None:
    with pytest.raises(FontMissingError, match=text[-1] if text.isprintable() else r"U\+E000"):
        mark_words(f"<p>{text}</p>", OWN)
    assert mark_words(f'<p title="{text}">Größe, зебра, ≥, ⁻⁵, a\u202fb</p>', OWN)
