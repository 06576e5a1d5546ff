"""Guided gradients, by hand and against a second implementation, for every way to write a ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from guided_clone import gradient_of, guided_gradient

from reportgen.analysis.gradients import GuidedNetwork
from reportgen.analysis.whole import guide_network
from reportgen.models.backbone import Backbone, preprocess

X = np.array([5, 0, -5, 10], np.float32)
W = np.array([[2], [2], [2], [-2]], np.float32)
SHAPE = (9, 7, 3)


def conv(filters: int, *, activation: str | None = None, stride: int = 1) -> Any:
    return keras.layers.Conv2D(filters, 3, strides=stride, padding="same", activation=activation)


def by_activation() -> Any:
    layers = [conv(6, activation="relu"), conv(5, activation="relu"), conv(4, activation="relu")]
    return keras.Sequential([keras.Input(SHAPE), *layers])


def by_relu_layer() -> Any:
    layers = [conv(6), keras.layers.ReLU(), conv(5), keras.layers.ReLU(), conv(4), keras.layers.ReLU()]
    return keras.Sequential([keras.Input(SHAPE), *layers])


def by_activation_layer() -> Any:
    relus = [keras.layers.Activation("relu") for _ in range(3)]
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            conv(6),
            relus[0],
            keras.layers.MaxPooling2D(2),
            conv(5),
            relus[1],
            conv(4),
            relus[2],
        ]
    )


def by_operation() -> Any:
    image = keras.Input(SHAPE)
    signal = keras.ops.relu(conv(6)(image))
    signal = keras.ops.relu(conv(5, stride=2)(signal))
    return keras.Model(image, keras.ops.relu(conv(4)(signal)))


def by_nested_models() -> Any:
    innermost = keras.Sequential([keras.Input((9, 7, 6)), conv(5), keras.layers.ReLU()])
    image = keras.Input((9, 7, 6))
    inner = keras.Model(image, keras.ops.relu(conv(4)(innermost(image))))
    return keras.Sequential([keras.Input(SHAPE), conv(6, activation="relu"), inner])


def by_relu6() -> Any:
    """As MobileNetV2 has them, some of them saturated, and a nested model among them."""
    image = keras.Input(SHAPE)
    spread = keras.layers.Rescaling(3.0)(conv(8)(image))
    nested = keras.Sequential([keras.Input((*SHAPE[:2], 8)), conv(8), keras.layers.ReLU(max_value=6)])
    last = keras.layers.Rescaling(0.05)(conv(8)(nested(keras.layers.ReLU(6)(spread))))
    return keras.Model(image, keras.ops.relu6(last))


def by_dense_layers() -> Any:
    hidden = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(16, activation="relu")]
    layers = [conv(6, activation="relu"), keras.layers.Flatten(), *hidden]
    return keras.Sequential([keras.Input(SHAPE), *layers])


def randomised(network: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return network


def test_the_worked_example() -> None:
    """y = Σ w·relu(x): 0 and −5 did not pass the ReLU, and the gradient −2 at 10 is not passed back."""

    def network(x: Any) -> Any:
        return tf.matmul(tf.nn.relu(x), W)

    guided = GuidedNetwork(network, (4,), neurons=1)(X, [(0,)])

    np.testing.assert_array_equal(guided.gradients, [[2, 0, 0, 0]])
    np.testing.assert_array_equal(guided.values, [-10])
    assert (guided.relu_total, guided.relu_guided) == (1, 1)
    np.testing.assert_array_equal(gradient_of(network, X, (0,)), [2, 0, 0, -2])


def test_the_worked_example_on_keras_layers() -> None:
    dense = keras.layers.Dense(1, use_bias=False)
    network = keras.Sequential([keras.Input((4,)), keras.layers.ReLU(), dense])
    dense.set_weights([W])

    guided = GuidedNetwork(network, (4,), neurons=2)(X, [(0,), (0,)])

    np.testing.assert_array_equal(guided.gradients, [[2, 0, 0, 0], [2, 0, 0, 0]])


def test_two_paths_through_one_relu_are_added_before_they_are_judged() -> None:
    """relu(x) is used with 3 and with −1: together +2, which is passed; judged one by one it would be 3."""

    def network(x: Any) -> Any:
        passed = tf.nn.relu(x)
        return tf.reduce_sum(3.0 * passed - passed, axis=1, keepdims=True)

    guided = GuidedNetwork(network, (4,), neurons=1)(X, [(0,)])

    np.testing.assert_array_equal(guided.gradients, [[2, 0, 0, 2]])
    assert guided.relu_total == 1


def test_a_residual_connection_by_hand() -> None:
    """y = relu(x) − 2 relu(x − 4) + x: the second ReLU gets a negative gradient and passes nothing."""

    def network(x: Any) -> Any:
        return tf.nn.relu(x) - 2.0 * tf.nn.relu(x - 4.0) + x

    guided = GuidedNetwork(network, (4,), neurons=4)(X, [(k,) for k in range(4)])

    np.testing.assert_array_equal(guided.gradients, np.diag([2, 1, 1, 2]))
    np.testing.assert_array_equal(guided.values, [8, 0, -5, 8])
    assert (guided.relu_total, guided.relu_guided) == (2, 2)


@pytest.mark.long
@pytest.mark.parametrize(
    "build",
    [
        by_activation,
        by_relu_layer,
        by_activation_layer,
        by_operation,
        by_nested_models,
        by_relu6,
        by_dense_layers,
    ],
)
def test_every_way_to_write_a_relu_agrees_with_the_second_implementation(build: Callable[[], Any]) -> None:
    network = randomised(build(), seed=7)
    image = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    output = np.asarray(network(image[np.newaxis]))[0]
    positive = np.argwhere(output > 0)
    chosen = [tuple(int(i) for i in position) for position in positive[:: max(len(positive) // 4, 1)][:4]]
    silent = tuple(int(i) for i in np.argwhere(output == 0)[0])
    assert len(chosen) >= 2
    positions = [*chosen, silent]

    guided = GuidedNetwork(network, SHAPE, len(positions))(image, positions)

    assert (guided.relu_total, guided.relu_guided) == (3, 3)
    for k, position in enumerate(chosen):
        wanted = guided_gradient(network, image, position)
        scale = np.abs(wanted).max()
        assert scale > 0
        assert guided.values[k] == pytest.approx(output[position], rel=1e-5)
        np.testing.assert_allclose(guided.gradients[k], wanted, rtol=1e-4, atol=1e-5 * scale)
        plain = gradient_of(network, image, position)
        assert np.abs(plain - wanted).max() > 0.1 * scale  # so a plain gradient cannot pass
    np.testing.assert_array_equal(guided.gradients[-1], np.zeros(SHAPE))


def test_a_traced_network_answers_image_after_image() -> None:
    network = randomised(by_activation(), seed=2)
    traced = GuidedNetwork(network, SHAPE, 1)

    for seed in range(3):
        image = np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)
        position = tuple(int(i) for i in np.argwhere(np.asarray(network(image[np.newaxis]))[0] > 0)[seed])
        wanted = guided_gradient(network, image, position)
        np.testing.assert_allclose(
            traced(image, [position]).gradients[0], wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max()
        )


def test_a_relu_used_twice_counts_twice() -> None:
    relu = keras.layers.ReLU()

    guided = GuidedNetwork(lambda x: relu(relu(x) - 1.0), (4,), neurons=1)(X, [(3,)])

    assert (guided.relu_total, guided.relu_guided) == (2, 2)
    np.testing.assert_array_equal(guided.gradients, [[0, 0, 0, 1]])


def test_relus_beside_the_way_do_not_count() -> None:
    def network(x: Any) -> Any:
        tf.nn.relu(x)  # leads nowhere
        return tf.nn.relu(x) + tf.nn.relu(tf.constant([[1.0, -1.0, 2.0, -2.0]]))  # a constant's own

    assert GuidedNetwork(network, (4,), neurons=1)(X, [(0,)]).relu_total == 1


@pytest.mark.long
@pytest.mark.slow
def test_vgg19_agrees_with_the_second_implementation(backbone: Backbone) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    image = preprocess(pixels.repeat(8, axis=0).repeat(8, axis=1))  # patches, which excite more than noise
    output = backbone.convolutions(image[np.newaxis])[0].numpy()
    top = np.unravel_index(output.argmax(), output.shape)
    middle = np.unravel_index(np.argsort(output, axis=None)[-5000], output.shape)
    positions = [(int(i), int(j), int(k)) for i, j, k in (top, middle)]

    guided = GuidedNetwork(backbone.convolutions, image.shape, 2)(image, positions)
    in_windows = guide_network(backbone, "block5_conv4", 2)(image, positions)
    for found in (guided, in_windows):
        assert (found.relu_total, found.relu_guided) == (16, 16)
    for k, position in enumerate(positions):
        wanted = guided_gradient(backbone.convolutions, image, position)
        scale = np.abs(wanted).max()
        assert guided.values[k] == output[position] > 0
        assert in_windows.values[k] == pytest.approx(output[position], rel=1e-5)
        for found in (guided, in_windows):
            np.testing.assert_allclose(found.gradients[k], wanted, rtol=1e-3, atol=1e-5 * scale)
    plain = gradient_of(backbone.convolutions, image, positions[0])
    assert np.abs(plain - guided.gradients[0]).max() > 0.1 * np.abs(plain).max()
