"""Frames and crops, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label as connected

from reportgen.figures.overlay import crop, with_boxes
from reportgen.results import Box

GREY = 128


def grey(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), GREY, np.uint8)


def box(top: int, bottom: int, left: int, right: int) -> Box:
    # Some of these are no boxes of an image, which the type itself would refuse.
    return Box.model_construct(rows=(top, bottom), cols=(left, right))


def test_a_crop_is_a_slice() -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
    cut = crop(image, box(2, 5, 7, 19))
    assert (cut == image[2:5, 7:19]).all()
    cut[:] = 0
    assert image[2:5, 7:19].any()


@pytest.mark.parametrize("bad", [(0, 13, 0, 5), (-1, 5, 0, 5), (0, 5, 4, 21), (3, 3, 0, 5), (0, 5, 6, 2)])
def test_boxes_outside_the_image_are_refused(bad: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="12 × 20"):
        crop(grey(12, 20), box(*bad))
    with pytest.raises(ValueError, match="12 × 20"):
        with_boxes(grey(12, 20), [(box(*bad), "1")], 2)


def test_the_image_is_enlarged_and_otherwise_left_alone() -> None:
    image = grey(10, 20)
    image[:5, 10:] = (200, 40, 0)
    displayed = with_boxes(image, [], 4)
    assert displayed.shape == (40, 80, 3)
    assert displayed.dtype == np.uint8
    assert displayed[8, 60].tolist() == [200, 40, 0]
    assert displayed[8, 20].tolist() == displayed[32, 60].tolist() == [GREY] * 3


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_a_frame_fills_its_box_to_the_pixel(scale: int) -> None:
    displayed = with_boxes(grey(60, 90), [(box(10, 30, 35, 85), "")], scale)
    rows, columns = np.nonzero((displayed != GREY).any(axis=-1))
    assert (rows.min(), rows.max() + 1) == (10 * scale, 30 * scale)
    assert (columns.min(), columns.max() + 1) == (35 * scale, 85 * scale)
    inside = displayed[15 * scale : 25 * scale, 40 * scale : 80 * scale]
    assert (inside == GREY).all()


def test_a_frame_is_a_dark_line_between_white_ones() -> None:
    displayed = with_boxes(grey(60, 90), [(box(10, 50, 20, 80), "1")], 3)[..., 0]
    profile = [255] + [17] * 4 + [255]
    row, column = 120, 200
    assert displayed[29:37, column].tolist() == [GREY, *profile, GREY]
    assert displayed[143:151, column].tolist() == [GREY, *profile, GREY]
    assert displayed[row, 59:67].tolist() == [GREY, *profile, GREY]
    assert displayed[row, 233:241].tolist() == [GREY, *profile, GREY]
    # 672 pixels of an input are printed 62 mm wide.
    assert 0.35 <= 4 / 672 * 62 <= 0.5


def test_labelled_frames_are_solid_and_others_dashed() -> None:
    location = box(10, 50, 20, 80)
    solid, dashed = (with_boxes(grey(60, 90), [(location, name)], 3)[..., 0] for name in ("1", ""))
    # The middle of the lower line, away from the badge.
    assert (solid[146, 100:237] == 17).all()
    line = dashed[146, 61:239]
    assert set(line.tolist()) == {17, 255}
    assert line[0] == line[-1] == 17
    assert 0.4 < (line == 17).mean() < 0.75
    runs = np.flatnonzero(np.diff(line.astype(int)))
    assert len(runs) >= 10
    assert (dashed[30, 60:240] == 255).all(), "the halo has no gaps"


def test_a_badge_marks_a_corner_of_its_box() -> None:
    location = box(10, 50, 20, 80)
    plain, labelled = (with_boxes(grey(60, 90), [(location, name)], 3) for name in ("", "7"))
    outside = np.ones(plain.shape[:2], bool)
    outside[30:150, 60:240] = False
    assert (plain[outside] == GREY).all()
    rows, columns = np.nonzero((labelled != GREY).any(axis=-1) & outside)
    assert abs(rows.mean() - 30) < 15
    assert abs(columns.mean() - 60) < 15
    disc = labelled[20:40, 50:70]
    assert (disc < 60).all(axis=-1).any(), "the digit"
    assert (disc > 250).all(axis=-1).any(), "its ground"


def test_numbers_print_at_eight_points() -> None:
    displayed = with_boxes(grey(224, 224), [(box(90, 140, 90, 140), "1")], 3)[..., 0]
    across = displayed[252:289, 270] < 100
    # From the middle of the digit to the light above and below it.
    rows = np.flatnonzero(~across) - 18
    height = rows[rows > 0].min() - rows[rows < 0].max() - 1
    # Digits of Times-like faces are 0.68 em high; 672 pixels are 62 mm.
    assert height / 0.68 / 672 * 62 / 25.4 * 72 == pytest.approx(8, abs=0.4)


def test_the_badges_of_equal_boxes_do_not_hide_each_other() -> None:
    location = box(30, 80, 40, 90)
    displayed = with_boxes(grey(110, 130), [(location, str(n)) for n in range(1, 6)], 3)
    outside = np.ones(displayed.shape[:2], bool)
    outside[90:240, 120:270] = False
    assert connected((displayed != GREY).any(axis=-1) & outside)[1] == 5


def test_a_badge_stays_in_the_image() -> None:
    displayed = with_boxes(grey(60, 60), [(box(0, 60, 0, 60), "1")], 3)
    # A disc of about 37 pixels in the corner reaches to here; one centred on the corner would not.
    assert (displayed[26, 26] != GREY).any()
    assert (displayed[50, 50] == GREY).all()


def test_tiny_boxes_and_images_are_drawn() -> None:
    displayed = with_boxes(grey(9, 9), [(box(4, 5, 4, 5), "")], 3)
    rows, columns = np.nonzero((displayed != GREY).any(axis=-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 14, 12, 14)
    assert with_boxes(grey(1, 1), [(box(0, 1, 0, 1), "12")], 3).shape == (3, 3, 3)


def test_equal_calls_give_equal_pixels() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    frames = [(box(0, 40, 0, 40), ""), (box(5, 20, 3, 30), "1")]
    assert (with_boxes(image, frames, 3) == with_boxes(image, frames, 3)).all()
