"""What a neuron's output becomes when a box of its image is removed, or nothing but the box is kept.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2. A box changes few
values of the first layers, and a neuron depends on few of the last ones: only what lies in both is computed
again, an eighth of VGG19's multiplications for boxes of a quarter of the image's side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.chain import (
    Values,
    Window,
    find_needed,
    paste_window,
    read_steps,
    record_values,
)
from reportgen.results import Box, Position

_TOGETHER = 8
"""Changed images that are computed at a time, at most."""

_PIXELS = _TOGETHER * 64**2
"""And so many of their pixels, so that large boxes take no more memory than many small ones."""

_THREADS = 2
"""While one copies windows, which no second processor helps with, another multiplies."""

Lengths = NDArray[np.int64]


class Replaced(NamedTuple):
    """An image that was recorded, ``base``, with a box of it taken from another image (H, W, C).

    With the image as ``base`` and a fill as ``other`` the box is removed; the other way about it is kept.
    """

    base: Sequence[Values]
    other: Values
    box: Box


class OccludedNetwork:
    """A chain of square convolutions and max poolings, of which single outputs are asked for.

    ``layers`` are Keras layers in order, for an image of ``side`` × ``side`` pixels; raises as
    :func:`~reportgen.analysis.chain.read_steps`.
    """

    def __init__(self, layers: Iterable[Any], side: int) -> None:
        self._steps = read_steps(layers, side)
        # Multiplications for a pixel of each step's output.
        self._work = [0 if step.kernel is None else int(np.prod(step.kernel.shape)) for step in self._steps]

    def record(self, image: Values) -> list[Values]:
        """The preprocessed image (H, W, C) and the output of each layer that counts."""
        return record_values(self._steps, image)

    def replace(self, images: Sequence[Replaced], position: Position) -> NDArray[np.float64]:
        """The neuron's outputs (images,); what is put into them is preprocessed as what was recorded."""
        outputs = np.zeros(len(images))
        if not images:
            return outputs
        needed = find_needed(self._steps, position)
        changed = [self._find_changed(image.box, needed) for image in images]
        batches = self._group(np.array(changed))

        def run(batch: Sequence[int]) -> Values:
            maps = self._run([images[i] for i in batch], [changed[i] for i in batch], needed)
            return np.asarray(maps[:, 0, 0, position[2]])

        with ThreadPoolExecutor(_THREADS) as pool:
            for batch, found in zip(batches, pool.map(run, batches), strict=True):
                outputs[batch] = found
        return outputs

    def _find_changed(self, box: Box, needed: Sequence[Window]) -> list[Window]:
        """What the box changes of that which is needed, of the image and of each step's output."""
        changed = [_clip((box.rows, box.cols), needed[0])]
        for step, within in zip(self._steps, needed[1:], strict=True):
            rows, cols = map(step.reach, changed[-1])
            changed.append(_clip((rows, cols), within))
        return changed

    def _group(self, changed: NDArray[Any]) -> list[list[int]]:
        """Images by number that are computed together, in windows as large as the largest of theirs.

        At the edges of what is needed windows are small, and would be enlarged among others.
        """
        lengths = changed[..., 1] - changed[..., 0]
        together = max(1, min(_TOGETHER, _PIXELS // max(int(lengths[:, 0].prod(axis=1).max()), 1)))

        def split(numbers: NDArray[np.int64]) -> list[list[int]]:
            if len(numbers) <= together:
                return [numbers.tolist()]
            # Apart by rows or by columns, whichever leaves less to be computed.
            halves = [
                np.array_split(numbers[np.argsort(lengths[numbers, :, axis].sum(axis=1), kind="stable")], 2)
                for axis in (0, 1)
            ]
            low, high = min(halves, key=lambda pair: sum(self._count(lengths[half]) for half in pair))
            return [*split(low), *split(high)]

        return split(np.arange(len(changed)))

    def _count(self, lengths: Lengths) -> int:
        """Multiplications of images (N, steps + 1, 2) that are computed together."""
        return int(np.dot(self._work, lengths.max(axis=0)[1:].prod(axis=1))) * len(lengths)

    def _run(
        self, images: Sequence[Replaced], changed: Sequence[Sequence[Window]], needed: Sequence[Window]
    ) -> Values:
        windows = _fit([each[0] for each in changed], needed[0])
        signal = _cut([image.base[0] for image in images], windows, 0.0)
        # First what was there in the whole window, then what the box changes of it.
        for item, image, window in zip(signal, images, windows, strict=True):
            rows, cols = image.box.rows, image.box.cols
            paste_window(item, window, image.other[slice(*rows), slice(*cols)], (rows, cols))
        for k, step in enumerate(self._steps):
            computed = _fit([each[k + 1] for each in changed], needed[k + 1])
            wide = [step.need_window(window) for window in computed]
            inputs = _cut([image.base[k] for image in images], wide, step.fill)
            for item, around, window, values in zip(inputs, wide, windows, signal, strict=True):
                paste_window(item, around, values, window)
            signal, windows = step.rectify(step.run(inputs)).numpy(), computed
        return signal


def _clip(window: Window, within: Window) -> Window:
    """The part of a window that lies within another one, be it nothing."""
    rows, cols = (
        (min(max(start, first), last), max(min(stop, last), first))
        for (start, stop), (first, last) in zip(window, within, strict=True)
    )
    return (rows, cols)


def _fit(windows: Sequence[Window], needed: Window) -> list[Window]:
    """Windows of one size that hold these, each in what is needed.

    Windows of one size can be computed together; what is computed without having changed stays the same.
    """
    # One pixel at least: an image of which nothing that counts was changed has an output, too.
    height, width = (max(1, *(window[axis][1] - window[axis][0] for window in windows)) for axis in (0, 1))
    (_, bottom), (_, right) = needed
    fitted = []
    for (top, _), (left, _) in windows:
        # Moved back in where the end of what is needed cuts it; the length stays.
        top, left = min(top, bottom - height), min(left, right - width)
        fitted.append(((top, top + height), (left, left + width)))
    return fitted


def _cut(sources: Sequence[Values], windows: Sequence[Window], fill: float) -> Values:
    """Windows of one size out of maps (rows, columns, C), one of each, with ``fill`` beyond their edges."""
    (top, bottom), (left, right) = windows[0]
    height, width, channels = sources[0].shape
    cut = np.empty((len(windows), bottom - top, right - left, channels), sources[0].dtype)
    for item, source, (rows, cols) in zip(cut, sources, windows, strict=True):
        # Elsewhere all of it is pasted.
        if min(rows[0], cols[0]) < 0 or rows[1] > height or cols[1] > width:
            item.fill(fill)
        paste_window(item, (rows, cols), source, ((0, height), (0, width)))
    return cut
