"""Masks of objects on the grid of the decoded image, from the outlines of a COCO file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import SIDE

Mask = NDArray[np.bool_]
"""Whether the middle of each pixel (224, 224) lies on the object."""


def fill_polygons(polygons: Sequence[Sequence[float]], width: int, height: int) -> Mask:
    """The pixels whose middles lie inside one of the polygons, of an image of this size.

    ``polygons``: x and y in turn, in pixels of the image as it was annotated. Inside is where a ray
    crosses the outline an odd number of times; several polygons are parts of one object, as COCO has it.
    """
    mask = np.zeros((SIDE, SIDE), np.bool_)
    for polygon in polygons:
        points = np.reshape(np.asarray(polygon, np.float64), (-1, 2)) * (SIDE / width, SIDE / height)
        mask |= _fill(points)
    return mask


def _fill(points: NDArray[np.float64]) -> Mask:
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    middles = np.arange(SIDE)[:, None] + 0.5
    # Half-open, so that a corner that lies on a row's middle counts once.
    rows, edges = np.nonzero((y <= middles) != (next_y <= middles))
    slope = (next_x - x)[edges] / (next_y - y)[edges]
    crossing = x[edges] + (rows + 0.5 - y[edges]) * slope
    # The first pixel whose middle lies to the right of the crossing; all from there on change sides.
    first = np.clip(np.floor(crossing + 0.5), 0, SIDE).astype(np.int64)
    changes = np.zeros((SIDE, SIDE + 1), np.int64)
    np.add.at(changes, (rows, first), 1)
    inside: Mask = changes[:, :SIDE].cumsum(axis=1) % 2 == 1
    return inside


def fill_runs(counts: Sequence[int], width: int, height: int) -> Mask:
    """The pixels whose middles lie on the object, from COCO's run lengths for an image of this size.

    ``counts``: how many pixels are off the object, on it, off it and so on, down one column after the other.
    """
    rows, columns = (np.floor((np.arange(SIDE) + 0.5) * length / SIDE) for length in (height, width))
    # The runs' ends, and in which run a pixel lies, rather than all pixels: an image may be large.
    ends = np.array(list(accumulate(counts)), np.float64)
    number = np.searchsorted(ends, columns * height + rows[:, None], side="right")
    found: Mask = number % 2 == 1
    return found


def unpack_runs(text: str) -> list[int]:
    """COCO's run lengths from the text that they are packed in.

    Each takes characters from "0" on, of five bits and one that says that more follow, the lowest bits first;
    from the fourth on what is kept is the difference from the last but one. Raises ``ValueError`` for text
    that is no such list.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - ord("0")
        if not 0 <= code < 64:
            raise ValueError(f"its runs have the character {character!r}, which packed ones have not")
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            # The highest bit of the last character is the sign.
            signed = value - (1 << shift) if code & 16 else value
            counts.append(signed + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("its packed runs end in the middle of a number")
    return counts
