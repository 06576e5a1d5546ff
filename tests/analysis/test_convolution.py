"""The convolution and its size formula, against counting and against loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_numpy import slide

from reportgen.analysis.convolution import convolve, output_size
from reportgen.sections.convolution import analysis as analysis
from reportgen.sections.convolution.analysis import convolve_examples
from reportgen.sections.convolution.settings import Window


def count_positions(W1: int, F: int, P: int, S: int) -> int:
    """Try every start of the filter from the left edge of the padding on, and count those that fit."""
    starts = range(-P, W1 + P)
    return sum((start + P) % S == 0 and start + F <= W1 + P for start in starts)


@given(W1=st.integers(1, 40), F=st.integers(1, 11), P=st.integers(0, 6), S=st.integers(1, 6))
@settings(derandomize=True, max_examples=400)
def test_the_formula_counts_the_positions_of_the_filter(W1: int, F: int, P: int, S: int) -> None:
    assume(W1 + 2 * P >= F)

    assert output_size(W1, F, P, S) == count_positions(W1, F, P, S)


def test_the_formula_on_the_assignments_numbers() -> None:
    assert output_size(224, 3, 0, 1) == 222
    assert output_size(222, 3, 0, 1) == 220
    assert output_size(227, 11, 0, 4) == 55  # AlexNet's first layer (Krizhevsky et al. 2012)
    assert output_size(7, 3, 0, 3) == 2  # 7/3 − 1: the last pixel is left over


@pytest.mark.parametrize(("W1", "F", "P", "S"), [(2, 3, 0, 1), (4, 7, 1, 2), (5, 3, 0, 0), (5, 3, 0, -1)])
def test_a_filter_without_a_position_is_an_error(W1: int, F: int, P: int, S: int) -> None:
    with pytest.raises(ValueError, match=f"filter of {F} on {W1} pixels, padding {P}, stride {S}"):
        output_size(W1, F, P, S)


@given(
    height=st.integers(3, 9),
    width=st.integers(3, 9),
    channels=st.integers(1, 3),
    size=st.integers(1, 4),
    padding=st.integers(0, 3),
    stride=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_convolution_is_the_sliding_sum(
    height: int, width: int, channels: int, size: int, padding: int, stride: int, seed: int
) -> None:
    assume(min(height, width) + 2 * padding >= size)
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(height, width, channels)).astype(np.float32)
    kernel = rng.normal(size=(size, size, channels, 2)).astype(np.float32)

    maps = convolve(image, kernel, stride, padding)

    assert maps.dtype == np.float32
    assert maps.shape == (
        count_positions(height, size, padding, stride),
        count_positions(width, size, padding, stride),
        2,
    )
    np.testing.assert_allclose(maps, slide(image, kernel, stride, padding), rtol=1e-5, atol=1e-5)


def test_the_filter_is_not_flipped() -> None:
    image = np.zeros((5, 4, 1), np.float32)
    image[3, 1] = 1  # one bright pixel puts the filter, turned by 180°, around itself
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)

    maps = convolve(image, kernel, padding=1)[..., 0]

    np.testing.assert_array_equal(
        maps, [[0, 0, 0, 0], [0, 0, 0, 0], [9, 8, 7, 0], [6, 5, 4, 0], [3, 2, 1, 0]]
    )


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
def test_each_class_gets_the_map_of_its_own_image(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    images = {label: rng.random(shape).astype(np.float32) for label in ("cat", "ant")}
    channels = 1 if len(shape) == 2 else 3

    result = convolve_examples(images, {"cat": "c.png", "ant": "a.png"}, seed=4, window=Window())

    kernel = np.array(result.numbers.filter).reshape(3, 3, channels, 1)
    for i, (label, image) in enumerate(images.items()):
        wanted = slide(image.reshape(9, 7, channels), kernel)[..., 0]
        np.testing.assert_allclose(result.arrays[f"map_{i}"], wanted, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(result.arrays[f"image_{i}"], image)
        assert result.numbers.classes[label].file == {"cat": "c.png", "ant": "a.png"}[label]
    assert np.array(result.numbers.filter).shape == ((3, 3) if channels == 1 else (3, 3, 3))
    assert result.numbers.init_check.fan_in == 9 * channels
    assert result.numbers.colour == (channels == 3)
    assert result.numbers.expected_shape == [7, 5]
    assert result.numbers.matches


def test_the_filter_follows_the_seed() -> None:
    images = {"cat": np.ones((224, 224), np.float32)}
    filters = [
        convolve_examples(images, {"cat": "c.png"}, seed, Window()).numbers.filter for seed in (1, 1, 2)
    ]

    assert filters[0] == filters[1] != filters[2]


def test_a_map_of_another_size_than_the_formulas_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    images = {"cat": np.ones((224, 224), np.float32)}
    honest = convolve_examples(images, {"cat": "c.png"}, 1, Window()).numbers
    monkeypatch.setattr(
        analysis, "convolve", lambda image, kernel, stride, _: convolve(image, kernel, stride, 1)
    )

    padded = convolve_examples(images, {"cat": "c.png"}, 1, Window()).numbers

    assert honest.classes["cat"].observed_shape == honest.expected_shape == [222, 222]
    assert honest.matches
    assert padded.classes["cat"].observed_shape == [224, 224]
    assert padded.expected_shape == [222, 222]
    assert not padded.classes["cat"].matches
    assert not padded.matches


GREY_5_2_1 = Window(filter_size=5, stride=2, padding=1)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(), [222, 222]),
        # By hand: 224 − 5 + 2 = 221 = 2 · 110 + 1; the remainder is lost.
        (GREY_5_2_1, [111, 111]),
        (Window(filter_size=1), [224, 224]),
        (Window(filter_size=4, stride=4), [56, 56]),
        (Window(filter_size=7, stride=3, padding=2), [74, 74]),  # 221 = 3 · 73 + 2
        (Window(filter_size=31, stride=31, padding=31), [9, 9]),  # 255 = 31 · 8 + 7
        (Window(filter_size=2, padding=1), [225, 225]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_other_windows_give_other_sizes(window: Window, expected: list[int], channels: int) -> None:
    images = {"cat": np.ones((224, 224) if channels == 1 else (224, 224, 3), np.float32)}

    numbers = convolve_examples(images, {"cat": "c.png"}, 1, window).numbers

    assert numbers.expected_shape == numbers.classes["cat"].observed_shape == expected
    assert numbers.matches
    size = window.filter_size
    assert np.array(numbers.filter).shape == ((size, size) if channels == 1 else (size, size, 3))
    assert numbers.init_check.sigma_expected == pytest.approx((2 / (size * size * channels)) ** 0.5)
    assert numbers.init_check.redrawn
    assert (numbers.filter_size, numbers.stride, numbers.padding) == (size, window.stride, window.padding)


@pytest.mark.parametrize("shape", [(11, 8), (11, 8, 3)])
def test_the_map_of_a_strided_and_padded_filter_is_the_sliding_sum(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(2).random(shape).astype(np.float32)

    result = convolve_examples({"cat": image}, {"cat": "c.png"}, 4, GREY_5_2_1)

    kernel = np.array(result.numbers.filter).reshape(5, 5, -1, 1)
    wanted = slide(image.reshape(11, 8, -1), kernel, stride=2, padding=1)[..., 0]
    assert wanted.shape == (5, 3)
    np.testing.assert_allclose(result.arrays["map_0"], wanted, rtol=1e-5, atol=1e-5)
