"""Pictures of filters: numbers, colours and places against the weights."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from reportgen.figures.filters import filter_heatmap, filter_tiles, heatmap_figure
from reportgen.figures.plots import house_style

KERNEL = np.array([[0.1234, -0.5, 0.0], [0.25, 0.0006, -0.0014], [1.0, -1.0, 0.75]])


def squares(axes: Axes) -> dict[tuple[float, float], tuple[float, float, float]]:
    """Colour of each unit square by its middle, (row, column)."""
    patches = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return {(patch.get_y() + 0.5, patch.get_x() + 0.5): patch.get_facecolor()[:3] for patch in patches}


def texts(axes: Axes) -> dict[tuple[float, float], str]:
    return {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}


def luminance(colour: tuple[float, float, float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_each_weight_is_written_in_its_place() -> None:
    with house_style():
        axes, _ = heatmap_figure(KERNEL).axes
    assert texts(axes) == {
        (0, 0): "0.123", (0, 1): "−0.500", (0, 2): "0.000",
        (1, 0): "0.250", (1, 1): "0.001", (1, 2): "−0.001",
        (2, 0): "1.000", (2, 1): "−1.000", (2, 2): "0.750",
    }  # fmt: skip
    top, bottom = axes.transData.transform([(0, 0), (0, 2)])[:, 1]
    assert top > bottom, "row 0 is on top"


def test_squares_are_red_above_zero_and_blue_below() -> None:
    with house_style():
        axes, _ = heatmap_figure(KERNEL).axes
    colours = squares(axes)
    assert len(colours) == 9
    for (row, column), (red, _, blue) in colours.items():
        weight = KERNEL[int(row), int(column)]
        if abs(weight) > 0.1:
            assert (red > blue) == (weight > 0)
    assert luminance(colours[2, 0]) < luminance(colours[2, 2]) < luminance(colours[1, 0])


def test_numbers_can_be_read_on_their_squares() -> None:
    with house_style():
        axes, _ = heatmap_figure(np.linspace(-1, 1, 9).reshape(3, 3)).axes
    colours = squares(axes)
    for text in axes.texts:
        x, y = text.get_position()
        ink, ground = luminance(to_rgb(text.get_color())), luminance(colours[y, x])
        assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5


def test_a_colour_filter_has_a_panel_a_channel_on_one_scale() -> None:
    kernel = np.zeros((3, 3, 3))
    kernel[0, 2] = (1.0, -0.5, 0.25)
    with house_style():
        *panels, scale = heatmap_figure(kernel).axes
    assert [axes.get_title() for axes in panels] == ["red", "green", "blue"]
    assert [texts(axes)[0, 2] for axes in panels] == ["1.000", "−0.500", "0.250"]
    lefts = [axes.get_position().x0 for axes in panels]
    assert lefts == sorted(lefts)
    shades = [luminance(squares(axes)[0, 2]) for axes in panels]
    assert shades == sorted(shades)
    assert shades[2] > 2 * shades[0], "not a scale for each channel"
    assert [label.get_text() for label in scale.get_xticklabels()] == ["−1", "0", "1"]


@pytest.mark.parametrize(
    "kernel", [KERNEL, np.zeros((3, 3)), np.random.default_rng(0).normal(size=(3, 3, 3))]
)
def test_a_heatmap_is_one_svg_without_text_or_time(kernel: NDArray[np.float64]) -> None:
    picture = filter_heatmap(kernel)
    root = ET.fromstring(picture.data)  # noqa: S314 - drawn here
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert "path" in tags
    assert not tags & {"text", "image", "date"}
    assert picture == filter_heatmap(kernel)
    assert picture.mime == "image/svg+xml"
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert (picture.width, picture.height) == (round(width), round(height))
    assert picture.print_width <= 144


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 3, 32\)"):
        filter_heatmap(np.zeros((3, 3, 32)))


def spot(tile: NDArray[np.uint8]) -> tuple[float, float]:
    """Middle (row, column) of what is neither white nor grey, as shares of the tile."""
    coloured = np.ptp(tile.astype(int), axis=-1) > 40
    rows, columns = np.nonzero(coloured)
    return (rows.mean() + 0.5) / tile.shape[0], (columns.mean() + 0.5) / tile.shape[1]


@pytest.mark.parametrize(
    ("depth", "index", "rows", "columns"),
    [(1, 0, 1, 1), (3, 1, 1, 3), (32, 11, 4, 8), (32, 31, 4, 8), (64, 10, 8, 8), (5, 4, 2, 3)],
)
def test_slices_are_laid_out_in_reading_order(depth: int, index: int, rows: int, columns: int) -> None:
    kernels = np.zeros((3, 3, depth, 2))
    kernels[0, 2, index, 1] = 1
    (empty, tile), limit = filter_tiles(kernels, 300)
    assert limit == 1
    assert np.ptp(empty.astype(int), axis=-1).max() == 0
    row, column = divmod(index, columns)
    wanted = ((row + 1 / 6) / rows, (column + 5 / 6) / columns)
    assert spot(tile) == pytest.approx(wanted, abs=0.02)
    assert tile.shape[1] / tile.shape[0] == pytest.approx(columns / rows, rel=0.03)


@pytest.mark.parametrize(
    ("shape", "side"), [((3, 3, 1), 200), ((3, 3, 3), 296), ((3, 3, 32), 180), ((5, 5, 32), 296)]
)
def test_tiles_are_as_large_as_their_room_allows(shape: tuple[int, int, int], side: int) -> None:
    (tile,), _ = filter_tiles(np.ones((*shape, 1)), side)
    elements = {1: 1, 3: 3, 32: 8}[shape[2]] * shape[1]
    assert side - elements < max(tile.shape[:2]) <= side


def test_spare_places_are_white() -> None:
    (tile,), _ = filter_tiles(np.ones((3, 3, 5, 1)), 300)
    height, width = tile.shape[:2]
    assert (tile[height // 2 + 5 :, 2 * width // 3 + 5 :] == 255).all()
    assert (tile[: height // 2 - 5, 2 * width // 3 + 5 :] != 255).any(axis=-1).all()


def test_thin_lines_separate_the_slices() -> None:
    (tile,), _ = filter_tiles(np.zeros((3, 3, 32, 1)), 300)
    height, width = tile.shape[:2]
    profile = tile[5, :, 0].astype(int)
    dark = np.flatnonzero(profile < 150)
    lines = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
    assert len(lines) == 7
    assert [line.mean() / width for line in lines] == pytest.approx([k / 8 for k in range(1, 8)], abs=0.01)
    assert max(map(len, lines)) <= width / 80
    assert (tile[height // 2, :, 0] < 150).all()


def test_all_filters_share_one_signed_scale() -> None:
    kernels = np.full((3, 3, 1, 3), 1.0)
    kernels[..., 1], kernels[..., 2] = 0.25, -4
    (pale, paler, dark), limit = filter_tiles(kernels, 300)
    assert limit == 4
    means = [tile.mean() for tile in (paler, pale, dark)]
    assert means[0] > means[1] > means[2] + 60


def test_signs_survive_grey_print() -> None:
    kernels = np.full((3, 3, 1, 2), 0.5)
    kernels[..., 1] = -0.5
    kernels[0, 0] = 1, -1
    (positive, negative), _ = filter_tiles(kernels, 300)
    square = positive.shape[0] // 3
    inside = np.s_[square + 2 : 2 * square - 2, square + 2 : 2 * square - 2]
    plus, minus = positive[inside], negative[inside]
    assert (plus == plus[0, 0]).all()
    darker = minus[..., 0].astype(int) < int(minus[0, 0, 0]) - 20
    rows, columns = np.nonzero(darker)
    assert rows.mean() / darker.shape[0] == pytest.approx(0.5, abs=0.05)
    assert columns.mean() / darker.shape[1] == pytest.approx(0.5, abs=0.05)
    assert np.ptp(columns) > 3 * np.ptp(rows)
    assert darker.mean() < 0.05
