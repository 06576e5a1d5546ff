"""A reduced font sets a text exactly as the whole one does: HarfBuzz shapes with both."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from made_fonts import MATPLOTLIB, collect, debian_fonts, make_font, make_joining_font
from shaping import WORDS, shape, shape_with

from reportgen.typefaces.choice import choose_typefaces
from reportgen.typefaces.face import Face
from reportgen.typefaces.subset import subset_face

DEJAVU = MATPLOTLIB / "DejaVuSans.ttf"
BEH, MEEM = "\u0628", "\u0645"


def reduced(file: Path, text: str, index: int = 0) -> bytes:
    return subset_face(Face(file, index), frozenset(map(ord, text)))


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        (BEH, [300]),
        (BEH + BEH, [450, 350]),
        (BEH + BEH + BEH, [450, 400, 350]),
        (BEH + MEEM, [700]),
        (f"{BEH} {MEEM}", [500, 750, 300]),
    ],
)
def test_forms_and_ligatures_of_a_made_font_are_kept(tmp_path: Path, text: str, widths: list[int]) -> None:
    # The widths follow from the font's rules by hand: beh 300, initial 350, medial 400, final 450, meem 500,
    # the ligature of an initial beh with a final meem 700, the space 750; right to left.
    file = Path(make_joining_font(tmp_path / "a.ttf"))
    assert [glyph[1] for glyph in shape_with(text, file)] == widths
    assert [glyph[1] for glyph in shape(text, reduced(file, text))] == widths


@pytest.mark.parametrize(
    "text",
    [
        WORDS["Arabic"],
        "سلام لله محمّد",
        "می\u200cخواهم",
        WORDS["Hebrew"],
        "שֹׁ",
        "fi ﬁ AVAToffi",
        "e\u0301 o\u0302\u0301 ệ",
    ],
    ids=ascii,
)
def test_dejavu_is_kept_as_it_sets_a_text(text: str) -> None:
    for written in (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
        assert shape(written, reduced(DEJAVU, written)) == shape_with(written, DEJAVU)


@pytest.mark.long
@pytest.mark.parametrize("script", WORDS)
def test_every_script_is_set_as_with_the_whole_font(
    script: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fonts = debian_fonts(tmp_path_factory.mktemp("debian"))
    text = unicodedata.normalize("NFC", WORDS[script])
    for face, piece in choose_typefaces([text], (), folders=[fonts]).divide(text):
        assert face is not None
        for written in (piece, unicodedata.normalize("NFD", piece)):
            whole = shape_with(written, face.file, face.index)
            assert shape(written, subset_face(face, frozenset(map(ord, written)))) == whole


def test_spaces_and_signs_of_direction_are_in_every_font() -> None:
    with TTFont(io.BytesIO(reduced(DEJAVU, "ש"))) as font:
        has = set(font.getBestCmap())
    assert {0x20, 0xA0, 0x2009, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202F, 0x2060} <= has
    assert ord("a") not in has


def test_without_tables_of_layout_the_old_forms_of_arabic_are_kept(tmp_path: Path) -> None:
    # HarfBuzz joins letters with them if a font has no rules: U+FE91 is beh's initial form.
    file = Path(make_font(tmp_path / "a.ttf", "\u0628\u0645\ufe8f\ufe90\ufe91\ufe92\ufee1\ufee2\ufee3 "))
    with TTFont(io.BytesIO(reduced(file, "بب"))) as font:
        assert {0xFE8F, 0xFE90, 0xFE91, 0xFE92} <= set(font.getBestCmap())
        assert not {0xFEE1, 0x645} & set(font.getBestCmap())


def test_a_font_whose_licence_forbids_it_is_not_reduced(tmp_path: Path) -> None:
    file = Path(make_font(tmp_path / "a.ttf", "豹蝶", rights=0x100))
    assert reduced(file, "豹") == file.read_bytes()
    both = Path(collect(tmp_path / "b.ttc", [make_font(tmp_path / "b.ttf", "a"), str(file)]))
    with TTFont(io.BytesIO(reduced(both, "豹", 1))) as font:
        assert set(font.getBestCmap()) == {ord("豹"), ord("蝶")}


def test_of_a_collection_the_right_face_is_taken(tmp_path: Path) -> None:
    both = Path(collect(tmp_path / "a.ttc", [make_font(tmp_path / f"{c}.ttf", c) for c in "豹蝶"]))
    with TTFont(io.BytesIO(reduced(both, "蝶", 1))) as font:
        assert set(font.getBestCmap()) == {ord("蝶")}


def test_equal_text_gives_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = reduced(DEJAVU, "abc")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert reduced(DEJAVU, "cba") == first
