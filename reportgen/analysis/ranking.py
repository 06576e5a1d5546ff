"""The largest outputs of a layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.results import Position


def rank_neurons(activations: NDArray[np.float32], count: int, *, distinct: bool = False) -> list[Position]:
    """Positions of the ``count`` largest outputs of a layer (rows, columns, channels), largest first.

    Ties go to the first position in row, column, channel order; with ``distinct`` only the largest neuron
    of each channel counts. Fewer positions are returned if the layer has fewer.
    """
    if distinct:
        by_channel = activations.reshape(-1, activations.shape[-1])
        flat = np.ravel_multi_index(
            (by_channel.argmax(axis=0), np.arange(by_channel.shape[1])), by_channel.shape
        )
        flat = np.sort(flat)
    else:
        flat = np.arange(activations.size)
    order = np.argsort(-activations.ravel()[flat], kind="stable")[:count]
    return [_as_position(index, activations.shape) for index in flat[order]]


def _as_position(index: np.intp, shape: tuple[int, ...]) -> Position:
    row, column, channel = (int(i) for i in np.unravel_index(index, shape))
    return row, column, channel
