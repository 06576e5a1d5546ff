"""How well maps find the annotated object, its box and its outline, beside what random positions and the
middle of the image would score.

Zhang et al. 2018, "Top-down neural attention by excitation backprop": the pointing game. The share of the
energy in the box follows Wang et al. 2020, "Score-CAM".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.neurons import area_share, quantile_span
from reportgen.dataset.masks import Mask
from reportgen.results import Box
from reportgen.results.fields import SIDE
from reportgen.sections.methods.result import Estimate, Localisation, Located, Outlined, OutlinedMethod

RESAMPLES = 2000
"""Of the images; the ends of the intervals then move by less than 0.01 from seed to seed."""

# The text of methods.html.j2 names the level, too.
CONFIDENCE = (2.5, 97.5)
"""Percentiles: 95 % lie between."""

MEASURES = ("hit", "energy", "overlap", "random_overlap", "centre_overlap")
"""What is measured of each map; the columns of the array."""


@dataclass(frozen=True)
class InOutline:
    """What was ``measured`` of an image's maps (methods, 2) inside the outline, its hit and its energy.

    ``area``: the outline's share of the image. ``centre_hit``, ``centre_energy``: whether the middle of the
    image lies inside, and what an even map on a centred box of the object's size has there.
    """

    measured: NDArray[np.float64]
    area: float
    centre_hit: bool
    centre_energy: float


@dataclass(frozen=True)
class Sample:
    """One image: what was ``measured`` of its maps (methods, measures), the ``animal``'s box, and what was
    measured inside its outline, where one is known.
    """

    file: str
    measured: NDArray[np.float64]
    animal: Box
    outline: InOutline | None = None


def measure_maps(maps: NDArray[Any], animal: Box) -> NDArray[np.float64]:
    """The measures (methods, 5) of maps (methods, H, W).

    A map's patch is the box from the 5 % to the 95 % quantile of its sizes along rows and along columns, as
    the patches of neurons are; overlap is intersection over union with the animal's box. Random boxes have
    the patch's size and are equally likely at every position: their mean overlap is computed over all
    positions, not drawn. A map that is zero everywhere points nowhere, and scores zero.
    """
    return np.array([_measure(np.abs(each.astype(np.float64)), animal) for each in maps])


def _measure(sizes: NDArray[np.float64], animal: Box) -> tuple[float, ...]:
    total = sizes.sum()
    if not total:
        return (0.0,) * len(MEASURES)
    row, column = np.unravel_index(sizes.argmax(), sizes.shape)
    # By sizes and not by their squares, as the share on the animal is.
    patch = [quantile_span(sizes.sum(axis=axis)) for axis in (1, 0)]
    lengths = [stop - start for start, stop in patch]
    centred = [_centre(length) for length in lengths]
    inside = sizes[slice(*animal.rows), slice(*animal.cols)].sum() / total
    return (
        float(holds(animal, int(row), int(column))),
        # Both sums are rounded, in different orders.
        min(float(inside), 1.0),
        _overlap(Box(rows=patch[0], cols=patch[1]), animal),
        _mean_overlap(lengths, animal),
        _overlap(Box(rows=centred[0], cols=centred[1]), animal),
    )


def measure_outline(maps: NDArray[Any], mask: Mask, animal: Box) -> InOutline:
    """What of maps (methods, H, W) lies inside an outline, whose ``mask`` (H, W) has at least one pixel.

    As with boxes, a map that is zero everywhere points nowhere, and scores zero.
    """
    rows, cols = (_centre(stop - start) for start, stop in (animal.rows, animal.cols))
    return InOutline(
        measured=np.array([_measure_inside(np.abs(each.astype(np.float64)), mask) for each in maps]),
        area=float(mask.mean()),
        centre_hit=bool(mask[SIDE // 2, SIDE // 2]),
        centre_energy=float(mask[slice(*rows), slice(*cols)].mean()),
    )


def _measure_inside(sizes: NDArray[np.float64], mask: Mask) -> tuple[float, float]:
    total = sizes.sum()
    if not total:
        return 0.0, 0.0
    return float(mask.flat[sizes.argmax()]), min(float(sizes[mask].sum() / total), 1.0)


def _centre(length: int) -> tuple[int, int]:
    return (SIDE - length) // 2, (SIDE - length) // 2 + length


def holds(box: Box, row: int, column: int) -> bool:
    """Whether a pixel lies in a box."""
    return box.rows[0] <= row < box.rows[1] and box.cols[0] <= column < box.cols[1]


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    common = _common(one.rows, other.rows) * _common(one.cols, other.cols)
    return common / (_area(one) + _area(other) - common)


def _common(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _area(box: Box) -> int:
    return (box.rows[1] - box.rows[0]) * (box.cols[1] - box.cols[0])


def _mean_overlap(lengths: Sequence[int], animal: Box) -> float:
    """The mean overlap of boxes of these sides at all positions in the image."""
    rows, cols = (
        np.array([_common((start, start + length), span) for start in range(SIDE - length + 1)], np.float64)
        for length, span in zip(lengths, (animal.rows, animal.cols), strict=True)
    )
    # Rows and columns apart: all positions of a box are the product of both, and none is laid by itself.
    common = rows[:, None] * cols
    return float((common / (lengths[0] * lengths[1] + _area(animal) - common)).mean())


def centre_energy(animal: Box) -> float:
    """What an even map on a centred box of the animal's size has on the animal."""
    spans = [_centre(stop - start) for start, stop in (animal.rows, animal.cols)]
    return _common(spans[0], animal.rows) * _common(spans[1], animal.cols) / _area(animal)


