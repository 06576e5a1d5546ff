"""Colour maps against CIE lightness and closed formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.figures.colour import diverging, grey_to_rgb, ink_on, sequential, signed_rgb


def lightness(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIE 1976 L*, 0 to 100, of sRGB pixels under D65."""
    encoded = rgb.astype(float) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126729, 0.7151522, 0.0721750])
    star: NDArray[np.float64] = np.where(
        luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27
    )
    return star


def test_grey_is_linear_and_clipped() -> None:
    values = np.array([[-1.0, 2.0, 2.5, 3.0, 9.0]])
    displayed = grey_to_rgb(values, 2, 3)
    assert displayed.shape == (1, 5, 3)
    assert displayed[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    assert (displayed == displayed[..., :1]).all()


def test_sequential_grows_steadily_lighter() -> None:
    ramp = lightness(sequential(np.linspace(-3, 5, 65)[np.newaxis], -3, 5))[0]
    assert (np.diff(ramp) > 0.5).all()
    # Perceptually uniform: each quarter of the range takes about a quarter of the lightness.
    quarters = np.diff(ramp[[0, 16, 32, 48, 64]]) / (ramp[-1] - ramp[0])
    assert quarters == pytest.approx([0.25] * 4, abs=0.04)


def test_sequential_clips_to_its_ends() -> None:
    low, below, high, above = sequential(np.array([[1.0, -7.0, 2.0, 70.0]]), 1, 2)[0]
    assert low.tolist() == below.tolist()
    assert high.tolist() == above.tolist()
    assert lightness(high) - lightness(low) > 70


def test_diverging_zero_is_neutral_and_nearly_white() -> None:
    zero = diverging(np.zeros((1, 1)), 0.7)[0, 0]
    assert len(set(zero.tolist())) == 1
    assert lightness(zero) > 96


def test_diverging_is_equally_dark_on_both_sides() -> None:
    values = np.linspace(0, 2, 101)[np.newaxis]
    positive, negative = lightness(diverging(values, 2))[0], lightness(diverging(-values, 2))[0]
    assert positive == pytest.approx(negative, abs=0.7)
    # Linear in the magnitude, so that grey print still shows it.
    wanted = np.linspace(positive[0], positive[-1], 101)
    assert positive == pytest.approx(wanted, abs=0.9)
    assert positive[0] - positive[-1] > 70


def test_diverging_is_red_above_zero_and_blue_below() -> None:
    for magnitude in (0.2, 0.5, 1.0):
        red, _, blue = diverging(np.array([[magnitude]]), 1)[0, 0].astype(int)
        assert red > blue + 10
        red, _, blue = diverging(np.array([[-magnitude]]), 1)[0, 0].astype(int)
        assert blue > red + 10


def test_signed_rgb_follows_the_formula_in_each_channel() -> None:
    gradient = np.array([[[0.0, 4.0, -4.0], [2.0, -2.0, 40.0]]])
    assert signed_rgb(gradient, 4).tolist() == [[[128, 255, 0], [191, 64, 255]]]


@pytest.mark.parametrize("limit", [0.0, 1e-30, 5.0])
def test_a_zero_gradient_is_uniform_mid_grey(limit: float) -> None:
    assert (signed_rgb(np.zeros((4, 5, 3), np.float32), limit) == 128).all()


def test_a_range_of_no_width_shows_one_colour() -> None:
    zeros = np.zeros((2, 2))
    assert (grey_to_rgb(zeros, 0, 0) == 0).all()
    assert (sequential(zeros, 0, 0) == sequential(zeros, 0, 1)).all()
    assert (diverging(zeros, 0) == diverging(zeros, 1)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    array = np.full((2, 2, 3), value)
    with pytest.raises(ValueError, match="finite"):
        signed_rgb(array, 1)
    with pytest.raises(ValueError, match="range"):
        diverging(np.zeros((2, 2)), value)


def test_reversed_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="3 … 2"):
        sequential(np.zeros((2, 2)), 3, 2)
    with pytest.raises(ValueError, match="range"):
        signed_rgb(np.zeros((2, 2, 3)), -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_number_types_do_not_matter(dtype: Any) -> None:
    values = np.array([[0, 1, 2, 3]], dtype)
    assert (sequential(values, 0, 3) == sequential(np.array([[0.0, 1, 2, 3]]), 0, 3)).all()


def test_ink_can_be_read_on_every_shade() -> None:
    # Known from WCAG: black and white are equally strong on a luminance of about 0.179.
    assert ink_on((0.45, 0.45, 0.45)) == "white"
    assert ink_on((0.47, 0.47, 0.47)) == "black"
    # Green is far lighter than blue of the same value.
    assert ink_on((0.0, 1.0, 0.0)) == "black"
    assert ink_on((0.0, 0.0, 1.0)) == "white"
