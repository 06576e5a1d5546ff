"""What a neuron's output becomes when a box of its image is removed, or nothing but the box is kept.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2. A box changes few
values of the first layers, and a neuron depends on few of the last ones: only what lies in both is computed
again, an eighth of VGG19's multiplications for boxes of a quarter of the image's side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.chain import (
    Values,
    Window,
    cut_window,
    find_needed,
    paste_window,
    read_steps,
    record_values,
)
from reportgen.results import Box, Position

_TOGETHER = 16
"""Boxes that are computed at a time."""


class OccludedNetwork:
    """A chain of square convolutions and max poolings, of which single outputs are asked for.

    ``layers`` are Keras layers in order, for an image of ``side`` × ``side`` pixels; raises as
    :func:`~reportgen.analysis.chain.read_steps`.
    """

    def __init__(self, layers: Iterable[Any], side: int) -> None:
        self._steps = read_steps(layers, side)

    def record(self, image: Values) -> list[Values]:
        """The preprocessed image (H, W, C) and the output of each layer that counts."""
        return record_values(self._steps, image)

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
        needed = find_needed(self._steps, position)
        spans = [(box.rows, box.cols) for box in boxes]
        lengths = [stop - start for start, stop in spans[0]]
        # Boxes have one size, so the lengths of the first are those of all, at every step.
        changed, lengths = _fit(spans, lengths, needed[0])
        signal = np.stack([cut_window(base[0], window) for window in changed])
        # First what was there in the whole window, then what the box changes of it.
        for item, box, window in zip(signal, spans, changed, strict=True):
            paste_window(item, window, cut_window(other, box), box)
        for k, step in enumerate(self._steps):
            # Spans differ by one where strides do not divide them; the longest decides, and the others get a
            # margin.
            reached = [tuple(map(step.reach, each)) for each in changed]
            lengths = [step.longest_reach(length) for length in lengths]
            windows, lengths = _fit(reached, lengths, needed[k + 1])
            inputs = np.stack([cut_window(base[k], step.need_window(each), step.fill) for each in windows])
            for item, window, inside, values in zip(inputs, windows, changed, signal, strict=True):
                paste_window(item, step.need_window(window), values, inside)
            signal, changed = step.rectify(step.run(inputs)).numpy(), windows
        return np.asarray(signal[:, 0, 0, position[2]])


def _fit(spans: Sequence[Any], lengths: Sequence[int], needed: Window) -> tuple[list[Window], list[int]]:
    """Windows of one size that lie in what is needed and hold all of each pair of spans that does too.

    Windows of one size can be computed together; what is computed without having changed stays the same.
    """
    fitted = [min(length, stop - start) for length, (start, stop) in zip(lengths, needed, strict=True)]
    windows = []
    for pair in spans:
        starts = [
            # Moved back in where the end of what is needed cuts it; the length stays.
            min(max(span[0], start), stop - length)
            for span, length, (start, stop) in zip(pair, fitted, needed, strict=True)
        ]
        rows, cols = ((start, start + length) for start, length in zip(starts, fitted, strict=True))
        windows.append((rows, cols))
    return windows, fitted
