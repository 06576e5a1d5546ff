"""The architecture's receptive field: a table of numbers, and the support of real gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.neurons import layer_geometries, receptive_field
from reportgen.results import FieldGeometry

# Size r, stride S and padding P in input pixels, by the closed formula of Araujo, Norris & Sim 2019,
# "Computing Receptive Fields of Convolutional Neural Networks", Distill. Their table's rows of VGG-16
# follow from the same sums.
TABLE = {
    "block1_conv1": (3, 1, 1),
    "block1_conv2": (5, 1, 2),
    "block1_pool": (6, 2, 2),
    "block2_conv1": (10, 2, 4),
    "block2_conv2": (14, 2, 6),
    "block2_pool": (16, 4, 6),
    "block3_conv1": (24, 4, 10),
    "block3_conv2": (32, 4, 14),
    "block3_conv3": (40, 4, 18),
    "block3_conv4": (48, 4, 22),
    "block3_pool": (52, 8, 22),
    "block4_conv1": (68, 8, 30),
    "block4_conv2": (84, 8, 38),
    "block4_conv3": (100, 8, 46),
    "block4_conv4": (116, 8, 54),
    "block4_pool": (124, 16, 54),
    "block5_conv1": (156, 16, 70),
    "block5_conv2": (188, 16, 86),
    "block5_conv3": (220, 16, 102),
    "block5_conv4": (252, 16, 118),
    "block5_pool": (268, 32, 118),
}
CORNERS_AND_INSIDE = {
    "block1_conv1": [(0, 0), (223, 0), (57, 101)],
    "block1_conv2": [(0, 223), (1, 220)],
    "block2_pool": [(0, 0), (55, 55), (20, 31)],
    "block3_conv4": [(0, 55), (30, 12)],
    "block4_conv1": [(27, 0), (13, 9)],
    "block5_conv1": [(0, 0), (5, 7)],
    "block5_conv4": [(0, 0), (0, 13), (13, 0), (13, 13), (6, 7), (1, 9)],
    "block5_pool": [(0, 6), (6, 0), (3, 2)],
}


@pytest.fixture(scope="module")
def vgg19() -> Any:
    return keras.applications.VGG19(weights=None, include_top=False, input_shape=(224, 224, 3))


@pytest.fixture(scope="module")
def layers_seen(vgg19: Any) -> tuple[Any, dict[str, Any]]:
    """An image, and each layer's output for it in a clone of VGG19 whose gradient is never zero by chance:
    two channels, positive weights, no ReLU, average pooling; windows, strides and padding as in VGG19.
    """
    rng = np.random.default_rng(0)
    image = tf.ones((1, 224, 224, 3))
    signal, outputs = image, {}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(image)
        for layer in vgg19.layers[1:]:
            if isinstance(layer, keras.layers.Conv2D):
                kernel = rng.uniform(0.5, 1.5, (*layer.kernel_size, int(signal.shape[-1]), 2)) / 9
                signal = tf.nn.conv2d(signal, kernel.astype(np.float32), layer.strides, layer.padding.upper())
            else:
                signal = tf.nn.avg_pool2d(signal, layer.pool_size, layer.strides, layer.padding.upper())
            outputs[layer.name] = signal
    return image, {"tape": tape, **outputs}


def support(layers_seen: tuple[Any, dict[str, Any]], name: str, row: int, column: int) -> NDArray[np.bool_]:
    """Which pixels have any influence on the neuron, by its gradient."""
    image, outputs = layers_seen
    seed = np.zeros(outputs[name].shape, np.float32)
    seed[0, row, column, 0] = 1
    gradient = outputs["tape"].gradient(outputs[name], image, output_gradients=tf.constant(seed))
    return np.asarray((gradient[0].numpy() != 0).any(axis=2))


def test_the_table_row_by_row(vgg19: Any) -> None:
    geometries = layer_geometries(vgg19.layers)

    found = {name: (g.size, g.stride, g.padding) for name, g in geometries.items() if name in TABLE}
    assert found == TABLE
    inputs = geometries[vgg19.layers[0].name]
    assert (inputs.size, inputs.stride, inputs.padding) == (1, 1, 0)


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [(name, *position) for name, positions in CORNERS_AND_INSIDE.items() for position in positions],
)
def test_the_box_is_the_support_of_the_gradient(
    vgg19: Any, layers_seen: tuple[Any, dict[str, Any]], name: str, row: int, column: int
) -> None:
    box = receptive_field(layer_geometries(vgg19.layers)[name], row, column)

    inside = np.zeros((224, 224), bool)
    inside[slice(*box.rows), slice(*box.cols)] = True
    np.testing.assert_array_equal(support(layers_seen, name, row, column), inside)


def test_no_neuron_of_the_explained_layer_sees_an_unclipped_field() -> None:
    geometry = FieldGeometry(size=252, stride=16, padding=118)

    for index in range(14):
        box = receptive_field(geometry, index, 13 - index)
        assert box.rows == (max(16 * index - 118, 0), min(16 * index + 134, 224))
        assert box.cols[1] - box.cols[0] < 252


def test_boxes_are_clipped_at_the_given_side() -> None:
    geometry = FieldGeometry(size=5, stride=2, padding=1)

    box = receptive_field(geometry, 0, 4, side=10)

    assert (box.rows, box.cols) == ((0, 4), (7, 10))


def test_layers_without_a_window_pass_their_field_on() -> None:
    chain = [keras.layers.Conv2D(1, 5, strides=3, name="a"), keras.layers.ReLU(name="b")]
    chain.append(keras.layers.Conv2D(1, 3, padding="same", name="c"))

    geometries = layer_geometries(chain)

    assert geometries["a"] == geometries["b"] == FieldGeometry(size=5, stride=3, padding=0)
    assert geometries["c"] == FieldGeometry(size=11, stride=3, padding=3)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(1, (3, 5), name="odd"),
        keras.layers.Conv2D(1, 3, strides=(1, 2), name="odd"),
        keras.layers.MaxPooling2D((2, 3), strides=2, name="odd"),
    ],
)
def test_windows_that_are_not_square_are_an_error(layer: Any) -> None:
    with pytest.raises(ValueError, match=r"odd: window .* is not square"):
        layer_geometries([layer])
