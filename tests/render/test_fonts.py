"""The typefaces of the report hold what it prints, and tell what they lack."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from reportgen.render import fonts
from reportgen.render.fonts import font_css, missing_characters

RULE = re.compile(
    r'@font-face\{font-family:"([^"]+)";font-weight:(\d+);font-style:(\w+);'
    r'src:url\("data:font/ttf;base64,([^"]+)"\)\}'
)
Characters = dict[tuple[str, int, str], set[str]]


def characters(markup: str) -> Characters:
    """The characters of each face that is embedded for ``markup``, by family, weight and style."""
    faces: Characters = {}
    for family, weight, style, data in RULE.findall(font_css(markup)):
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
    assert len(font_css("ab")) < 40_000


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
        set(TTFont(fonts.font_folder() / file).getBestCmap())
        for file in ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBol.ttf")
    )
    sans = set(TTFont(fonts.font_folder() / "DejaVuSans.ttf").getBestCmap())
    for lacking in (italic, bold):
        character = chr(min((regular - lacking) & sans))
        assert character in characters(character)[FALLBACK]


def test_equal_text_gives_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = font_css("abc")
    fonts._subset.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 2e9)
        second = font_css("cba")
    assert second == first


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Größe, зебра, ≥, ⁻⁵ 'x'", ""),
        ("豹 and 蝶 and 豹", "蝶豹"),
        ("a\u00a0b\u202fc\nd", ""),
        ("ζέβρα ქართული", ""),
        ("한", "한"),
    ],
)
def test_the_characters_that_no_face_has_are_told_once_each(text: str, missing: str) -> None:
    assert missing_characters(text) == missing
