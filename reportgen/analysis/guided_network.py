"""The guided gradient of single neurons, by a method that fails rather than return the plain one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.guided_gradients import GuidedGradients
from reportgen.analysis.rectifiers import find_rectifiers
from reportgen.errors import ExplanationError

_OVERRIDE = "ReportgenGuidedRelu"
_MARK = "reportgen_guided_relu"


def _guide(op: Any, upstream: Any) -> Any:
    """Springenberg et al. 2015: pass a gradient only where it and the ReLU's output are positive."""
    passed = tf.where((op.outputs[0] > 0) & (upstream > 0), upstream, tf.zeros_like(upstream))
    return tf.identity(passed, name=_MARK)


tf.RegisterGradient(_OVERRIDE)(_guide)


class GuidedNetwork:
    """A network traced once, whose guided gradients can then be asked for image after image.

    One run computes the gradients of ``neurons`` neurons, sharing the forward pass; the result does not
    depend on that number.
    ``model`` maps a batch (1, *image_shape) to a batch (1, *output_shape) of TensorFlow tensors. The
    gradient of the graph's ``Relu`` operations is overridden while the network is traced, which reaches
    ``activation="relu"``, ``ReLU`` layers, ``keras.ops.relu`` and nested models alike; every application
    of the guided rule leaves a mark in the graph, and the marks are counted against the ReLUs.

    Springenberg, Dosovitskiy, Brox & Riedmiller 2015, "Striving for Simplicity: The All Convolutional
    Net", section 3.4. Raises ``ExplanationError`` while tracing if one ReLU is not guided.
    """

    def __init__(self, model: Callable[[Any], Any], image_shape: tuple[int, ...], neurons: int) -> None:
        self._model = model
        self._neurons = neurons
        self.relu_total = 0
        self.relu_guided = 0
        signature = [tf.TensorSpec([1, *image_shape]), tf.TensorSpec([neurons, None], tf.int32)]
        self._run = tf.function(
            self._trace, input_signature=signature, autograph=False
        ).get_concrete_function()

    def _trace(self, image: Any, positions: Any) -> tuple[Any, Any]:
        graph = tf.compat.v1.get_default_graph()
        # A pass-through of its own makes sure that the walk ends at the image and not at a capture.
        source = tf.identity(image)
        with graph.gradient_override_map({"Relu": _OVERRIDE}):
            output = self._model(source)[0]
        rectifiers = find_rectifiers(source, output)
        picked = [tf.gather_nd(output, positions[k : k + 1]) for k in range(self._neurons)]
        gradients = [tf.gradients(value, source)[0] for value in picked]
        self.relu_total = len(rectifiers)
        self.relu_guided = self._count_guided(graph, rectifiers)
        return tf.concat(picked, 0), tf.concat(gradients, 0)

    def _count_guided(self, graph: Any, rectifiers: Sequence[Any]) -> int:
        overridden = sum(_gradient_type(op) == _OVERRIDE for op in rectifiers)
        marks = sum(_MARK in op.name.rsplit("/", 1)[-1] for op in graph.get_operations())
        if overridden != len(rectifiers) or marks != self._neurons * len(rectifiers):
            raise ExplanationError(
                f"Guided backpropagation reached {overridden} of {len(rectifiers)} ReLUs "
                f"({marks} of {self._neurons * len(rectifiers)} backward passes).",
                "Use a network built from ordinary Keras layers; the gradient would be a plain one.",
            )
        return overridden

    def __call__(self, image: NDArray[Any], positions: Sequence[tuple[int, ...]]) -> GuidedGradients:
        """The guided gradients of the neurons at ``positions``, one or more, for one image (H, W, C)."""
        batch = tf.constant(image[np.newaxis], tf.float32)
        parts = []
        for start in range(0, len(positions), self._neurons):
            some = list(positions[start : start + self._neurons])
            filled = some + some[-1:] * (self._neurons - len(some))
            values, gradients = self._run(batch, tf.constant(np.asarray(filled), tf.int32))
            parts.append((values.numpy()[: len(some)], gradients.numpy()[: len(some)]))
        values, gradients = (np.concatenate(each) for each in zip(*parts, strict=True))
        return GuidedGradients(values, gradients, self.relu_total, self.relu_guided)


def _gradient_type(op: Any) -> str:
    try:
        return str(op.get_attr("_gradient_op_type").decode())
    except ValueError:
        return ""
