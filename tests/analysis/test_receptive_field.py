"""The architecture's receptive field: a table of numbers, and the support of real gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.neurons import receptive_field
from reportgen.analysis.receptive_fields import describe_field
from reportgen.models.graph import LayerGraph
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


def geometry_of(model: Any, name: str) -> FieldGeometry:
    graph = LayerGraph.read(model)
    return describe_field(graph, graph.find(name))


def test_the_table_row_by_row(vgg19: Any) -> None:
    found = {name: geometry_of(vgg19, name) for name in TABLE}

    assert {name: (g.size, g.stride, g.padding) for name, g in found.items()} == TABLE
    assert all(g.row_spans is None and not g.whole for g in found.values())


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [(name, *position) for name, positions in CORNERS_AND_INSIDE.items() for position in positions],
)
def test_the_box_is_the_support_of_the_gradient(
    vgg19: Any, layers_seen: tuple[Any, dict[str, Any]], name: str, row: int, column: int
) -> None:
    box = receptive_field(geometry_of(vgg19, name), row, column)

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


def conv(filters: int, size: Any = 3, **options: Any) -> Any:
    return keras.layers.Conv2D(filters, size, padding=options.pop("padding", "same"), **options)


def squeeze_and_excite(x: Any) -> Any:
    """Hu, Shen & Sun 2018: each channel is scaled by what all positions say together."""
    scale = keras.layers.GlobalAveragePooling2D(keepdims=True)(conv(2)(x))
    return keras.layers.Multiply()([x, keras.layers.Dense(2)(scale)])


def inner(x: Any) -> Any:
    """A model in the model, with a branch of its own."""
    image = keras.Input(x.shape[1:])
    left = keras.layers.DepthwiseConv2D(3, dilation_rate=2, padding="valid")(image)
    right = keras.layers.Cropping2D(((1, 3), (2, 2)))(image)
    model = keras.Model(image, keras.layers.Concatenate()([left, right]), name="inner")
    return conv(2, strides=2)(model(x))


GRAPHS: dict[str, Any] = {
    "strides that leave pixels out": lambda x: conv(2, 3, padding="valid")(conv(2, 1, strides=2)(x)),
    "even window, same, odd size": lambda x: conv(2)(keras.layers.MaxPooling2D(2)(x)),
    "dilated": lambda x: conv(2, 3, dilation_rate=3)(conv(2, 5, strides=2)(x)),
    "not square": lambda x: conv(2, (1, 5))(conv(2, (3, 1), strides=2, padding="valid")(x)),
    "padded by a layer": lambda x: conv(2, 3, strides=2, padding="valid")(
        keras.layers.ZeroPadding2D(((0, 1), (0, 2)))(x)
    ),
    "padded widely": lambda x: conv(2, 1)(keras.layers.ZeroPadding2D(3)(x)),
    "residual": lambda x: keras.layers.Add()([conv(2, 1, strides=2)(x), conv(2, 5, strides=2)(conv(2)(x))]),
    "branches beside each other": lambda x: keras.layers.Concatenate()(
        [conv(2, 7)(x), keras.layers.AveragePooling2D(3, 1, padding="same")(x)]
    ),
    "squeeze and excite": lambda x: conv(2, strides=2)(squeeze_and_excite(x)),
    "nested": inner,
    "separable": lambda x: keras.layers.SeparableConv2D(2, 3, strides=2, padding="same")(x),
    "operations": lambda x: keras.ops.relu(conv(2)(x)) + keras.ops.absolute(x),
    "normalised": lambda x: keras.layers.ReLU(6)(keras.layers.BatchNormalization()(conv(2, 5)(x))),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_fields_of_any_graph_are_the_support_of_gradients(name: str) -> None:
    """Positive weights and inputs, so that nothing cancels and every ReLU is open; pooling by the mean of
    what maxima would choose one of. Fields are boxes, so the support's smallest box is compared.
    """
    keras.utils.set_random_seed(3)
    image = keras.Input((23, 23, 2))
    model = keras.Model(image, GRAPHS[name](image))
    for weight in model.weights:
        if "moving" not in weight.path and "gamma" not in weight.path and "beta" not in weight.path:
            weight.assign(np.abs(weight.numpy()) * 0.1 + 0.01)
    pixels = tf.constant(np.random.default_rng(1).uniform(0.01, 0.02, (1, 23, 23, 2)).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pixels)
        output = model(pixels)
    graph = LayerGraph.read(model)
    geometry = describe_field(graph, len(graph.nodes) - 1)
    rows, columns = output.shape[1:3]
    assert (rows, columns) == graph.nodes[-1].shape[:2]
    for row, column in {(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1), (rows // 2, 1)}:
        seed = np.zeros(output.shape, np.float32)
        seed[0, row, column] = 1
        gradient = tape.gradient(output, pixels, output_gradients=tf.constant(seed))
        seen = (gradient[0].numpy() != 0).any(axis=2)
        box = receptive_field(geometry, row, column, side=23)
        found = [np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0)]
        spans = [(int(each[0]), int(each[-1]) + 1) if each.size else (0, 0) for each in found]
        if name == "even window, same, odd size":  # a maximum may leave the last pixels of its window out
            fields = (box.rows, box.cols)
            assert all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(fields, spans, strict=True))
            continue
        if not seen.any():  # padded zeros see nothing
            assert box.rows[0] == box.rows[1] or box.cols[0] == box.cols[1]
            continue
        assert [box.rows, box.cols] == spans, (row, column)


def test_the_whole_image_is_said_to_be_seen_where_something_looks_at_all_of_it() -> None:
    image = keras.Input((16, 16, 2))
    first = conv(2, name="first")(image)
    model = keras.Model(image, conv(2, name="last")(squeeze_and_excite(first)))

    assert geometry_of(model, "last").whole
    assert receptive_field(geometry_of(model, "last"), 3, 9, side=16).rows == (0, 16)
    assert not geometry_of(model, "first").whole


@pytest.mark.long
@pytest.mark.slow
def test_published_sizes_of_networks_with_branches() -> None:
    """Table 1 of Araujo, Norris & Sim 2019: 483 pixels for ResNet-v1-50; for MobileNetV2 the sum over its
    seventeen blocks, 491.
    """
    for name, size in (("ResNet50", 483), ("MobileNetV2", 491)):
        graph = LayerGraph.read(
            getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(224, 224, 3))
        )
        geometry = describe_field(graph, len(graph.nodes) - 1)
        assert (geometry.size, geometry.stride) == (size, 32)


@pytest.mark.parametrize(
    ("size", "place", "options", "exact"),
    [
        (3, 1, {}, True),
        (2, 0, {}, True),
        (2, 1, {}, False),
        (4, 2, {}, False),
        (3, 1, {"strides": 2}, False),
        (3, 1, {"padding": "valid"}, False),
    ],
)
def test_what_hands_its_input_on_adds_nothing_and_what_shifts_it_does(
    size: int, place: int, options: dict[str, Any], *, exact: bool
) -> None:
    """The field as the network runs holds the support of the gradient, and is no more where nothing is moved.
    Red if another stride, padding or an even kernel's half passes for handing on.
    """
    image = keras.Input((11, 11, 1))
    last = conv(1, size, name="last", use_bias=True, **options)
    model = keras.Model(image, last(image))
    kernel = np.zeros((size, size, 1, 1), np.float32)
    kernel[place, place] = 1
    last.set_weights([kernel, np.zeros(1, np.float32)])
    pixels = tf.constant(np.random.default_rng(1).uniform(1, 2, (1, 11, 11, 1)).astype(np.float32))
    graph = LayerGraph.read(model)
    geometry = describe_field(graph, len(graph.nodes) - 1, as_run=True)
    side = int(model.output.shape[1])
    for row in range(side):
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            value = model(pixels)[0, row, row, 0]
        found = np.argwhere(tape.gradient(value, pixels)[0, ..., 0].numpy())
        box = receptive_field(geometry, row, row, side=11)
        for one, two in found:
            assert box.rows[0] <= one < box.rows[1], row
            assert box.cols[0] <= two < box.cols[1], row
        if exact:
            assert [box.rows, box.cols] == [(row, row + 1)] * 2
