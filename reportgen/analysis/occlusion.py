"""What a neuron's output becomes when a box of its image is removed, or nothing but the box is kept.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2. A box changes few
values of the first layers, and a neuron depends on few of the last ones: only what lies in both is computed
again, an eighth of VGG19's multiplications for boxes of a quarter of the image's side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import ExplanationError
from reportgen.models.identity import is_identity
from reportgen.results import Box, Position

Values = NDArray[np.float32]
Span = tuple[int, int]
"""Half-open, along one axis."""

_TOGETHER = 16
"""Boxes that are computed at a time."""


@dataclass(frozen=True)
class _Step:
    """A convolution or pooling: its ``layer``, its window's ``size`` and ``stride``, alike on both axes, and
    how far the first window begins before the input, which has ``inputs`` rows and columns.
    """

    layer: Any
    size: int
    stride: int
    before: int
    inputs: int
    outputs: int

    def reach(self, span: Span) -> Span:
        """The outputs that depend on any of these inputs."""
        first = -(-(span[0] + self.before - self.size + 1) // self.stride)
        last = (span[1] - 1 + self.before) // self.stride
        return max(first, 0), min(last + 1, self.outputs)

    def need(self, span: Span) -> Span:
        """The inputs that these outputs depend on; it may reach beyond the edges, where there are zeros."""
        start = span[0] * self.stride - self.before
        return start, (span[1] - 1) * self.stride - self.before + self.size

    def longest_reach(self, length: int) -> int:
        """How many outputs depend at most on so many adjacent inputs."""
        return min((length + self.size - 2) // self.stride + 1, self.outputs)

    def run(self, inputs: Any) -> Any:
        """The outputs of windows that lie in the ``inputs`` (N, rows, columns, C)."""
        import tensorflow as tf

        if not hasattr(self.layer, "kernel"):
            return tf.nn.max_pool2d(inputs, self.size, self.stride, "VALID")
        signal = tf.nn.conv2d(inputs, self.layer.kernel.value, self.stride, "VALID")
        return self.layer.activation(tf.nn.bias_add(signal, self.layer.bias.value))


class OccludedNetwork:
    """A chain of square convolutions and max poolings, of which single outputs are asked for.

    ``layers`` are Keras layers in order, for an image of ``side`` × ``side`` pixels. Convolutions that hand
    their input on unchanged are left out, after a ReLU nothing changes there. Raises ``ExplanationError`` for
    a layer of another kind.
    """

    def __init__(self, layers: Iterable[Any], side: int) -> None:
        self._steps: list[_Step] = []
        for layer in layers:
            step = _make_step(layer, self._steps[-1].outputs if self._steps else side)
            if step is not None and not (self._steps and is_identity(layer)):
                self._steps.append(step)

    def record(self, image: Values) -> list[Values]:
        """The preprocessed image (H, W, C) and the output of each layer that counts."""
        values = [image]
        for step in self._steps:
            pad = step.need((0, step.outputs))
            values.append(step.run(_cut(values[-1], (pad, pad))[np.newaxis]).numpy()[0])
        return values

    def replace(
        self, base: Sequence[Values], other: Values, boxes: Sequence[Box], position: Position
    ) -> NDArray[np.float64]:
        """The neuron's outputs (boxes,) for the image of ``base`` with each box taken from ``other``.

        ``base`` was recorded, ``other`` (H, W, C) is preprocessed like it; all boxes have one size. With
        the image as ``base`` and the fill as ``other`` a box is removed; the other way about it is kept.
        """
        parts = [
            self._replace(base, other, boxes[start : start + _TOGETHER], position)
            for start in range(0, len(boxes), _TOGETHER)
        ]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)

    def _replace(
        self, base: Sequence[Values], other: Values, boxes: Sequence[Box], position: Position
    ) -> Values:
        needed = self._find_needed(position)
        spans = [(box.rows, box.cols) for box in boxes]
        lengths = [stop - start for start, stop in spans[0]]
        changed, lengths = _fit(spans, lengths, needed[0])
        signal = np.stack([_cut(base[0], window) for window in changed])
        for item, box, window in zip(signal, spans, changed, strict=True):
            _paste(item, window, _cut(other, box), box)
        for k, step in enumerate(self._steps):
            reached = [tuple(map(step.reach, each)) for each in changed]
            lengths = [step.longest_reach(length) for length in lengths]
            windows, lengths = _fit(reached, lengths, needed[k + 1])
            inputs = np.stack([_cut(base[k], tuple(map(step.need, each))) for each in windows])
            for item, window, inside, values in zip(inputs, windows, changed, signal, strict=True):
                _paste(item, tuple(map(step.need, window)), values, inside)
            signal, changed = step.run(inputs).numpy(), windows
        return np.asarray(signal[:, 0, 0, position[2]])

    def _find_needed(self, position: Position) -> list[tuple[Span, Span]]:
        """Of the image and of each layer's output, the rows and columns that the neuron depends on."""
        needed = [((position[0], position[0] + 1), (position[1], position[1] + 1))]
        for step in reversed(self._steps):
            rows, cols = ((max(a, 0), min(b, step.inputs)) for a, b in map(step.need, needed[-1]))
            needed.append((rows, cols))
        return needed[::-1]


