"""The fonts of figures, among files made here whose characters are known."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from made_fonts import MATPLOTLIB, collect, make_font, make_joining_font
from matplotlib import font_manager
from PIL import Image, ImageDraw
from shaping import shape_with

from reportgen.errors import FontMissingError
from reportgen.figures.lettering import Lettering, shape
from reportgen.figures.montage import Tile, montage
from reportgen.figures.plots import confusion_figure, confusion_plot, house_style
from reportgen.typefaces.face import Face, Typefaces

SQUARE = np.zeros((4, 4, 3), np.uint8)


def found(*files: str, index: int = 0) -> Typefaces:
    return Typefaces(found=tuple(Face(Path(file), index) for file in files))


@pytest.fixture(autouse=True)
def _own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test tells matplotlib of is forgotten after it."""
    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("big 豹", "豹 (Han)", "fonts-noto-cjk"),
        ("เสือ", "เ ส U+0E37 อ (Thai)", "fonts-noto-core"),
        ("\ue000", "U+E000 (symbols)", "fonts-symbola"),
    ],
    ids=ascii,
)
def test_what_no_font_has_is_named(text: str, named: str, remedy: str) -> None:
    for draw in (
        Lettering(20).legible,
        lambda name: montage([Tile(SQUARE, name)], columns=1, tile_side=9),
        lambda name: confusion_plot([[1, 0], [0, 1]], ["cat", name]),
    ):
        with pytest.raises(FontMissingError) as caught:
            draw(text)
        assert f"“{text}”" in caught.value.problem
        assert named in caught.value.problem
        assert remedy in caught.value.remedy


def black(text: str, faces: Typefaces) -> tuple[int, int, int, int, int]:
    """Top, bottom, left and right of the ink, all inside, and how much of it there is."""
    sheet = Image.new("L", (200, 80), 255)
    Lettering(50, faces=faces).draw(ImageDraw.Draw(sheet), (10, 60), text, "black", "left")
    rows, columns = np.nonzero(np.asarray(sheet) < 128)
    return rows.min(), rows.max(), columns.min(), columns.max(), len(rows)


def test_another_font_is_drawn_and_measured(tmp_path: Path) -> None:
    faces = found(make_font(tmp_path / "a.ttf", "豹ह"))
    assert Lettering(50, faces=faces).length("豹") == 44
    assert black("豹", faces) == (16, 59, 10, 53, 44 * 44)
    # The same square as a letter of a script that is shaped.
    assert Lettering(50, faces=faces).length("ह") == pytest.approx(44)
    assert black("ह", faces) == (16, 59, 10, 53, 44 * 44)


def test_a_face_in_the_midst_of_a_collection_is_drawn(tmp_path: Path) -> None:
    both = collect(tmp_path / "a.ttc", [make_font(tmp_path / f"{c}.ttf", c) for c in "蝶豹ह"])
    assert black("豹", found(both, index=1)) == (16, 59, 10, 53, 44 * 44)
    assert black("ह", found(both, index=2)) == (16, 59, 10, 53, 44 * 44)
    assert confusion_plot([[1, 0], [0, 1]], ["cat", "豹"], found(both, index=1)).data


@pytest.mark.parametrize("text", ["\u0628\u0628\u0628", "\u0628\u0645", "\u0628 \u0645"], ids=ascii)
def test_letters_are_joined_as_the_font_says(tmp_path: Path, text: str) -> None:
    file = Path(make_joining_font(tmp_path / "a.ttf"))
    outline = shape(text, Face(file), 1000)
    assert outline.advance == pytest.approx(sum(glyph[1] for glyph in shape_with(text, file)), abs=3)


@pytest.mark.parametrize("text", ["مرحبا بالعالم", "שלום עולם", "q\u0323\u0301"], ids=ascii)
def test_shapes_are_those_of_harfbuzz(text: str) -> None:
    file = MATPLOTLIB / "DejaVuSans.ttf"
    outline, x = shape(text, Face(file), 2048), 0
    lefts = []
    for path, advance, right, _ in shape_with(text, file):
        points = [value for step in path for value in step[1::2]]
        lefts += [x + right + min(points)] if points else []
        x += advance
    assert outline.advance == pytest.approx(x, rel=0.02)
    assert outline.path.get_extents().x0 == pytest.approx(min(lefts), abs=25)


def test_a_plot_uses_the_same_font_and_no_other_is_missed(tmp_path: Path) -> None:
    faces = found(make_font(tmp_path / "a.ttf", "豹", family="Squares of this test"))
    with warnings.catch_warnings(), house_style():
        warnings.simplefilter("error")
        figure = confusion_figure([[1, 0], [0, 1]], ["cat", "豹豹豹"], faces)
        figure.canvas.draw()
        label = figure.axes[0].get_yticklabels()[1]
        assert label.get_text() == "豹豹豹"
        # Squares of an em, 8.5 pt at the figure's 100 dots an inch.
        assert label.get_window_extent().width == pytest.approx(3 * 8.5 / 72 * 100, abs=1.5)


def test_a_plot_takes_the_file_that_was_chosen_and_no_namesake(tmp_path: Path) -> None:
    make_font(tmp_path / "other.ttf", "x", family="Namesake")
    font_manager.fontManager.addfont(tmp_path / "other.ttf")
    faces = found(make_font(tmp_path / "a.ttf", "豹", family="Namesake"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert confusion_plot([[1, 0], [0, 1]], ["cat", "豹"], faces).data
