"""Feature maps beside their input: each on its own scale, or all on one."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_results import small_results

from reportgen.figures.figure import FigureData
from reportgen.sections.conv_stack.figures import draw

PEAKS = (4.0, 1.0, 0.0)
"""The largest values of three maps; the third is silent."""

SIDE = 244
"""Six tiles and the gutters of 12 pixels between them are 1530 pixels, 144 mm at 270 dots an inch."""


def strip(*, shared: bool) -> NDArray[Any]:
    """The sheet of four tiles, of which each map is flat at its peak."""
    section = small_results().conv_stack.model_copy(
        update={"shown": 3, "shared_scale": shared, "files": {"cat": "test/x.jpg"}}
    )
    arrays = {
        f"maps_{n}_0": np.ones((20, 20, 1), np.float32) * np.array(PEAKS, np.float32) for n in (1, 2)
    } | {"kernel_1": np.ones((3, 3, 1, 32)), "kernel_2": np.ones((3, 3, 32, 64))}
    images = [np.full((224, 224, 3), (255, 0, 0), np.uint8)]
    figures = {figure.name: figure for figure in draw(FigureData(section, arrays, images))}
    return np.asarray(Image.open(io.BytesIO(figures["maps_1_0"].picture.data)).convert("RGB"), dtype=float)


def cividis(share: float) -> list[float]:
    return [255 * value for value in matplotlib.colormaps["cividis"](float(share))[:3]]


@pytest.mark.parametrize(("shared", "shares"), [(False, (1, 1, 0)), (True, (1, 0.25, 0))])
def test_a_map_ends_at_its_own_maximum_unless_all_share_one(shared: bool, shares: tuple[float, ...]) -> None:
    sheet = strip(shared=shared)
    for k, share in enumerate(shares, 1):
        np.testing.assert_allclose(sheet[100, k * (SIDE + 12) + 100], cividis(share), atol=6)


def test_the_input_comes_first_as_it_goes_in() -> None:
    # Pillow's luma of pure red is 76.
    np.testing.assert_allclose(strip(shared=False)[100, 100], [76] * 3, atol=3)


def test_the_scale_of_all_is_drawn_only_where_there_is_one() -> None:
    assert strip(shared=True).shape[0] > strip(shared=False).shape[0] + 30
