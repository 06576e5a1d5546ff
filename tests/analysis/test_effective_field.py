"""Boxes of energy and of area, on gradients whose answer is plain to see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.analysis.neurons import area_share, effective_field, energy_inside, overlaps
from reportgen.results import Box

FALLBACK = Box(rows=(3, 7), cols=(2, 9))


def gradient_of(energy: NDArray[np.float64]) -> NDArray[np.float32]:
    """A gradient (H, W, 2) whose squares add up to ``energy`` over channels, with mixed signs."""
    root = np.sqrt(energy)
    return np.stack([-0.6 * root, 0.8 * root], axis=2).astype(np.float32)


def test_one_pixel_is_its_own_field() -> None:
    energy = np.zeros((12, 10))
    energy[4, 7] = 9

    patch = effective_field(gradient_of(energy), FALLBACK)

    assert (patch.rows, patch.cols) == ((4, 5), (7, 8))
    assert patch.energy_share == 1


def test_uniform_energy_keeps_the_middle_nine_tenths() -> None:
    # Of 50 rows the 3rd takes the sum over 5 %, the 48th over 95 %; of 30 columns the 2nd and the 29th.
    patch = effective_field(gradient_of(np.ones((50, 30))), FALLBACK)

    assert (patch.rows, patch.cols) == ((2, 48), (1, 29))
    assert patch.energy_share == pytest.approx(46 * 28 / 1500)


def test_two_pixels_span_the_box_between_them() -> None:
    energy = np.zeros((12, 20))
    energy[9, 3], energy[2, 15] = 1, 1

    patch = effective_field(gradient_of(energy), FALLBACK)

    assert (patch.rows, patch.cols) == ((2, 10), (3, 16))
    assert patch.energy_share == pytest.approx(1)


@pytest.mark.parametrize(("faint", "rows", "share"), [(4.0, (5, 6), 0.96), (6.0, (1, 6), 1.0)])
def test_less_than_a_twentieth_of_the_energy_is_left_outside(
    faint: float, rows: tuple[int, int], share: float
) -> None:
    energy = np.zeros((8, 8))
    energy[1, 2], energy[5, 2] = faint, 100 - faint

    patch = effective_field(gradient_of(energy), FALLBACK)

    assert (patch.rows, patch.cols) == (rows, (2, 3))
    assert patch.energy_share == pytest.approx(share)


def test_energy_is_the_sum_of_squares_over_the_channels() -> None:
    gradient = np.zeros((6, 6, 3), np.float32)
    gradient[1, 1] = [0, 0, -30]  # energy 900
    gradient[4, 2] = [4, -4, 4]  # energy 48: 5.06 % of the whole, 28.6 % by absolute values
    outside = np.zeros((6, 6, 3), np.float32)
    outside[1, 1] = [0, 0, -30]
    outside[4, 2] = [3, -3, 3]  # energy 27: 2.9 %, though 23 % by absolute values

    assert effective_field(gradient, FALLBACK).rows == (1, 5)
    assert effective_field(outside, FALLBACK).rows == (1, 2)


def test_rows_and_columns_keep_their_places() -> None:
    energy = np.zeros((9, 11))
    energy[2:4, 5:10] = 1

    patch = effective_field(gradient_of(energy), FALLBACK)

    assert (patch.rows, patch.cols) == ((2, 4), (5, 10))


def test_a_zero_gradient_falls_back_to_the_receptive_field() -> None:
    patch = effective_field(np.zeros((12, 10, 3), np.float32), FALLBACK)

    assert (patch.rows, patch.cols) == (FALLBACK.rows, FALLBACK.cols)
    assert patch.energy_share is None


def test_tiny_gradients_do_not_vanish() -> None:
    gradient = np.zeros((5, 5, 1), np.float32)
    gradient[3, 1] = 1e-30  # its square is zero in float32

    patch = effective_field(gradient, FALLBACK)

    assert (patch.rows, patch.cols, patch.energy_share) == ((3, 4), (1, 2), 1)


def test_the_share_of_energy_in_a_box() -> None:
    gradient = np.zeros((6, 8, 3), np.float32)
    gradient[1, 6] = [1, -2, 2]  # 9
    gradient[4, 2] = [0, 4, 0]  # 16
    gradient[5, 7] = [5, 0, 0]  # 25

    assert energy_inside(gradient, Box(rows=(1, 2), cols=(6, 7))) == pytest.approx(9 / 50)
    assert energy_inside(gradient, Box(rows=(0, 5), cols=(0, 8))) == pytest.approx(25 / 50)
    assert energy_inside(gradient, Box(rows=(4, 6), cols=(2, 8))) == pytest.approx(41 / 50)
    assert energy_inside(gradient, Box(rows=(6, 8), cols=(1, 2))) == 0  # rows and columns swapped
    assert energy_inside(gradient, None) is None
    assert energy_inside(np.zeros_like(gradient), Box(rows=(0, 6), cols=(0, 8))) is None


def test_the_share_of_the_area() -> None:
    assert area_share(Box(rows=(0, 224), cols=(0, 224))) == 1
    assert area_share(Box(rows=(10, 122), cols=(3, 59))) == pytest.approx(112 * 56 / 50176)
    assert area_share(Box(rows=(0, 2), cols=(1, 4)), side=10) == pytest.approx(0.06)
    assert area_share(None) is None


@pytest.mark.parametrize(
    ("rows", "cols", "wanted"),
    [
        ((12, 14), (22, 24), True),  # inside
        ((0, 40), (0, 40), True),  # around
        ((19, 30), (29, 40), True),  # one pixel in common
        ((20, 30), (22, 24), False),  # touching below
        ((0, 10), (22, 24), False),  # touching above
        ((12, 14), (30, 40), False),  # touching at the right
        ((12, 14), (0, 20), False),  # touching at the left
        ((22, 28), (12, 18), False),  # overlapping if rows and columns were swapped
    ],
)
def test_boxes_overlap_if_they_share_a_pixel(
    rows: tuple[int, int], cols: tuple[int, int], wanted: bool
) -> None:
    box, other = Box(rows=(10, 20), cols=(20, 30)), Box(rows=rows, cols=cols)

    assert overlaps(box, other) is wanted
    assert overlaps(other, box) is wanted
