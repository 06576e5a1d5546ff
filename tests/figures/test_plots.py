"""The plots, asked through matplotlib's objects: what stands where."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reportgen.figures.plots import (
    confusion_figure,
    confusion_plot,
    history_figure,
    history_plot,
    house_style,
)
from reportgen.sections.transfer.figures import locate_grid

MATRIX = [[8, 0, 1], [2, 7, 0], [0, 3, 40]]
LABELS = ["butterfly", "kangaroo", "leopard"]


def confusion_axes(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Axes:
    with house_style():
        (axes,) = confusion_figure(matrix, labels).axes
    return axes


def shade(axes: Axes, i: int, j: int) -> float:
    """Darkness, 0 (white) to 1, of the square of row i and column j."""
    (patch,) = [
        patch for patch in axes.patches
        if isinstance(patch, Rectangle) and patch.get_xy() == (j - 0.5, i - 0.5)
    ]  # fmt: skip
    return 1 - float(np.mean(patch.get_facecolor()[:3]))


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    axes = confusion_axes(MATRIX, LABELS)
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(j, i): str(MATRIX[i][j]) for i in range(3) for j in range(3)}
    assert axes.get_ylabel() == "true class"
    assert axes.get_xlabel() == "predicted class"
    assert [label.get_text() for label in axes.get_yticklabels()] == LABELS
    assert [label.get_text() for label in axes.get_xticklabels()] == LABELS
    assert axes.get_xticks().tolist() == axes.get_yticks().tolist() == [0, 1, 2]
    (left, top), (right, bottom) = axes.transData.transform([(0, 0), (2, 2)])
    assert left < right
    assert top > bottom, "the first true class is on top"


def test_shades_are_shares_of_the_true_class() -> None:
    axes = confusion_axes([[5, 5], [0, 400]], ["a", "b"])
    assert shade(axes, 0, 0) == pytest.approx(shade(axes, 0, 1))
    assert shade(axes, 1, 1) > shade(axes, 0, 1) > shade(axes, 1, 0) == 0


def test_a_class_without_images_is_white() -> None:
    axes = confusion_axes([[3, 0], [0, 0]], ["a", "b"])
    assert shade(axes, 1, 0) == shade(axes, 1, 1) == 0


def test_zeros_are_quiet_and_numbers_readable() -> None:
    for text in confusion_axes([[90, 10, 0], [50, 50, 0], [0, 0, 1]], LABELS).texts:
        ink = float(np.mean(to_rgb(text.get_color())))
        assert ink in ((0, 1) if text.get_text() != "0" else (pytest.approx(0.6, abs=0.1),))


def test_long_and_odd_names_are_shortened_not_interpreted() -> None:
    axes = confusion_axes([[1, 0], [0, 1]], ["$\\frac{1}$ <b>\n& --", "n" * 80])
    price, long = axes.get_yticklabels()
    assert price.get_text() == "$\\frac{1}$ <b> & --"
    assert not price.get_parse_math()
    assert long.get_text().rstrip("…") == "n" * (len(long.get_text()) - 1)
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {45}
    drawn = confusion_plot([[1, 0], [0, 1]], ["$\\frac{1}$ <b>\n& --", "ქ" * 80])
    ET.fromstring(drawn.data)  # noqa: S314 - drawn here


def test_short_names_stand_level() -> None:
    assert {label.get_rotation() for label in confusion_axes(MATRIX, LABELS).get_xticklabels()} == {0}


@pytest.mark.parametrize(("n", "most"), [(2, 85), (3, 85), (7, 120), (12, 120), (16, 120)])
def test_a_confusion_plot_fits_the_page(n: int, most: float) -> None:
    picture = confusion_plot((np.eye(n, dtype=int) * 1234).tolist(), ["Long names of a class, " * 3] * n)
    assert picture.print_width <= 144
    assert picture.print_height <= most
    assert picture.height < picture.width * 1.1


def test_level_names_do_not_touch() -> None:
    for length in range(5, 20, 2):
        with house_style():
            figure = confusion_figure(np.eye(4, dtype=int).tolist(), ["m" * length] * 4)
            labels = figure.axes[0].get_xticklabels()
            boxes = [label.get_window_extent() for label in labels]
        if labels[0].get_rotation() == 0:
            assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        else:
            assert boxes[0].width > 16 / 25.4 * 72 * 0.6, "turned without need"


@pytest.mark.parametrize(("matrix", "labels"), [(MATRIX, LABELS[:2]), ([[1, 2]], ["a"]), ([], [])])
def test_matrices_that_do_not_match_their_labels_are_refused(
    matrix: list[list[int]], labels: list[str]
) -> None:
    with pytest.raises(ValueError, match=f"of {len(labels)} classes"):
        confusion_plot(matrix, labels)


LOSS, VAL_LOSS = [1.0, 0.6, 0.4, 0.3, 0.2], [1.1, 0.7, 0.5, 0.45, 0.5]
ACCURACY, VAL_ACCURACY = [0.5, 0.7, 0.8, 0.9, 1.0], [0.4, 0.6, 0.8, 0.85, 0.8]


def points(line: Any) -> list[tuple[float, float]]:
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def history_axes(best_epoch: int = 4) -> tuple[Axes, Axes]:
    with house_style():
        left, right = history_figure((LOSS, VAL_LOSS), (ACCURACY, VAL_ACCURACY), best_epoch).axes
    return left, right


def test_curves_are_drawn_from_epoch_one() -> None:
    for axes, training, validation in zip(
        history_axes(), (LOSS, ACCURACY), (VAL_LOSS, VAL_ACCURACY), strict=True
    ):
        curves = {line.get_label(): line for line in axes.lines}
        assert points(curves["training"]) == list(enumerate(training, 1))
        assert points(curves["validation"]) == list(enumerate(validation, 1))
        assert curves["training"].get_linestyle() == "-"
        assert curves["validation"].is_dashed()
        assert not curves["training"].is_dashed()
    assert [axes.get_ylabel() for axes in history_axes()] == ["cross-entropy loss", "accuracy"]


def test_the_best_epoch_is_marked_on_the_validation_curve() -> None:
    for axes, validation in zip(history_axes(4), (VAL_LOSS, VAL_ACCURACY), strict=True):
        (dot,) = (line for line in axes.lines if line.get_marker() == "o")
        assert points(dot) == [(4, validation[3])]
        assert [(4, 0), (4, 1)] in [points(line) for line in axes.lines]
        assert "best epoch: 4" in [text.get_text() for text in axes.texts]


def test_names_stand_at_the_ends_of_their_curves_without_overlap() -> None:
    with house_style():
        figure = history_figure((LOSS, VAL_LOSS), (ACCURACY, ACCURACY), 1)
        figure.canvas.draw()
        for axes in figure.axes:
            names = {text.get_text(): text.get_window_extent() for text in axes.texts}
            training, validation = names["training"], names["validation"]
            assert training.y1 <= validation.y0 or validation.y1 <= training.y0
            assert min(training.x0, validation.x0) > axes.get_window_extent().x1
        loss = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
        for name, end in (("training", LOSS[-1]), ("validation", VAL_LOSS[-1])):
            middle = (loss[name].y0 + loss[name].y1) / 2
            assert middle == pytest.approx(figure.axes[0].transData.transform((5, end))[1], abs=2)


@pytest.mark.parametrize("ends", [(0.5, 0.51), (0.51, 0.5)])
def test_names_keep_the_order_of_close_curves(ends: tuple[float, float]) -> None:
    training, validation = [0.9, ends[0]], [0.9, ends[1]]
    with house_style():
        axes = history_figure((training, validation), (training, validation), 1).axes[0]
        heights = {text.get_text(): text.get_window_extent().y0 for text in axes.texts}
    assert (heights["training"] > heights["validation"]) == (ends[0] > ends[1])


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_histories_of_any_length_fit_the_page(epochs: int) -> None:
    curve = np.linspace(0.9, 0.1, epochs).tolist()
    picture = history_plot(curve, curve, curve, curve, epochs)
    assert 138 < picture.print_width <= 144
    with house_style():
        figure = history_figure((curve, curve), (curve, curve), epochs)
        figure.canvas.draw()
        ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks
    assert all(tick.isdecimal() for tick in ticks)


@pytest.mark.parametrize(
    ("lengths", "best"), [((3, 3, 3, 2), 1), ((3, 3, 3, 3), 0), ((3, 3, 3, 3), 4), ((0,) * 4, 1)]
)
def test_impossible_histories_are_refused(lengths: tuple[int, int, int, int], best: int) -> None:
    first, second, third, fourth = ([0.5] * length for length in lengths)
    with pytest.raises(ValueError, match=f"best epoch {best}"):
        history_plot(first, second, third, fourth, best)


def drawing(svg: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements with their attributes, in order; white space in them is a separator."""
    return [
        (element.tag, {name: " ".join(value.split()) for name, value in element.attrib.items()})
        for element in ET.fromstring(svg).iter()  # noqa: S314 - our own
    ]


