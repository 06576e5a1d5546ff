"""Text on rasters, measured with Pillow and the font files directly."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import label as connected

from reportgen.figures.lettering import Lettering, number_text

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def pillow_length(text: str, file: str, size: int) -> float:
    layout = ImageFont.Layout.BASIC
    return ImageFont.truetype(str(FONTS / file), size, layout_engine=layout).getlength(text)


def drawn(text: str, align: str = "left", x: float = 100) -> NDArray[np.bool_]:
    sheet = Image.new("L", (400, 80), 255)
    Lettering(40).draw(ImageDraw.Draw(sheet), (x, 50), text, "black", align)
    return np.asarray(sheet) < 128


def test_latin_text_is_measured_in_the_face_of_the_report() -> None:
    assert Lettering(32).length("kangaroo") == pillow_length("kangaroo", "STIXGeneral.ttf", 32)
    assert Lettering(32, bold=True).length("kangaroo") == pillow_length("kangaroo", "STIXGeneralBol.ttf", 32)


def test_characters_that_the_face_lacks_come_from_dejavu_sans() -> None:
    assert Lettering(50).length("ქართული") == pillow_length("ქართული", "DejaVuSans.ttf", 44)
    mixed = pillow_length("cat ", "STIXGeneral.ttf", 50) + pillow_length("ქ", "DejaVuSans.ttf", 44)
    assert Lettering(50).length("cat ქ") == mixed


def test_invisible_characters_are_left_out_where_nothing_needs_them() -> None:
    assert Lettering(20).legible("e\u200bmu\ufe0f") == "emu"
    assert Lettering(20).legible("می\u200cخواهم") == "می\u200cخواهم"


def test_white_space_and_accents_are_made_one_line() -> None:
    assert Lettering(20).legible(" a\n\tb  e\u0301 ") == "a b \u00e9"


def test_text_that_fits_is_left_alone() -> None:
    lettering = Lettering(32)
    width = lettering.length("kangaroo")
    assert lettering.shorten("kangaroo", width) == "kangaroo"
    assert lettering.shorten("kangaroo", width - 1) != "kangaroo"


@pytest.mark.parametrize("width", [60, 100, 150, 299])
def test_long_text_is_cut_as_little_as_possible(width: int) -> None:
    text = "a_rather_long_name_of_a_class"
    short = Lettering(32).shorten(text, width)
    kept = short.removesuffix("…")
    assert short.endswith("…")
    assert text.startswith(kept)
    assert pillow_length(short, "STIXGeneral.ttf", 32) <= width
    assert pillow_length(text[: len(kept) + 1] + "…", "STIXGeneral.ttf", 32) > width


def test_no_space_is_left_before_an_ellipsis() -> None:
    shortened = {Lettering(32).shorten("one two three four", width) for width in range(40, 260, 3)}
    assert len(shortened) > 10
    assert not any(" …" in text for text in shortened)


def test_text_stands_where_it_is_told_to() -> None:
    columns = {
        align: np.flatnonzero(drawn("HHH", align, 200).any(axis=0)) for align in ("left", "centre", "right")
    }
    assert 200 <= columns["left"][0] <= 203
    assert columns["centre"].mean() == pytest.approx(200, abs=2)
    assert 197 <= columns["right"][-1] <= 200
    assert np.flatnonzero(drawn("HHH").any(axis=1))[-1] == 49


STIX, DEJAVU = ("STIXGeneral.ttf", 40), ("DejaVuSans.ttf", 35)


def row_of_letters(*pieces: tuple[str, tuple[str, int]]) -> NDArray[np.bool_]:
    """Letters set one after the other from left to right in the order given, each piece in its font."""
    sheet, x = Image.new("L", (400, 80), 255), 100.0
    for text, (file, size) in pieces:
        font = ImageFont.truetype(str(FONTS / file), size, layout_engine=ImageFont.Layout.BASIC)
        ImageDraw.Draw(sheet).text((x, 50), text, font=font, fill="black", anchor="ls")
        x += font.getlength(text)
    return np.asarray(sheet) < 128


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("שלום", [("םולש", DEJAVU)]),
        ("cat שלום", [("cat ", STIX), ("םולש", DEJAVU)]),
        ("שב, cat", [("cat ,בש", DEJAVU)]),
        ("של 12", [("12 לש", DEJAVU)]),
        ("cat של 12", [("cat ", STIX), ("12 לש", DEJAVU)]),
        ("של שב cat", [("cat בש לש", DEJAVU)]),
        ("cat של dog שב", [("cat ", STIX), ("לש", DEJAVU), (" dog ", STIX), ("בש", DEJAVU)]),
    ],
    ids=ascii,
)
def test_hebrew_runs_from_right_to_left(text: str, seen: list[tuple[str, tuple[str, int]]]) -> None:
    # The order is that of Unicode's UAX 9, worked out by hand.
    displayed, expected = drawn(text), row_of_letters(*seen)
    # Shaped letters are placed between pixels: the ink is not quite the same.
    assert (displayed & expected).sum() > 0.65 * (displayed | expected).sum()


def test_arabic_letters_are_joined() -> None:
    # Joined, the letters of one word without a gap are one shape but for their dots; apart, three.
    joined, apart = drawn("سلم"), row_of_letters(("ملس", DEJAVU))
    assert connected(joined)[1] < connected(apart)[1]


def test_shaping_takes_nothing_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn("سلم שלום")
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    monkeypatch.setattr("PIL.ImageFont.core.HAVE_RAQM", False)
    assert (drawn("سلم שלום") == before).all()


def test_marks_stand_over_their_letters() -> None:
    # Of the accented letter more is black than of the bare one, and it is as wide.
    bare, marked = drawn("q"), drawn("q\u0301")
    above = marked & ~bare
    assert above.any()
    assert np.flatnonzero(above.any(axis=0))[-1] <= np.flatnonzero(bare.any(axis=0))[-1] + 3
    assert Lettering(40).length("q\u0301") == pytest.approx(Lettering(40).length("q"), abs=3)


def test_a_name_is_cut_between_signs() -> None:
    lettering = Lettering(40)
    text = "q\u0301" * 20
    for width in range(60, 300, 7):
        assert lettering.shorten(text, width).removesuffix("…") in {"q\u0301" * n for n in range(20)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (0.5, "0.5"),
        (-0.47140452, "−0.471"),
        (123.456, "123"),
        (1234.5, "1230"),
        (-99999, "−100000"),
        (0.000456789, "0.000457"),
        (1.2e-7, "1.2×10⁻⁷"),
        (-3e12, "−3×10¹²"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number_text(value) == text
