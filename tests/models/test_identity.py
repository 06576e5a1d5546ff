"""Identity convolutions: recognised, left out, and nothing changes; what only looks like one stays."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.models.backbone import Backbone, preprocess
from reportgen.models.identity import identity_convolution, is_identity, skip_identities

SIDE, CHANNELS = 6, 4


def conv(weights: list[NDArray[np.float32]], channels: int = CHANNELS, **options: Any) -> Any:
    layer = keras.layers.Conv2D(
        weights[0].shape[3], 3, **{"padding": "same", "activation": "relu", **options}
    )
    layer.build((None, SIDE, SIDE, channels))
    layer.set_weights(weights)
    return layer


def drawn(channels: int = CHANNELS) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return [
        rng.normal(size=(3, 3, channels, CHANNELS)).astype(np.float32),
        rng.normal(size=CHANNELS).astype(np.float32),
    ]


def nudged(index: tuple[int, ...], value: float) -> list[NDArray[np.float32]]:
    kernel, bias = identity_convolution(CHANNELS)
    kernel[index] = value
    return [kernel, bias]


def test_an_identity_convolution_returns_its_input() -> None:
    kernel, bias = identity_convolution(CHANNELS)
    signal = np.random.default_rng(0).random((1, 5, 6, CHANNELS)).astype(np.float32)

    np.testing.assert_array_equal(tf.nn.conv2d(signal, kernel, 1, "SAME") + bias, signal)
    assert is_identity(conv([kernel, bias]))


@pytest.mark.parametrize(
    "weights",
    [
        drawn(),
        nudged((1, 1, 2, 2), 1 + 2**-23),
        nudged((1, 1, 2, 2), 0),
        nudged((0, 1, 0, 0), 1e-30),
        nudged((1, 1, 0, 1), 1),
        [identity_convolution(CHANNELS)[0][::-1, :, :, ::-1], np.zeros(CHANNELS, np.float32)],
        [identity_convolution(CHANNELS)[0], np.array([0, 0, 1e-30, 0], np.float32)],
    ],
    ids=["drawn", "one bit", "missing", "a neighbour", "a second", "channels turned round", "bias"],
)
def test_what_is_nearly_an_identity_is_none(weights: list[NDArray[np.float32]]) -> None:
    assert not is_identity(conv(weights))


def run(layers: list[Any], images: NDArray[np.float32]) -> NDArray[np.float32]:
    for layer in layers:
        images = layer(images)
    return np.asarray(images)


def test_identities_behind_a_relu_are_left_out_and_nothing_changes() -> None:
    first, pool = conv(drawn(3), channels=3), keras.layers.MaxPooling2D(2)
    second, third = conv(identity_convolution(CHANNELS)), conv(identity_convolution(CHANNELS))
    layers = [first, second, pool, third, conv(drawn())]
    images = np.random.default_rng(1).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)

    kept = skip_identities(layers)

    assert kept == [first, pool, layers[4]]
    assert (run(layers[:1], images) == 0).any()  # the ReLU has something to do
    np.testing.assert_array_equal(run(kept, images), run(layers, images))


@pytest.mark.parametrize(
    "before",
    [[], [conv(drawn(3), channels=3, activation="linear")], [keras.layers.MaxPooling2D(2)]],
    ids=["the image itself", "no ReLU", "poolings only"],
)
def test_where_negative_values_may_come_its_relu_counts(before: list[Any]) -> None:
    channels = CHANNELS if before and before[0].weights else 3
    layers = [*before, conv(identity_convolution(channels), channels=channels)]
    images = np.random.default_rng(1).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)

    assert skip_identities(layers) == layers
    # As the oracle: without it, the values would be others.
    assert (run(layers, images) != run(before, images)).any()


@pytest.mark.parametrize("options", [{"padding": "valid"}, {"strides": 2}, {"activation": "tanh"}], ids=str)
def test_an_identity_kernel_that_changes_size_or_values_stays(options: dict[str, Any]) -> None:
    layers = [conv(drawn(3), channels=3), conv(identity_convolution(CHANNELS), **options)]

    assert skip_identities(layers) == layers


@pytest.mark.long
@pytest.mark.slow
def test_features_equal_those_of_the_whole_network(backbone: Backbone) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (4, 28, 28, 3), np.uint8)
    pixels = pixels.repeat(8, axis=1).repeat(8, axis=2)
    whole = tf.function(backbone.network, input_signature=[tf.TensorSpec([4, 224, 224, 3])], autograph=False)

    features = next(backbone.features(iter([pixels])))

    assert features.max() > 1
    np.testing.assert_array_equal(features, whole(tf.constant(preprocess(pixels))).numpy())
    left_out = set(backbone.network.layers[1:]) - set(skip_identities(backbone.network.layers[1:]))
    assert {layer.name for layer in left_out} == {f"block{n}_conv4" for n in (3, 4, 5)}


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (2, 3), (4, 1), (4, 5)], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"padding": "valid"}, {"strides": 2}, {"dilation_rate": 2}, {"dilation_rate": 3}], ids=str
)
def test_an_identity_is_what_hands_on_every_value(size: tuple[int, int], options: dict[str, Any]) -> None:
    """By applying the layer, for a kernel with its 1 at each of its places. Of an even kernel, before which
    'same' pads one pixel less than behind it, the middle is not where half its size is: red with that.
    """
    signal = np.random.default_rng(3).uniform(1, 2, (1, SIDE, SIDE, 2)).astype(np.float32)
    found = []
    for place in np.ndindex(size):
        layer = keras.layers.Conv2D(2, size, **{"padding": "same", "activation": "relu", **options})
        layer.build((None, SIDE, SIDE, 2))
        kernel = np.zeros((*size, 2, 2), np.float32)
        kernel[place] = np.eye(2)
        layer.set_weights([kernel, np.zeros(2, np.float32)])
        same = np.array_equal(np.asarray(layer(signal)), signal)
        assert is_identity(layer) == same, place
        found.append(same)
    # No test of nothing: where every position is computed, one place of each size hands its input on.
    if not options:
        assert sum(found) == 1