def test_the_picture_is_matplotlibs_own_without_what_lays_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[bytes] = []
    save = Figure.savefig

    def spy(self: Figure, buffer: Any, **options: Any) -> None:
        save(self, buffer, **options)
        whole.append(buffer.getvalue())

    monkeypatch.setattr(Figure, "savefig", spy)
    picture = confusion_plot(MATRIX, LABELS).data
    (own,) = whole
    assert drawing(picture) == drawing(own)
    assert len(drawing(own)) > 100
    assert len(picture) < 0.95 * len(own)
    assert b"\n" not in picture


def test_the_users_own_style_neither_shows_nor_suffers() -> None:
    drawn = confusion_plot(MATRIX, LABELS), history_plot(LOSS, VAL_LOSS, ACCURACY, VAL_ACCURACY, 4)
    assert b"<dc:date>" not in drawn[0].data
    with matplotlib.rc_context({"font.size": 30, "xtick.color": "red", "svg.hashsalt": "mine"}):
        again = confusion_plot(MATRIX, LABELS), history_plot(LOSS, VAL_LOSS, ACCURACY, VAL_ACCURACY, 4)
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["svg.hashsalt"] == "mine"
    assert again == drawn


def test_pyplot_is_never_imported() -> None:
    program = (
        "import sys; from reportgen.figures import filters, formula, plots;"
        "filters.filter_heatmap(__import__('numpy').eye(3)); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_page_knows_where_the_cells_of_the_matrix_are() -> None:
    with house_style():
        figure = confusion_figure(MATRIX, LABELS)
        (axes,), cut = figure.axes, figure.get_tightbbox().padded(0.5 / 72)
        # The outer edges of the cells, in inches of what is cut out.
        (left, top), (right, bottom) = axes.transData.transform([(-0.5, -0.5), (2.5, 2.5)]) / figure.dpi
    svg = confusion_plot(MATRIX, LABELS).data.decode()
    found = locate_grid(svg, 3)
    assert found is not None
    expected = [
        (left - cut.x0) / cut.width, (cut.y1 - top) / cut.height,
        (right - cut.x0) / cut.width, (cut.y1 - bottom) / cut.height,
    ]  # fmt: skip
    assert found.tolist() == pytest.approx(expected, abs=0.004)
    assert locate_grid(svg, 4) is None
