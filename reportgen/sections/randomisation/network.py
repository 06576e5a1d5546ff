"""VGG19 layer by layer: its weights redrawn, and the gradients of one neuron, guided and plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.initialisation import kaiming_normal
from reportgen.errors import ExplanationError
from reportgen.models.identity import is_identity
from reportgen.results import Box, Position

_CELL = 16
"""A piece of an image that begins and ends at multiples of this is pooled as it is in the whole image."""


@dataclass(frozen=True)
class Layer:
    """A convolution with ReLU, ``kernel`` (F, F, C_in, C_out) and ``bias`` (C_out,), or 2 × 2 max pooling."""

    name: str
    kernel: Any = None
    bias: Any = None
    stride: int = 1
    padding: str = "SAME"

    @property
    def place(self) -> tuple[int, int]:
        """Block and number of a layer, (5, 3) for ``block5_conv3``; the pooling of a block is number 0."""
        found = re.fullmatch(r"block(\d+)_(?:conv(\d+)|pool)", self.name)
        if found is None:
            raise ExplanationError(
                f"The layer '{self.name}' is none of VGG19's.",
                "Use weights of VGG19, or leave this section out.",
            )
        return int(found[1]), int(found[2] or 0)


class Chain:
    """The layers of VGG19 up to the explained one, in order. ``kept`` names convolutions that hand their
    input on unchanged: nothing is learnt in them, they are not redrawn, and leaving them out changes nothing.
    """

    def __init__(self, layers: Sequence[Layer], kept: Sequence[str] = ()) -> None:
        self.layers = list(layers)
        self.kept = list(kept)
        self._redrawn: dict[tuple[str, int], Layer] = {}

    @property
    def convolutions(self) -> list[Layer]:
        """Those with weights."""
        return [layer for layer in self.layers if layer.kernel is not None]

    @classmethod
    def read(cls, model: Any) -> Chain:
        """The layers of a Keras model. Raises ``ExplanationError`` for one whose gradient is not known."""
        layers, kept = [], []
        for layer in model.layers:
            if not layer.weights:
                if type(layer).__name__ == "MaxPooling2D" and layer.pool_size == layer.strides == (2, 2):
                    layers.append(Layer(layer.name))
                elif type(layer).__name__ != "InputLayer":
                    raise _unknown(layer)
                continue
            if type(layer).__name__ != "Conv2D" or not _is_plain(layer):
                raise _unknown(layer)
            kernel, bias = (weight.value for weight in layer.weights)
            if is_identity(layer):
                kept.append(layer.name)
            else:
                layers.append(Layer(layer.name, kernel, bias, layer.strides[0], layer.padding.upper()))
        return cls(layers, kept)

    def redraw(self, first_block: int, seed: int) -> dict[str, Layer]:
        """New layers for the convolutions of ``first_block`` and all above it, by name.

        Each kernel is drawn by the rule of He et al. 2015 from a generator of its own, made of the seed, the
        block and the number of the layer: a layer is redrawn alike whatever else is. Biases are zero.
        """
        return {
            layer.name: self._redraw(layer, seed)
            for layer in self.convolutions
            if layer.place[0] >= first_block
        }

    def _redraw(self, layer: Layer, seed: int) -> Layer:
        if (layer.name, seed) not in self._redrawn:
            rng = np.random.default_rng([seed, *layer.place])
            kernel = kaiming_normal(tuple(layer.kernel.shape), rng)
            self._redrawn[layer.name, seed] = replace(
                layer, kernel=kernel, bias=np.zeros(kernel.shape[3], np.float32)
            )
        return self._redrawn[layer.name, seed]


def _is_plain(layer: Any) -> bool:
    return (
        layer.activation.__name__ == "relu"
        and len(layer.weights) == 2
        and layer.strides[0] == layer.strides[1]
        and {*layer.dilation_rate, layer.groups} == {1}
    )


def _unknown(layer: Any) -> ExplanationError:
    return ExplanationError(
        f"The gradient of the layer '{layer.name}' is not known to this section.",
        "Use weights of VGG19, or leave this section out.",
    )


class View:
    """What one neuron sees of one image (H, W, 3), and its gradients with the weights as they are or others.

    Only the part of the image with the neuron's ``field`` is put through the network: whatever reaches the
    neuron is the same, since all of it comes from the field. ``value`` is what the neuron has before its
    ReLU. Where that is positive its gradient is the output's; where it is not, the output's is zero.
    """

    def __init__(self, chain: Chain, image: NDArray[np.float32], position: Position, field: Box) -> None:
        import tensorflow as tf

        (top, bottom), (left, right) = (_widen(span) for span in (field.rows, field.cols))
        self._chain = chain
        self._input = tf.constant(image[np.newaxis, top:bottom, left:right])
        self._at = (0, position[0] - top // _CELL, position[1] - left // _CELL, position[2])
        self._field = (
            slice(None),
            slice(field.rows[0] - top, field.rows[1] - top),
            slice(field.cols[0] - left, field.cols[1] - left),
        )
        self._outputs = self._forward(chain.layers, [])
        self.value = float(self._outputs[-1][self._at])

    def explain(self, redrawn: Mapping[str, Layer]) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
        """The neuron's value, and its guided and plain gradients (rows, columns, 3) in its field, with other
        layers in the place of those of the same name.
        """
        layers = [redrawn.get(layer.name, layer) for layer in self._chain.layers]
        unchanged = next((k for k, layer in enumerate(layers) if layer.name in redrawn), len(layers))
        outputs = self._forward(layers, self._outputs[:unchanged])
        guided, plain = self._backward(layers, outputs).numpy()[self._field]
        return float(outputs[-1][self._at]), guided, plain

    def _forward(self, layers: Sequence[Layer], begun: Sequence[Any]) -> list[Any]:
        """The output of each layer, after ReLU but for the last; those of the first layers are given."""
        import tensorflow as tf

        outputs = list(begun)
        for k in range(len(begun), len(layers)):
            signal, layer = outputs[-1] if outputs else self._input, layers[k]
            if layer.kernel is None:
                outputs.append(tf.nn.max_pool2d(signal, 2, 2, "VALID"))
                continue
            value = tf.nn.bias_add(
                tf.nn.conv2d(signal, layer.kernel, layer.stride, layer.padding), layer.bias
            )
            outputs.append(value if k == len(layers) - 1 else tf.nn.relu(value))
        return outputs

    def _backward(self, layers: Sequence[Layer], outputs: Sequence[Any]) -> Any:
        """The guided and the plain gradient (2, rows, columns, 3) of the neuron's value.

        Springenberg et al. 2015: at a ReLU both pass where its output is positive, the guided one only where
        it is positive itself, too. Written out, so that no ReLU can be missed.
        """
        import tensorflow as tf

        seed = np.zeros((2, *outputs[-1].shape[1:]), np.float32)
        seed[(slice(None), *self._at[1:])] = 1
        gradient = tf.constant(seed)
        for k in reversed(range(len(layers))):
            below = tf.repeat(outputs[k - 1] if k else self._input, 2, axis=0)
            if layers[k].kernel is None:
                gradient = tf.raw_ops.MaxPoolGrad(
                    orig_input=below,
                    orig_output=tf.repeat(outputs[k], 2, axis=0),
                    grad=gradient,
                    ksize=[1, 2, 2, 1],
                    strides=[1, 2, 2, 1],
                    padding="VALID",
                )
                continue
            if k < len(layers) - 1:
                positive = tf.concat([tf.nn.relu(gradient[:1]), gradient[1:]], 0)
                gradient = tf.where(outputs[k] > 0, positive, 0.0)
            gradient = tf.nn.conv2d_transpose(
                gradient, layers[k].kernel, below.shape, layers[k].stride, layers[k].padding
            )
        return gradient


def _widen(span: tuple[int, int]) -> tuple[int, int]:
    return span[0] // _CELL * _CELL, -(-span[1] // _CELL) * _CELL
