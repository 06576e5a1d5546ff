"""What patches are like as pictures, beside the image that they are parts of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.neurons import area_share
from reportgen.dataset.decode import grey
from reportgen.results import Box
from reportgen.sections.neurons.result import PatchLooks

BLACK = 0.05
"""The luma below which a pixel counts as black."""


def describe_patches(patches: Sequence[Box], image: NDArray[np.uint8], animal: Box | None) -> PatchLooks:
    """Contrast, blackness, position and overlap of an image's patches; ``image`` is (224, 224, 3).

    Contrast is the standard deviation of the luma. Two patches overlap by more than half if their
    intersection is more than half of their union; patches are in one group if a chain of such overlaps
    leads from one to the other.
    """
    luma = grey(image).astype(np.float64)
    parts = [luma[slice(*each.rows), slice(*each.cols)] for each in patches]
    side = len(image)
    return PatchLooks(
        patches=len(patches),
        contrast=float(np.mean([part.std() for part in parts])),
        image_contrast=float(luma.std()),
        flatter=sum(bool(part.std() < luma.std()) for part in parts),
        black=float(np.mean([(part < BLACK).mean() for part in parts])),
        image_black=float((luma < BLACK).mean()),
        # Half-open: a box with the last pixel ends at the side.
        at_edge=sum(0 in (*each.rows, *each.cols) or side in (*each.rows, *each.cols) for each in patches),
        pairs=len(patches) * (len(patches) - 1) // 2,
        overlapping=len(_find_pairs(patches)),
        places=len(set(group_overlapping(patches))),
        on_animal=None
        if animal is None
        else float(np.mean([_intersect(each, animal) / _area(each) for each in patches])),
        animal_area=area_share(animal, side),
    )


def _area(box: Box) -> int:
    return (box.rows[1] - box.rows[0]) * (box.cols[1] - box.cols[0])


def _intersect(one: Box, other: Box) -> int:
    """Pixels that are in both boxes."""
    lengths = [
        max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in ((one.rows, other.rows), (one.cols, other.cols))
    ]
    return lengths[0] * lengths[1]


def _find_pairs(patches: Sequence[Box]) -> list[tuple[int, int]]:
    """The pairs that overlap by more than half, by their indices."""
    return [
        (i, j)
        for (i, one), (j, other) in combinations(enumerate(patches), 2)
        # In whole numbers, so that exactly half is not more than half.
        if 2 * _intersect(one, other) > _area(one) + _area(other) - _intersect(one, other)
    ]


def group_overlapping(patches: Sequence[Box]) -> list[int]:
    """The group of each patch: those that overlap by more than half are in one."""
    group = list(range(len(patches)))
    for one, other in _find_pairs(patches):
        # The whole group changes its number: a chain of overlaps joins all of its members.
        old, new = group[other], group[one]
        group = [new if each == old else each for each in group]
    return group
