"""A second, independent guided backpropagation: the network walked again with a ReLU of its own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


@tf.custom_gradient  # type: ignore[untyped-decorator]
def guided_relu(x: Any) -> tuple[Any, Any]:
    """max(x, 0), passing back only positive gradients, and only where x is positive."""
    return tf.maximum(x, 0), lambda upstream: tf.maximum(upstream, 0) * tf.cast(x > 0, tf.float32)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def guided_relu6(x: Any) -> tuple[Any, Any]:
    """min(max(x, 0), 6), passing back only positive gradients, and only where it has a slope of 1."""
    slope = tf.cast(x > 0, tf.float32) * tf.cast(x < 6, tf.float32)
    return tf.minimum(tf.maximum(x, 0), 6), lambda upstream: tf.maximum(upstream, 0) * slope


def walk(network: Any, signal: Any) -> Any:
    """Apply a chain of Keras operations, nested chains included, with every ReLU replaced."""
    for operation in network.operations if hasattr(network, "operations") else network.layers:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        if hasattr(operation, "layers"):
            signal = walk(operation, signal)
        elif getattr(operation, "max_value", None) == 6 or type(operation).__name__ == "Relu6":
            signal = guided_relu6(signal)
        elif type(operation).__name__.lower() == "relu":  # the layer and the operation of keras.ops
            signal = guided_relu(signal)
        elif getattr(operation, "activation", None) is keras.activations.relu:
            signal = guided_relu(_without_activation(operation, signal))
        else:
            signal = operation(signal)
    return signal


def _without_activation(layer: Any, signal: Any) -> Any:
    if isinstance(layer, keras.layers.Activation):
        return signal
    kernel, bias = layer.kernel.value, layer.bias.value
    if isinstance(layer, keras.layers.Dense):
        return tf.matmul(signal, kernel) + bias
    return tf.nn.conv2d(signal, kernel, layer.strides, layer.padding.upper()) + bias


def guided_gradient(
    network: Any, image: NDArray[np.float32], position: tuple[int, ...]
) -> NDArray[np.float32]:
    """The guided gradient of one neuron of a Keras chain with respect to the image."""
    return gradient_of(lambda x: walk(network, x), image, position)


def gradient_of(model: Any, image: NDArray[np.float32], position: tuple[int, ...]) -> NDArray[np.float32]:
    """The gradient of one neuron, as automatic differentiation has it."""
    source = tf.constant(image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(source)
        neuron = model(source)[(0, *position)]
    return np.asarray(tape.gradient(neuron, source)[0])
