"""Networks whose guided gradient cannot be proven are refused, never explained by a plain gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from reportgen.analysis.gradients import GuidedNetwork, find_rectifiers
from reportgen.errors import ExplanationError
from reportgen.models.graph import LayerGraph

REFUSED: dict[str, Callable[[Any], Any]] = {
    "Elu": tf.nn.elu,
    "LeakyRelu": tf.nn.leaky_relu,
    "Maximum": lambda x: tf.maximum(x, 0.0),
    "Mul": lambda x: x * tf.nn.relu6(x + 3) / 6,
    "SelectV2": lambda x: tf.where(x > 0, x, 0.0),
    "Abs": lambda x: (x + tf.abs(x)) / 2,
    "Softplus": tf.nn.softplus,
    "Sigmoid": tf.nn.silu,
    "Greater": lambda x: x * tf.cast(x > 0, tf.float32),
    "Sign": lambda x: x * (tf.sign(x) + 1) / 2,
    "Minimum": lambda x: tf.clip_by_value(x, 0, 9),
    "PartitionedCall": tf.function(tf.nn.relu),
    "If": lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.nn.relu(x), lambda: x),
    "Exp": tf.exp,
}
REFUSED_LAYERS: dict[str, Callable[[], Any]] = {
    "ReLU up to 4": lambda: keras.layers.ReLU(max_value=4),
    "ReLU with a slope": lambda: keras.layers.ReLU(negative_slope=0.1),
    "ReLU above 1": lambda: keras.layers.ReLU(threshold=1),
    "ELU": keras.layers.ELU,
    "GELU": lambda: keras.layers.Activation("gelu"),
    "hard swish": lambda: keras.layers.Activation("hard_silu"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_rectifiers_are_refused_by_name(name: str) -> None:
    with pytest.raises(ExplanationError) as caught:
        GuidedNetwork(lambda x: tf.nn.relu(REFUSED[name](x)), (4,), neurons=1)

    assert name in caught.value.problem
    assert "only ReLU rectifiers have a guided gradient" in caught.value.problem
    assert "VGG19" in caught.value.remedy


@pytest.mark.parametrize("name", REFUSED_LAYERS)
def test_layers_of_another_activation_are_refused(name: str) -> None:
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), REFUSED_LAYERS[name]()])

    with pytest.raises(ExplanationError, match="cannot be proven through"):
        GuidedNetwork(network, (4,), neurons=1)


def test_what_cannot_be_guided_is_named_with_its_layer() -> None:
    image = keras.Input((6, 6, 2))
    nested = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.LeakyReLU(name="leaking")])
    network = keras.Model(image, keras.layers.ReLU()(nested(image)))

    with pytest.raises(ExplanationError, match="LeakyRelu in the layer 'leaking'"):
        GuidedNetwork(apply_by_name(network), (6, 6, 2), neurons=1)


def apply_by_name(network: Any) -> Callable[[Any], Any]:
    graph = LayerGraph.read(network)
    return lambda image: graph.run(image, len(graph.nodes) - 1)


def test_one_stranger_among_relus_is_enough() -> None:
    layers = [keras.layers.Dense(3, activation=name) for name in ("relu", "elu", "relu")]
    network = keras.Sequential([keras.Input((4,)), *layers])

    with pytest.raises(ExplanationError, match="Elu"):
        GuidedNetwork(network, (4,), neurons=1)


@pytest.mark.parametrize(
    "fixed", [lambda _: tf.ones((1, 3)), lambda _: tf.nn.relu(tf.constant([[1.0, 2.0]]))]
)
def test_an_output_without_the_image_is_refused(fixed: Callable[[Any], Any]) -> None:
    with pytest.raises(ExplanationError, match="does not depend on the image"):
        GuidedNetwork(fixed, (4,), neurons=1)


def test_a_relu_that_keeps_its_own_gradient_is_counted_out() -> None:
    def network(x: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map({"Relu": "Relu"}):
            plain = tf.nn.relu(x)
        return tf.nn.relu(plain - 1.0)

    with pytest.raises(ExplanationError, match="reached 1 of 2 ReLUs"):
        GuidedNetwork(network, (4,), neurons=1)


def test_a_gradient_stopped_on_the_way_is_refused() -> None:
    with pytest.raises(ExplanationError, match="StopGradient"):
        GuidedNetwork(lambda x: tf.nn.relu(tf.stop_gradient(x)), (4,), neurons=1)


def test_rectifiers_behind_the_source_or_beside_it_are_not_listed() -> None:
    with tf.Graph().as_default():
        before = tf.nn.relu(tf.ones((1, 4)), name="before")
        source = tf.identity(before)
        first = tf.nn.relu(source - 1.0, name="first")
        tf.nn.relu(source, name="beside")
        target = tf.nn.relu(first + before, name="last")

        names = {op.name for op in find_rectifiers(source, target)}

    assert names == {"first", "last"}
