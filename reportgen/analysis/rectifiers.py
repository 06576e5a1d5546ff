"""Proof that a traced network's every ReLU is on record: counted, and free of look-alikes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportgen.errors import ExplanationError

TRANSPARENT = frozenset(
    (
        *("Add", "AddN", "AddV2", "AvgPool", "BatchToSpaceND", "BiasAdd", "Cast", "ConcatV2", "Conv2D"),
        *("DepthwiseConv2dNative", "ExpandDims", "Identity", "MatMul", "MaxPool", "MaxPoolV2", "Mean"),
        *("Mul", "Neg", "Pack", "Pad", "PadV2", "Reshape", "Shape", "Slice", "SpaceToBatchND", "Split"),
        *("Squeeze", "StridedSlice", "Sub", "Sum", "Transpose"),
    )
)
"""Graph operations that cannot hide a rectifier: linear in their input, or choosing among its values."""


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
    strangers = sorted({op.type for op in on_the_way if op.type != "Relu" and op.type not in TRANSPARENT})
    if strangers:
        raise ExplanationError(
            f"Guided backpropagation cannot be proven through {', '.join(strangers)}: "
            "only ReLU rectifiers have a guided gradient.",
            "Use a network whose activations are ReLU, such as VGG19.",
        )
    return [op for op in on_the_way if op.type == "Relu"]


def _dependent_operations(source: Any, target: Any) -> list[Any]:
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
