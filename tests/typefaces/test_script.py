"""What is set in one font, worked out by hand; and what counts as plain, from STIX's own files."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont
from made_fonts import MATPLOTLIB

from reportgen.typefaces.script import is_plain, name_scripts, split_clusters, split_words


@pytest.mark.parametrize(
    "words",
    [
        ["Nguyễn", " ", "Văn"],
        ["x", " ", "1", "2", ",", " ", "y"],
        ["ἀγάπη", " ", "зебра"],
        ["cat", "豹", "図", "い"],
        ["शर्मा", ",", " ", "x"],
        ["नमस्ते१२", " ", "दुनिया"],
        ["한국", " ", "사람"],
        ["می\u200cخواهم"],
        ["שלום עולם", ",", " ", "שלום"],
        ["שלום\u00a0עולם", " ", "قطة سوداء"],
        ["e\u0301q\u0323"],
        ["👩🏽\u200d🔬", " ", "👍🏿"],
        ["x", "⁵"],
        ["a\u200e", " "],
    ],
    ids=ascii,
)
def test_a_text_is_cut_into_words_of_one_script(words: list[str]) -> None:
    assert split_words("".join(words)) == words


@pytest.mark.parametrize("clusters", [["क्", "षि"], ["e\u0301", "x"], ["שְׁ", "לֹ֣"]], ids=ascii)
def test_a_word_is_cut_into_letters_with_their_marks(clusters: list[str]) -> None:
    assert split_clusters("".join(clusters)) == clusters


def test_every_style_of_stix_has_what_counts_as_plain() -> None:
    plain = {chr(code) for code in range(0x20, 0x3000) if is_plain(chr(code)) and chr(code) != "\xad"}
    assert {"a", "ž", "–", "…"} < plain
    for file in ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "STIXGeneralBolIta"):
        assert plain - {chr(code) for code in TTFont(MATPLOTLIB / f"{file}.ttf").getBestCmap()} == set()


@pytest.mark.parametrize(
    ("letters", "named"),
    [
        ("豹", "Han"),
        ("豹ส", "Han and Thai"),
        ("Ԧ", "Cyrillic"),
        ("\ue000", "symbols"),
        ("q豹👍", "Han, Latin and symbols"),
    ],
)
def test_scripts_are_named_in_words(letters: str, named: str) -> None:
    assert name_scripts(letters) == named
