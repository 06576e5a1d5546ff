"""Two layers of convolution and ReLU, against loops."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from plain_numpy import slide

from reportgen.sections.conv_stack import analysis as conv_stack
from reportgen.sections.conv_stack.analysis import apply_stack, stack_layers
from reportgen.sections.conv_stack.comparison import read_choices
from reportgen.sections.conv_stack.settings import Stack

LAYERS = Stack().layers
FILES = {"cat": "c.png", "ant": "a.png"}


def images_of(*shape: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(3)
    return {label: rng.random(shape).astype(np.float32) for label in FILES}


def layer_by_layer(image: NDArray[Any], kernels: list[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
    maps = []
    for kernel in kernels:
        image = np.maximum(slide(image, kernel), 0)
        maps.append(image)
    return maps


@pytest.mark.parametrize("channels", [1, 3])
def test_the_stack_is_convolution_and_relu_twice(channels: int) -> None:
    rng = np.random.default_rng(channels)
    image = rng.normal(size=(8, 6, channels))
    kernels = [rng.normal(size=shape).astype(np.float32) for shape in [(3, 3, channels, 4), (3, 3, 4, 5)]]

    outputs = apply_stack(image, kernels, LAYERS)

    assert [output.shape for output in outputs] == [(6, 4, 4), (4, 2, 5)]
    for output, wanted in zip(outputs, layer_by_layer(image, kernels), strict=True):
        assert (wanted == 0).any()  # else a missing ReLU could not show
        np.testing.assert_allclose(output, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(7, 8), (7, 8, 3)])
def test_the_kept_maps_are_those_of_the_reported_kernels(shape: tuple[int, ...]) -> None:
    images, channels = images_of(*shape), 1 if len(shape) == 2 else 3

    result = stack_layers(images, FILES, layers=LAYERS, displayed=4, seed=9)

    kernels = [result.arrays[f"kernel_{n}"] for n in (1, 2)]
    assert [kernel.shape for kernel in kernels] == [(3, 3, channels, 32), (3, 3, 32, 64)]
    for i, image in enumerate(images.values()):
        for n, wanted in enumerate(layer_by_layer(image.reshape(7, 8, channels), kernels), 1):
            maps = result.arrays[f"maps_{n}_{i}"]
            np.testing.assert_allclose(maps, wanted[..., :4], rtol=1e-4, atol=1e-5)
    assert result.numbers.files == FILES
    assert result.numbers.colour == (channels == 3)


@pytest.mark.parametrize(("shape", "channels"), [((224, 224), 1), ((224, 224, 3), 3)])
def test_the_assignments_shapes(shape: tuple[int, ...], channels: int) -> None:
    result = stack_layers(images_of(*shape), FILES, layers=LAYERS, displayed=10, seed=9)

    first, second = result.numbers.layers
    assert (first.kernel_shape, first.filters) == ([3, 3, channels, 32], 32)
    assert (second.kernel_shape, second.filters) == ([3, 3, 32, 64], 64)
    assert first.input_shape == [224, 224, channels]
    assert first.expected_shape == first.observed_shape == second.input_shape == [222, 222, 32]
    assert second.expected_shape == second.observed_shape == [220, 220, 64]
    assert first.init_check.fan_in == 9 * channels
    assert second.init_check.fan_in == 288
    assert (first.stride, first.padding) == (second.stride, second.padding) == (1, 0)
    assert result.numbers.matches
    assert result.arrays["maps_1_1"].shape == (222, 222, 10)
    assert result.arrays["maps_2_0"].shape == (220, 220, 10)


def test_the_kernels_follow_the_seed() -> None:
    one, same, other = (
        stack_layers(images_of(6, 6), FILES, layers=LAYERS, displayed=1, seed=seed) for seed in (1, 1, 2)
    )

    for key in ("kernel_1", "kernel_2"):
        np.testing.assert_array_equal(one.arrays[key], same.arrays[key])
        assert (one.arrays[key] != other.arrays[key]).all()


def padded_stack(
    image: NDArray[Any], kernels: list[NDArray[np.float32]], _layers: Any
) -> list[NDArray[np.float32]]:
    outputs, signal = [], image[np.newaxis]
    for kernel in kernels:
        signal = np.asarray(keras.ops.conv(signal, kernel, padding="same"))
        outputs.append(signal[0])
    return outputs


def test_a_padded_stack_does_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_stack, "apply_stack", padded_stack)

    result = stack_layers(images_of(24, 24), FILES, layers=LAYERS, displayed=1, seed=1).numbers

    assert not result.matches
    assert [layer.observed_shape for layer in result.layers] == [[24, 24, 32], [24, 24, 64]]
    assert [layer.expected_shape for layer in result.layers] == [[22, 22, 32], [20, 20, 64]]
    assert [layer.matches for layer in result.layers] == [False, False]


def test_one_image_with_another_shape_is_enough_not_to_match(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def second_padded(
        image: NDArray[Any], kernels: list[NDArray[np.float32]], layers: Any
    ) -> list[NDArray[np.float32]]:
        calls.append(1)
        return (apply_stack if len(calls) == 1 else padded_stack)(image, kernels, layers)

    monkeypatch.setattr(conv_stack, "apply_stack", second_padded)

    result = stack_layers(images_of(24, 24), FILES, layers=LAYERS, displayed=1, seed=1).numbers

    assert [layer.matches for layer in result.layers] == [False, False]
    assert result.layers[0].observed_shape == [24, 24, 32]


OTHER = Stack(filters=(3, 5), filter_size=(5, 2), stride=(2, 3), padding=(1, 2))


@pytest.mark.parametrize(
    ("stack", "first", "second"),
    [
        # By hand: 224 − 5 + 2 = 221 = 2 · 110 + 1, so 111; 111 − 2 + 4 = 113 = 3 · 37 + 2, so 38.
        (OTHER, [111, 111, 3], [38, 38, 5]),
        (Stack(filter_size=(11, 5), stride=(4, 1), padding=(0, 2)), [54, 54, 32], [54, 54, 64]),
        (Stack(filters=(1, 1), filter_size=(2, 1), padding=(31, 0)), [285, 285, 1], [285, 285, 1]),
    ],
)
def test_other_layers_give_other_sizes(stack: Stack, first: list[int], second: list[int]) -> None:
    numbers = stack_layers(images_of(224, 224, 3), FILES, layers=stack.layers, displayed=1, seed=1).numbers

    assert [layer.expected_shape for layer in numbers.layers] == [first, second]
    assert [layer.observed_shape for layer in numbers.layers] == [first, second]
    assert numbers.matches
    assert numbers.layers[1].input_shape == first
    sizes, depths = stack.filter_size, (3, stack.filters[0])
    for layer, size, depth in zip(numbers.layers, sizes, depths, strict=True):
        assert layer.kernel_shape == [size, size, depth, layer.filters]
        assert layer.init_check.sigma_expected == pytest.approx((2 / (size * size * depth)) ** 0.5)
        assert layer.init_check.redrawn
    assert read_choices(numbers, None)["conv_stack"] == {
        key: list(value) for key, value in stack.model_dump().items()
    }


def test_maps_of_strided_and_padded_layers_are_sliding_sums() -> None:
    images = images_of(14, 11)

    result = stack_layers(images, FILES, layers=OTHER.layers, displayed=4, seed=9)

    first = np.maximum(slide(images["ant"][..., np.newaxis], result.arrays["kernel_1"], 2, 1), 0)
    second = np.maximum(slide(first, result.arrays["kernel_2"], 3, 2), 0)
    assert first.shape == (6, 5, 3)  # all three: there are no more to be shown
    assert second.shape == (3, 3, 5)
    np.testing.assert_allclose(result.arrays["maps_1_1"], first, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(result.arrays["maps_2_1"], second[..., :4], rtol=1e-4, atol=1e-5)
    assert [len(layer.maxima["ant"]) for layer in result.numbers.layers] == [3, 4]
