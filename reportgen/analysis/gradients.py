"""Gradients of neurons with respect to the image: plain, and guided as in Springenberg et al. (2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.neurons import GuidedGradients
from reportgen.errors import ExplanationError
from reportgen.results import Position

TRANSPARENT = frozenset(
    (
        *("Add", "AddN", "AddV2", "AvgPool", "BatchToSpaceND", "BiasAdd", "Cast", "ConcatV2", "Conv2D"),
        *("DepthwiseConv2dNative", "ExpandDims", "Identity", "MatMul", "MaxPool", "MaxPoolV2", "Mean"),
        *("Mul", "Neg", "Pack", "Pad", "PadV2", "RealDiv", "Reshape", "ReverseV2", "Shape", "Slice"),
        *("SpaceToBatchND", "Split", "Squeeze", "StridedSlice", "Sub", "Sum", "Transpose"),
    )
)
"""Graph operations that cannot hide a rectifier: linear in their input, or choosing among its values."""

_LINEAR_IN_ONE = frozenset(("Conv2D", "DepthwiseConv2dNative", "MatMul", "Mul", "RealDiv"))
"""Those of them that are linear only while one of their inputs does not depend on the image. A product of two
parts that do is a gate, such as x · ReLU6(x + 3) / 6, and nobody has defined a guided gradient of one.
"""

RECTIFIERS = ("Relu", "Relu6")


def find_rectifiers(source: Any, target: Any) -> list[Any]:
    """List the ReLU operations on the way from a graph tensor ``source`` to ``target``.

    Walks the graph backwards from ``target`` through every operation that depends on ``source``. Raises
    ``ExplanationError`` for an operation that may rectify without being a ReLU (``Maximum``, ``Elu``, a
    function call, a condition, …) or that is not known: no guided gradient can be proven through it.
    """
    on_the_way = _dependent_operations(source, target)
    if not on_the_way:
        raise ExplanationError(
            "The neuron's output does not depend on the image.", "Explain a layer that is fed by the image."
        )
    reached = {source.op.name, *(op.name for op in on_the_way)}
    # Sorted, as a set of texts has another order in each process.
    strangers = sorted(
        {
            f"{op.type}{_describe_layer(op.name)}"
            for op in on_the_way
            if op.type not in RECTIFIERS and not _is_transparent(op, reached)
        }
    )
    if strangers:
        raise ExplanationError(
            f"Guided backpropagation cannot be proven through {', '.join(strangers[:_NAMED])}: "
            "only ReLU rectifiers have a guided gradient.",
            "Explain a layer before that, use a network whose activations are ReLU, such as VGG19, or leave "
            "the sections that need guided gradients out.",
        )
    return [op for op in on_the_way if op.type in RECTIFIERS]


_NAMED = 5
"""Operations that a message names at most."""


def _describe_layer(operation: str) -> str:
    """The layer that an operation of the graph belongs to, as far as its name shows."""
    *scopes, layer = ["", *operation.split("/")[:-1]]
    # Keras numbers its own scope if the name has been used; the one around it is the layer's name.
    if scopes and layer.startswith(f"{scopes[-1]}_") and layer[len(scopes[-1]) + 1 :].isdecimal():
        layer = scopes[-1]
    return f" in the layer '{layer}'" if layer else ""


def _is_transparent(op: Any, reached: set[str]) -> bool:
    if op.type == "FusedBatchNormV3":  # with fixed means and variances; in training they depend on the batch
        return not op.get_attr("is_training")
    if op.type in _LINEAR_IN_ONE and sum(tensor.op.name in reached for tensor in op.inputs) > 1:
        return False
    return op.type in TRANSPARENT


def _dependent_operations(source: Any, target: Any) -> list[Any]:
    # Inputs before outputs: one pass finds all that depend on the source.
    order = _operations_behind(target)
    reached = {source.op.name}
    dependent = []
    for op in order:
        if op.name not in reached and any(tensor.op.name in reached for tensor in op.inputs):
            reached.add(op.name)
            dependent.append(op)
    return dependent


def _operations_behind(target: Any) -> Iterable[Any]:
    """Every operation that ``target`` needs, inputs before outputs, without recursion."""
    order: dict[str, Any] = {}
    stack = [(target.op, False)]
    while stack:
        op, expanded = stack.pop()
        if op.name in order:
            continue
        if expanded:
            order[op.name] = op
            continue
        stack.append((op, True))
        stack.extend((tensor.op, False) for tensor in op.inputs if tensor.op.name not in order)
    return list(order.values())


def differentiate(
    network: Callable[[Any], Any], image: NDArray[np.float32], position: Position
) -> NDArray[np.float32]:
    """The gradient (H, W, C) of one neuron's output with respect to an image (H, W, C), float32.

    ``network`` maps a batch (1, H, W, C) to (1, rows, columns, channels). Traced as one graph function, its
    weights held constant, it is far faster to differentiate than an eager one (see ``Backbone.explained``).
    """
    batch = tf.constant(image[np.newaxis])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(batch)
        # One number, so that the tape gives its gradient and not that of a sum.
        neuron = network(batch)[(0, *position)]
    return np.asarray(tape.gradient(neuron, batch)[0], dtype=np.float32)


_MARK = "reportgen_guided_relu"


def _guide(op: Any, upstream: Any) -> Any:
    """Springenberg et al. 2015: pass a gradient only where it and the ReLU's output are positive.

    Of a ReLU that is cut off at 6, as MobileNetV2 has them, only where that is below 6, too: where the plain
    gradient is zero, the guided one must be. The rule of the paper is the case without an upper bound.
    """
    passed = (upstream > 0) & _is_open(op)
    return tf.identity(tf.where(passed, upstream, tf.zeros_like(upstream)), name=_MARK)


def _deconvolve(_op: Any, upstream: Any) -> Any:
    """Zeiler & Fergus 2014: pass a gradient wherever it is positive, whether the ReLU is open or not."""
    return tf.identity(tf.where(upstream > 0, upstream, tf.zeros_like(upstream)), name=_MARK)


def _is_open(op: Any) -> Any:
    output = op.outputs[0]
    return (output > 0) & (output < 6) if op.type == "Relu6" else output > 0


# At import, which happens once: TensorFlow refuses a second gradient of the same name.
_OVERRIDES = {"guided": "ReportgenGuidedRelu", "deconvnet": "ReportgenDeconvolvedRelu"}
tf.RegisterGradient(_OVERRIDES["guided"])(_guide)
tf.RegisterGradient(_OVERRIDES["deconvnet"])(_deconvolve)


def override_rectifiers(rule: str) -> Any:
    """A context in which the ReLUs of the graph that is being traced pass gradients back by another rule:
    ``guided``, ``deconvnet``, or, as they are, ``plain``.
    """
    graph = tf.compat.v1.get_default_graph()
    # Swapping layer.activation would miss ReLU layers, keras.ops.relu and nested models.
    return graph.gradient_override_map(dict.fromkeys(RECTIFIERS, _OVERRIDES[rule]) if rule != "plain" else {})


def count_overridden(rectifiers: Sequence[Any], rule: str, passes: int) -> int:
    """How many of the ReLUs of the graph that is being traced have the rule's gradient.

    Raises ``ExplanationError`` unless all of them do, in each of so many backward passes.
    """
    overridden = sum(_gradient_type(op) == _OVERRIDES[rule] for op in rectifiers)
    # Counted in the graph that runs: two well-known libraries returned plain gradients without a word.
    operations = tf.compat.v1.get_default_graph().get_operations()
    # TensorFlow numbers names that come up again: the mark is a part of the last one.
    marks = sum(_MARK in op.name.rsplit("/", 1)[-1] for op in operations)
    if overridden != len(rectifiers) or marks != passes * len(rectifiers):
        raise ExplanationError(
            f"Guided backpropagation reached {overridden} of {len(rectifiers)} ReLUs "
            f"({marks} of {passes * len(rectifiers)} backward passes).",
            "Use a network built from ordinary Keras layers; the gradient would be a plain one.",
        )
    return overridden


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
        # Traced here, so that an unguided ReLU is an error at once.
        self._run = tf.function(
            self._trace, input_signature=signature, autograph=False
        ).get_concrete_function()

    def _trace(self, image: Any, positions: Any) -> tuple[Any, Any]:
        # A pass-through of its own makes sure that the walk ends at the image and not at a capture.
        source = tf.identity(image)
        with override_rectifiers("guided"):
            # No GradientTape in here: with one, TensorFlow ignores the override and returns the plain
            # gradient.
            output = self._model(source)[0]
        rectifiers = find_rectifiers(source, output)
        # Positions are an input of the graph, so that one trace serves the neurons of all images.
        picked = [tf.gather_nd(output, positions[k : k + 1]) for k in range(self._neurons)]
        # One neuron at a time, since tf.gradients would return the sum for several targets.
        gradients = [tf.gradients(value, source)[0] for value in picked]
        self.relu_total = len(rectifiers)
        self.relu_guided = count_overridden(rectifiers, "guided", self._neurons)
        return tf.concat(picked, 0), tf.concat(gradients, 0)

    def __call__(self, image: NDArray[Any], positions: Sequence[tuple[int, ...]]) -> GuidedGradients:
        """The guided gradients of the neurons at ``positions``, one or more, for one image (H, W, C)."""
        batch = tf.constant(image[np.newaxis], tf.float32)
        parts = []
        for start in range(0, len(positions), self._neurons):
            some = list(positions[start : start + self._neurons])
            # The graph has a fixed number of neurons; the last one fills up, and its copies are cut off
            # again.
            filled = some + some[-1:] * (self._neurons - len(some))
            values, gradients = self._run(batch, tf.constant(np.asarray(filled), tf.int32))
            parts.append((values.numpy()[: len(some)], gradients.numpy()[: len(some)]))
        values, gradients = (np.concatenate(each) for each in zip(*parts, strict=True))
        return GuidedGradients(values, gradients, self.relu_total, self.relu_guided)


def _gradient_type(op: Any) -> str:
    # A private part of TensorFlow, whose version pyproject.toml bounds: without it no override could be
    # counted.
    try:
        return str(op.get_attr("_gradient_op_type").decode())
    # The attribute is only there where a gradient is overridden.
    except ValueError:
        return ""
