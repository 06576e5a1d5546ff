"""What stands on paper in every script: the glyphs that HarfBuzz takes from the whole font, in order."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import uharfbuzz
from made_fonts import debian_fonts, make_font, make_joining_font
from printing import page
from shaping import WORDS, outline, outlines, shape_with

from reportgen.pdf.printer import print_pdf
from reportgen.typefaces.choice import choose_typefaces
from reportgen.typefaces.face import OWN, Face, Typefaces

pytestmark = pytest.mark.prints

Outlines = list[tuple[Any, ...]]


def printed(pdf: bytes) -> Outlines:
    """The outlines of all glyphs of a PDF, read from the fonts in it, as its pages draw them."""
    found: Outlines = []
    with pikepdf.open(io.BytesIO(pdf)) as paper:
        for sheet in paper.pages:
            fonts = {name: _embedded(font) for name, font in dict(sheet.Resources["/Font"]).items()}
            font: Any = None
            for operands, operator in pikepdf.parse_content_stream(sheet):
                if str(operator) == "Tf":
                    font = fonts[str(operands[0])]
                elif str(operator) in ("Tj", "TJ"):
                    found += [outline(font, glyph) for glyph in _glyphs(operands[0])]
    return [path for path in found if path]


def _embedded(font: Any) -> Any:
    inner = font["/DescendantFonts"][0]
    described = inner["/FontDescriptor"]
    file = described.get("/FontFile2") or described["/FontFile3"]
    assert inner.get("/CIDToGIDMap", "/Identity") == "/Identity"
    return uharfbuzz.Font(uharfbuzz.Face(file.read_bytes()))


def _glyphs(displayed: Any) -> Iterator[int]:
    for part in displayed if isinstance(displayed, pikepdf.Array) else [displayed]:
        if isinstance(part, pikepdf.String):
            data = bytes(part)
            yield from (int.from_bytes(data[n : n + 2]) for n in range(0, len(data), 2))


def expected(text: str, faces: Typefaces) -> Outlines:
    """The outlines that HarfBuzz takes from the whole fonts; the text runs one way only."""
    found: Outlines = []
    for face, piece in faces.divide(text):
        assert face is not None
        found += outlines(shape_with(piece.strip(), face.file, face.index))
    return found


@pytest.mark.parametrize("script", ["Arabic", "Hebrew", "Latin"])
def test_what_dejavu_has_is_printed_as_it_sets_it(script: str) -> None:
    text = unicodedata.normalize("NFC", WORDS[script])
    assert printed(print_pdf(page(f"<p>{text}</p>"))) == expected(text, OWN)


def test_names_that_run_from_right_to_left_are_printed_with_their_spaces() -> None:
    text = "שלום עולם"
    body = f'<p dir="rtl">{text}</p><h1>{text}</h1><p><em>{text}</em></p>'
    assert printed(print_pdf(page(body))) == 3 * expected(text, OWN)


def test_a_made_font_is_printed_joined(tmp_path: Path) -> None:
    faces = Typefaces(named=(Face(Path(make_joining_font(tmp_path / "a.ttf"))),))
    text = "\u0628\u0628\u0645 \u0628\u0645"
    found = printed(print_pdf(page(f"<p>{text}</p>", faces=faces)))
    # Rectangles as wide as the font says. From the left: the ligature of the second word; the space; final
    # meem, medial and initial beh of the first.
    assert [max(step[1] for step in path if len(step) > 1) for path in found] == [700, 750, 650, 400, 350]


@pytest.mark.parametrize("whole", [False, True])
def test_a_font_that_must_stay_whole_is_printed_whole(tmp_path: Path, whole: bool) -> None:
    faces = Typefaces(named=(Face(Path(make_font(tmp_path / "a.ttf", "豹蝶", rights=0x100))),))
    html = page("<p>豹</p>", faces=faces)
    with pikepdf.open(io.BytesIO(print_pdf(html, whole_fonts=whole))) as paper:
        (font,) = [
            font
            for font in dict(paper.pages[0].Resources["/Font"]).values()
            if "Named" in str(font["/BaseFont"])
        ]
        file = font["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"].read_bytes()
    drawn = [outline(uharfbuzz.Font(uharfbuzz.Face(file)), glyph) for glyph in (1, 2)]
    assert all(drawn) == whole


def test_ten_scripts_are_printed_as_their_fonts_set_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    fonts = debian_fonts(tmp_path_factory.mktemp("debian"))
    words = {script: unicodedata.normalize("NFC", text) for script, text in WORDS.items()}
    faces = choose_typefaces(words.values(), (), folders=[fonts])
    body = "".join(f"<p>{text}</p>" for text in words.values())
    found = printed(print_pdf(page(body, faces=faces)))
    for script, text in words.items():
        wanted = expected(text, faces)
        assert found[: len(wanted)] == wanted, script
        found = found[len(wanted) :]
    assert found == []