def localise(samples: Sequence[Sample], methods: Sequence[str], seed: int) -> Located | None:
    """Each method's mean measures over the images, with 95 % bootstrap intervals; None without images.

    Images are drawn again with replacement, the same ones for all methods and measures, from ``seed``.
    """
    if not samples:
        return None
    measured = np.stack([each.measured for each in samples])
    areas = np.array([area_share(each.animal) or 0.0 for each in samples])
    estimate = _resample(len(samples), seed)
    return Located(
        images=len(samples),
        resamples=RESAMPLES,
        random=float(areas.mean()),
        # A rival that does not look at the image: measured on 42 photographs, 59 % of what is near the middle
        # lies on the object, where chance gives 26 %.
        centre_hits=float(np.mean([holds(each.animal, SIDE // 2, SIDE // 2) for each in samples])),
        centre_energy=float(np.mean([centre_energy(each.animal) for each in samples])),
        methods=[
            _describe(method, dict(zip(MEASURES, measured[:, k].T, strict=True)), areas, estimate)
            for k, method in enumerate(methods)
        ],
        outlined=_compare_outlines([each.outline for each in samples if each.outline], methods, seed),
    )


def _resample(count: int, seed: int) -> Callable[[NDArray[np.float64]], Estimate]:
    """Estimates the mean of the values of so many images."""
    # The same draws for all, or a difference of two methods could come from the images that were drawn.
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))

    def estimate(values: NDArray[np.float64]) -> Estimate:
        low, high = np.percentile(values[drawn].mean(axis=1), CONFIDENCE)
        return Estimate(mean=float(values.mean()), low=float(low), high=float(high))

    return estimate


def _compare_outlines(found: Sequence[InOutline], methods: Sequence[str], seed: int) -> Outlined | None:
    if not found:
        return None
    hits, energies = np.stack([each.measured for each in found], axis=-1).transpose(1, 0, 2)
    areas = np.array([each.area for each in found])
    estimate = _resample(len(found), seed)
    return Outlined(
        images=len(found),
        random=float(areas.mean()),
        centre_hits=float(np.mean([each.centre_hit for each in found])),
        centre_energy=float(np.mean([each.centre_energy for each in found])),
        methods=[
            OutlinedMethod(
                method=method,
                hits=estimate(hits[k]),
                energy=estimate(energies[k]),
                gain=estimate(energies[k] - areas),
            )
            for k, method in enumerate(methods)
        ],
    )


def _describe(
    method: str,
    measured: Mapping[str, NDArray[np.float64]],
    areas: NDArray[np.float64],
    estimate: Callable[[NDArray[np.float64]], Estimate],
) -> Localisation:
    return Localisation(
        method=method,
        hits=estimate(measured["hit"]),
        energy=estimate(measured["energy"]),
        # Image by image, since images with large boxes score high by chance and by merit.
        gain=estimate(measured["energy"] - areas),
        overlap=estimate(measured["overlap"]),
        random_overlap=float(measured["random_overlap"].mean()),
        centre_overlap=float(measured["centre_overlap"].mean()),
    )