def _make_step(layer: Any, inputs: int) -> _Step | None:
    """The step that a layer is; None for one that does nothing, such as the input."""
    if hasattr(layer, "kernel_size") and hasattr(layer, "kernel"):
        window = layer.kernel_size
    elif type(layer).__name__ == "MaxPooling2D":
        window = layer.pool_size
    elif type(layer).__name__ == "InputLayer":
        return None
    else:
        raise ExplanationError(
            f"{layer.name}: occlusion is measured through convolutions and max poolings only.",
            'Leave the section "occlusion" out of your report, or use VGG19.',
        )
    size, stride = window[0], layer.strides[0]
    if layer.padding == "valid":
        return _Step(layer, size, stride, 0, inputs, (inputs - size) // stride + 1)
    outputs = -(-inputs // stride)
    padding = max((outputs - 1) * stride + size - inputs, 0)
    return _Step(layer, size, stride, padding // 2, inputs, outputs)


def _fit(
    spans: Sequence[Any], lengths: Sequence[int], needed: tuple[Span, Span]
) -> tuple[list[tuple[Span, Span]], list[int]]:
    """Windows of one size that lie in what is needed and hold all of each pair of spans that does too.

    Windows of one size can be computed together; what is computed without having changed stays the same.
    """
    fitted = [min(length, stop - start) for length, (start, stop) in zip(lengths, needed, strict=True)]
    windows = []
    for pair in spans:
        starts = [
            min(max(span[0], start), stop - length)
            for span, length, (start, stop) in zip(pair, fitted, needed, strict=True)
        ]
        rows, cols = ((start, start + length) for start, length in zip(starts, fitted, strict=True))
        windows.append((rows, cols))
    return windows, fitted


def _cut(values: Values, window: tuple[Span, ...]) -> Values:
    """A copy of a window of the values (rows, columns, C), with zeros beyond their edges."""
    (top, bottom), (left, right) = window
    height, width, channels = values.shape
    out = np.zeros((bottom - top, right - left, channels), values.dtype)
    _paste(out, window, values, ((0, height), (0, width)))
    return out


def _paste(target: Values, at: tuple[Span, ...], source: Values, inside: tuple[Span, ...]) -> None:
    """Write ``source``, which lies at ``inside``, into ``target``, which lies at ``at``, where both are."""
    overlap = [(max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(at, inside, strict=True)]
    if all(start < stop for start, stop in overlap):
        here, there = (
            tuple(slice(s - span[0], e - span[0]) for (s, e), span in zip(overlap, spans, strict=True))
            for spans in (at, inside)
        )
        target[here] = source[there]
