"""Neurons: their order by output, and the part of the image that each of them sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.results import Box, FieldGeometry, Patch, Position

# Each axis leaves at most a tenth of the energy outside, so that the box holds at least four fifths of it.
# The texts of neurons.html.j2 and methods.html.j2 name both, too.
QUANTILES = (0.05, 0.95)


def find_support(gradient: NDArray[Any]) -> Box | None:
    """The smallest box that holds every pixel of a gradient (H, W, C) that is not zero; None without any."""
    # Magnitudes and not squares: in float32 the square of anything below 1e-23 is zero.
    seen = np.abs(gradient).max(axis=2) > 0
    if not seen.any():
        return None
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    return Box(rows=(int(rows[0]), int(rows[-1]) + 1), cols=(int(columns[0]), int(columns[-1]) + 1))


def receptive_field(geometry: FieldGeometry, row: int, column: int, side: int = 224) -> Box:
    """The exact box of input pixels that the neuron at (row, column) can see, clipped to the image.

    Along one axis neuron i sees −P + i·S … −P + i·S + r − 1 (Araujo et al. 2019), or what is listed for it.
    """
    return Box(
        rows=_span(geometry, row, side, geometry.row_spans),
        cols=_span(geometry, column, side, geometry.column_spans),
    )


def _span(
    geometry: FieldGeometry, index: int, side: int, listed: Sequence[tuple[int, int]] | None
) -> tuple[int, int]:
    # A position beyond the list is a stranger's: of that the rule says as much as there is to say.
    if listed is not None and index < len(listed):
        return listed[index]
    start = index * geometry.stride - geometry.padding
    return max(start, 0), min(start + geometry.size, side)


def effective_field(gradient: NDArray[Any], fallback: Box) -> Patch:
    """The box that holds most of a neuron's input gradient (H, W, C): its effective receptive field.

    The energy of a pixel is the sum over channels of the squared gradient; the box runs from the 5 % to
    the 95 % quantile of the energy along rows and along columns, both ends included (after Luo, Li,
    Urtasun & Zemel 2016, "Understanding the Effective Receptive Field"). A gradient that is zero
    everywhere has no such box: then ``fallback`` is returned with an ``energy_share`` of None.
    """
    # In float64, since in float32 the squares of small gradients vanish.
    energy = np.square(gradient.astype(np.float64)).sum(axis=2)
    # Exactly zero, since no gradient passes the ReLU of a silent neuron.
    total = energy.sum()
    if total == 0:
        return Patch(rows=fallback.rows, cols=fallback.cols, energy_share=None)
    rows = quantile_span(energy.sum(axis=1))
    cols = quantile_span(energy.sum(axis=0))
    inside = energy[slice(*rows), slice(*cols)].sum()
    return Patch(rows=rows, cols=cols, energy_share=_share(inside, total))


def quantile_span(energy: NDArray[np.float64]) -> tuple[int, int]:
    """The half-open span of what lies between ``QUANTILES`` of sums (N,), which are not all zero."""
    share = np.cumsum(energy) / energy.sum()
    # The first pixel at which the sum reaches the quantile: 5 % of the energy at most are before it.
    start, last = (int(np.searchsorted(share, q)) for q in QUANTILES)
    return start, min(last, len(energy) - 1) + 1


def energy_inside(gradient: NDArray[Any], box: Box | None) -> float | None:
    """Share, 0 to 1, of a gradient's energy that is inside a box; None without a box or any energy.

    The gradient is (H, W, C); the energy of a pixel is the sum over channels of its squares, in float64.
    """
    if box is None:
        return None
    energy = np.square(gradient.astype(np.float64)).sum(axis=2)
    total = float(energy.sum())
    return _share(energy[slice(*box.rows), slice(*box.cols)].sum(), total) if total else None


def _share(part: float, total: float) -> float:
    # The same numbers summed in another order may come out larger in the last digit.
    return min(float(part) / float(total), 1.0)


def area_share(box: Box | None, side: int = 224) -> float | None:
    """Share, 0 to 1, of an image of ``side`` × ``side`` pixels that a box covers; None without a box."""
    if box is None:
        return None
    return (box.rows[1] - box.rows[0]) * (box.cols[1] - box.cols[0]) / side**2


def overlaps(a: Box, b: Box) -> bool:
    """Whether two half-open boxes share at least one pixel."""
    return a.rows[0] < b.rows[1] and b.rows[0] < a.rows[1] and a.cols[0] < b.cols[1] and b.cols[0] < a.cols[1]


def rank_neurons(activations: NDArray[np.float32], count: int, *, distinct: bool = False) -> list[Position]:
    """Positions of the ``count`` largest outputs of a layer (rows, columns, channels), largest first.

    Ties go to the first position in row, column, channel order; with ``distinct`` only the largest neuron
    of each channel counts. Fewer positions are returned if the layer has fewer.
    """
    if distinct:
        by_channel = activations.reshape(-1, activations.shape[-1])
        # argmax names the first of equal outputs, as ties need it.
        flat = np.ravel_multi_index(
            (by_channel.argmax(axis=0), np.arange(by_channel.shape[1])), by_channel.shape
        )
        # Back into the order of positions, which the stable sort below keeps for ties.
        flat = np.sort(flat)
    else:
        flat = np.arange(activations.size)
    # Stable, so that ties go to the first position on every machine.
    order = np.argsort(-activations.ravel()[flat], kind="stable")[:count]
    return [_as_position(index, activations.shape) for index in flat[order]]


def _as_position(index: np.intp, shape: tuple[int, ...]) -> Position:
    row, column, channel = (int(i) for i in np.unravel_index(index, shape))
    return row, column, channel


@dataclass(frozen=True)
class GuidedGradients:
    """``values`` (K,): the neurons' outputs; ``gradients`` (K, H, W, C): guided gradients with respect to
    the preprocessed image; ``relu_total`` ReLUs on the way, of which ``relu_guided`` were guided.
    """

    values: NDArray[np.float32]
    gradients: NDArray[np.float32]
    relu_total: int
    relu_guided: int
