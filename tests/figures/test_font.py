"""The choice of fonts, among files made here whose characters are known."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from PIL import Image, ImageDraw

from reportgen.errors import RenderError
from reportgen.figures.font import choose_fonts, machine_fonts, report_fonts
from reportgen.figures.lettering import Lettering
from reportgen.figures.montage import Tile, montage
from reportgen.figures.plots import confusion_figure, confusion_plot
from reportgen.figures.vector import house_style

Install = Callable[..., None]


def make_font(path: Path, characters: str, *, family: str = "Squares", weight: int = 400) -> str:
    """Write a font whose every letter is a black square, an em wide and high, on the line."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (1000, 1000), (1000, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = {ord(c): f"u{ord(c):04X}" for c in characters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
    builder.setupHorizontalHeader(ascent=1000, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Bold" if weight > 500 else "Regular"})
    builder.setupOS2(usWeightClass=weight, fsSelection=0x20 if weight > 500 else 0x40)
    builder.setupPost()
    builder.font["head"].macStyle = int(weight > 500)
    builder.save(path)
    return str(path)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make these files the fonts of the machine."""

    def be_installed(*files: str) -> None:
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(files))
        monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))

    return be_installed


def test_the_reports_own_fonts_come_first(tmp_path: Path, install: Install) -> None:
    install(make_font(tmp_path / "a.ttf", "catქ豹"))
    stix, dejavu = report_fonts()
    assert choose_fonts("cat ქ豹") == {
        **dict.fromkeys("cat ", stix), "ქ": dejavu, "豹": str(tmp_path / "a.ttf"),
    }  # fmt: skip


def test_a_regular_face_is_preferred_and_then_the_first_file(tmp_path: Path, install: Install) -> None:
    bold = make_font(tmp_path / "a-bold.ttf", "豹", weight=700)
    second, first = (make_font(tmp_path / name / "b.ttf", "豹") for name in _folders(tmp_path, "y", "x"))
    last = make_font(tmp_path / "c.ttf", "豹")
    (tmp_path / "0-broken.ttf").write_bytes(b"no font")
    resort = make_font(tmp_path / "1.ttf", "豹蝶", family="LastResort")
    install(last, second, resort, bold, first, str(tmp_path / "0-broken.ttf"))
    assert choose_fonts("豹") == {"豹": first}
    install(resort, bold)
    assert choose_fonts("豹") == {"豹": bold}


def _folders(parent: Path, *names: str) -> tuple[str, ...]:
    for name in names:
        (parent / name).mkdir()
    return names


def test_one_font_for_a_whole_name_is_better_than_two(tmp_path: Path, install: Install) -> None:
    some, both = make_font(tmp_path / "a.ttf", "豹"), make_font(tmp_path / "b.ttf", "豹蝶")
    other = make_font(tmp_path / "c.ttf", "鳥")
    install(some, both, other)
    assert choose_fonts("豹蝶鳥") == {"豹": both, "蝶": both, "鳥": other}
    assert choose_fonts("豹") == {"豹": some}


def test_the_order_of_the_machines_list_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    files = ["/y/b.ttf", "/x/c.ttf", "/x/b.ttf", "/z/a.ttf"]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: files)
    assert machine_fonts() == ("/z/a.ttf", "/x/b.ttf", "/y/b.ttf", "/x/c.ttf")


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("big 豹", "豹 (Han)", "fonts-noto-cjk"),
        ("ひょう", "う ひ ょ (Hiragana)", "fonts-noto-cjk"),
        ("เสือ", "อ เ ส U+0E37 (Thai)", "fonts-noto-core"),
        ("豹ส", "ส 豹 (Han and Thai)", "fonts-noto-cjk"),
        ("\ue000", "U+E000 (symbols)", "fonts-noto-core"),
    ],
    ids=ascii,
)
def test_what_no_font_has_is_named(text: str, named: str, remedy: str, install: Install) -> None:
    install()
    for draw in (Lettering(20).legible, lambda name: montage([Tile(SQUARE, name)], columns=1, tile_side=9)):
        with pytest.raises(RenderError) as caught:
            draw(text)
        assert f"“{text}”" in caught.value.problem
        assert set(named.split()) <= set(caught.value.problem.rstrip(".").split())
        assert remedy in caught.value.remedy
        assert named.partition("(")[2].rstrip(")") in caught.value.remedy
    with pytest.raises(RenderError, match=f"“{text}”"):
        confusion_plot([[1, 0], [0, 1]], ["cat", text])


SQUARE = np.zeros((4, 4, 3), np.uint8)


def test_a_font_of_the_machine_is_drawn_and_measured(tmp_path: Path, install: Install) -> None:
    install(make_font(tmp_path / "a.ttf", "豹"))
    lettering, sheet = Lettering(50), Image.new("L", (200, 80), 255)
    assert lettering.length("豹") == 44
    lettering.draw(ImageDraw.Draw(sheet), (10, 60), "豹", "black", "left")
    rows, columns = np.nonzero(np.asarray(sheet) < 128)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 59, 10, 53)
    assert len(rows) == 44 * 44


def test_a_plot_uses_the_same_font_and_no_other_is_missed(tmp_path: Path, install: Install) -> None:
    install(make_font(tmp_path / "a.ttf", "豹", family="Squares of this test"))
    with warnings.catch_warnings(), house_style():
        warnings.simplefilter("error")
        figure = confusion_figure([[1, 0], [0, 1]], ["cat", "豹豹豹"])
        figure.canvas.draw()
        label = figure.axes[0].get_yticklabels()[1]
        assert label.get_text() == "豹豹豹"
        # Squares of an em, 8.5 pt at the figure's 100 dots an inch.
        assert label.get_window_extent().width == pytest.approx(3 * 8.5 / 72 * 100, abs=1.5)


def test_a_matplotlib_that_sets_letters_in_a_row_is_not_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(matplotlib.ft2font, "__libraqm_version__", raising=False)
    with pytest.raises(RenderError, match=r"“שלום”.*Hebrew\.\nInstall matplotlib 3\.11"):
        confusion_plot([[1, 0], [0, 1]], ["cat", "שלום"])
    assert confusion_plot([[1, 0], [0, 1]], ["cat", "ქ"]).data
