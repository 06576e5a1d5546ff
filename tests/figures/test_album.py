"""The figures of each section: how large they print, and what they must show at first sight."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_results import small_results

from reportgen.figures.figure import Figure, FigureData, Picture
from reportgen.outline.kind import find_kind

RESULTS = small_results()
IMAGES = [np.full((224, 224, 3), 128, np.uint8)] * 2
STIX = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf"


def pixels(picture: Picture) -> NDArray[np.int_]:
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)


def draw_section(
    name: str, numbers: Any, arrays: dict[str, NDArray[Any]], images: list[NDArray[np.uint8]]
) -> list[Figure]:
    """The figures of a section, each of which it declares."""
    section = find_kind().section(name)
    figures = list(section.require("figures", "draw")(FigureData(numbers, arrays, images)))
    assert [section.find_figure(figure.name) for figure in figures]
    return figures


def draw(section: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Figure]:
    figures = draw_section(section, getattr(RESULTS, section), arrays, IMAGES)
    return {figure.name: figure for figure in figures}


def stack(displayed: int, maps: NDArray[Any]) -> dict[str, Figure]:
    section = RESULTS.conv_stack.model_copy(update={"shown": displayed})
    arrays: dict[str, NDArray[Any]] = {
        f"maps_{n}_{i}": maps[..., :displayed] for n in (1, 2) for i in range(2)
    }
    kernels = np.random.default_rng(0).normal(size=(3, 3, 32, 64))
    arrays |= {"kernel_1": kernels[:, :, :1, :32], "kernel_2": kernels}
    return {figure.name: figure for figure in draw_section("conv_stack", section, arrays, IMAGES)}


@pytest.mark.parametrize(("displayed", "highest"), [(1, 76), (10, 76), (15, 110), (16, 76), (32, 110)])
def test_filters_and_maps_fit_the_page(displayed: int, highest: float) -> None:
    maps = np.random.default_rng(0).random((222, 222, 32))
    for name, figure in stack(displayed, maps).items():
        assert figure.picture.print_width <= 144, name
        assert figure.picture.print_height <= highest, name
        assert figure.picture.print_width >= 130 or displayed < 5 or name == "filters_1", name


def test_three_figures_of_ten_maps_fit_a_page_with_their_captions() -> None:
    height = stack(10, np.ones((222, 222, 10)))["maps_1_0"].picture.print_height
    # 251 mm, less three captions of two lines of 10 pt, with 1.3 times that from line to line.
    assert 3 * (height + 2 * 1.3 * 10 / 72 * 25.4) < 251


def test_signs_of_a_feature_map_survive_grey_print() -> None:
    signed = np.repeat(np.linspace(-2, 2, 222)[np.newaxis], 222, axis=0)
    arrays = {f"map_{i}": signed for i in range(2)} | {f"image_{i}": np.zeros((224, 224)) for i in range(2)}
    sheet = pixels(draw("convolution", arrays | {"filter": np.eye(3)})["maps"].picture)
    profile = sheet[200, 20:483].mean(axis=-1)
    # Darker below zero, lighter above, equally far from the grey of zero.
    assert all(left < right + 2 for left, right in pairwise(profile))
    assert profile[231] == pytest.approx(128, abs=2)
    assert profile[0] + profile[-1] == pytest.approx(255, abs=3)
    assert np.ptp(sheet[10:480, 10:480], axis=-1).max() <= 2, "no colour"


def test_inputs_have_270_dots_an_inch_where_they_are_printed() -> None:
    image = np.full((224, 224, 3), 128, np.uint8)
    neurons = draw("neurons", {"image_0": image, "image_1": image})
    guided = draw("guided_backprop", {f"gradients_{i}": np.ones((2, 224, 224, 3)) for i in range(2)})
    for figure, mm in ((neurons["neuron_input_0"], 62), (guided["guided_input_0"], 44)):
        assert figure.picture.width / (mm / 25.4) == pytest.approx(270, rel=0.05)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 12, 16, 30, 60])
def test_the_images_of_any_number_of_classes_fit_the_page(count: int) -> None:
    section = RESULTS.convolution.model_copy(
        update={"classes": {f"class {i}": RESULTS.convolution.classes["cat"] for i in range(count)}}
    )
    image, signed = np.zeros((224, 224)), np.ones((222, 222))
    arrays = {
        f"{name}_{i}": values for i in range(count) for name, values in (("image", image), ("map", signed))
    }
    for figure in draw_section("convolution", section, arrays | {"filter": np.eye(3)}, []):
        assert figure.picture.print_width <= 144
        assert figure.picture.print_height <= 225


def test_no_two_descriptions_are_the_same() -> None:
    image = np.full((224, 224, 3), 128, np.uint8)
    figures = [
        *draw("transfer", {"misclassified": image[np.newaxis]}).values(),
        *draw("neurons", {"image_0": image, "image_1": image}).values(),
        *stack(10, np.random.default_rng(0).random((222, 222, 10))).values(),
    ]
    assert len({figure.alt for figure in figures}) == len(figures) == 13
    assert all(figure.alt.endswith(".") for figure in figures)
