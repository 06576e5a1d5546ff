"""What patches would be like at random positions in their images: the level that their flatness is judged by.

Most parts of a photograph are flatter than the whole. So that a patch is flatter than its image says nothing
of the neuron until it is known how many boxes of its size are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import grey
from reportgen.results import Box
from reportgen.sections.neurons.patches import BLACK, group_overlapping
from reportgen.sections.neurons.result import Flatness, RandomBoxes

ALPHA = 0.05

DRAWS = 999
"""Smallest p-value 0.002, as both ends count."""


@dataclass(frozen=True)
class BoxStatistics:
    """Boxes of one patch's size at all positions (R, C) in its image, by their upper left pixel: their
    ``contrast``, and the share of all of them that is ``flatter``, those of equal contrast by half.
    """

    contrast: NDArray[np.float64]
    flatter: NDArray[np.float64]
    black: float
    at_edge: float


def measure_boxes(levels: NDArray[np.int64], height: int, width: int) -> BoxStatistics:
    """All boxes of a size in an image whose luma is given as ``levels`` (H, W), 0 to 255."""
    size = height * width
    total, squares = (_sum_boxes(each, height, width) for each in (levels, levels**2))
    # In whole numbers, so that equal boxes are equal on every machine.
    spread = size * squares - total**2
    ranked = np.sort(spread, axis=None)
    below, not_above = (np.searchsorted(ranked, spread, side) for side in ("left", "right"))
    black = _sum_boxes((levels < BLACK * 255).astype(np.int64), height, width)
    inner = np.maximum(0, np.array(spread.shape) - 2).prod()
    return BoxStatistics(
        contrast=np.sqrt(spread) / size / 255,
        flatter=(below + not_above) / 2 / spread.size,
        black=float(black.mean() / size),
        at_edge=float(1 - inner / spread.size),
    )


def _sum_boxes(values: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """The sums over all boxes of a size, from those over all boxes that begin in the first pixel."""
    # A summed-area table: a box of any size takes four reads, so that all positions can be looked at and
    # chance is exact.
    sums = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    found: NDArray[np.int64] = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    )
    return found


@dataclass(frozen=True)
class Scene:
    """The patches of one image, the boxes that each could be, and which of the patches overlap."""

    patches: Sequence[Box]
    boxes: Sequence[BoxStatistics]
    groups: Sequence[int]
    levels: NDArray[np.int64]

    @classmethod
    def of(cls, patches: Sequence[Box], image: NDArray[np.uint8]) -> Scene:
        """The scene of an image (224, 224, 3)."""
        levels = np.rint(grey(image) * 255).astype(np.int64)
        sizes = [tuple(stop - start for start, stop in (each.rows, each.cols)) for each in patches]
        known = {size: measure_boxes(levels, *size) for size in set(sizes)}
        return cls(patches, [known[size] for size in sizes], group_overlapping(patches), levels)

    def describe(self) -> RandomBoxes:
        """What chance gives for this image; exact, as all positions are looked at."""
        whole = self.levels.std() / 255
        return RandomBoxes(
            contrast=float(np.mean([each.contrast.mean() for each in self.boxes])),
            flatter=float(sum((each.contrast < whole).mean() for each in self.boxes)),
            black=float(np.mean([each.black for each in self.boxes])),
            at_edge=float(sum(each.at_edge for each in self.boxes)),
        )

    def ranks(self) -> list[float]:
        """For each patch the share of the boxes of its size that is flatter."""
        return [
            float(boxes.flatter[each.rows[0], each.cols[0]])
            for each, boxes in zip(self.patches, self.boxes, strict=True)
        ]

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """The sums (count,) of these shares if patches are at random positions.

        Those of a group are moved together: overlapping patches show the same pixels, and are one chance.
        """
        found = np.zeros(count)
        # In a fixed order, as all groups draw from one stream.
        for group in sorted(set(self.groups)):
            own = [n for n, each in enumerate(self.groups) if each == group]
            rows, columns = (
                _move([getattr(self.patches[n], axis) for n in own], length, rng, count)
                for axis, length in zip(("rows", "cols"), self.levels.shape, strict=True)
            )
            for n in own:
                patch = self.patches[n]
                found += self.boxes[n].flatter[patch.rows[0] + rows, patch.cols[0] + columns]
        return found


def _move(
    spans: Sequence[tuple[int, int]], length: int, rng: np.random.Generator, count: int
) -> NDArray[np.int64]:
    """Random distances (count,) by which all spans together can be moved within an axis of this length."""
    first, last = min(start for start, _ in spans), max(stop for _, stop in spans)
    return rng.integers(-first, length - last, count, endpoint=True)


def judge_flatness(scenes: Sequence[Scene], seed: int) -> Flatness:
    """Whether the patches of all images are flatter, or less flat, than boxes at random positions."""
    ranks = [rank for scene in scenes for rank in scene.ranks()]
    rng = np.random.default_rng(seed)
    drawn = np.sum([scene.draw(rng, DRAWS) for scene in scenes], axis=0) / len(ranks)
    share = float(np.mean(ranks))
    # Sums of the same shares in another order differ by rounding.
    ends = np.count_nonzero(drawn <= share + 1e-9), np.count_nonzero(drawn >= share - 1e-9)
    return Flatness(
        share=share,
        expected=float(drawn.mean()),
        flatter=sum(scene.describe().flatter for scene in scenes),
        alpha=ALPHA,
        draws=DRAWS,
        # The truth is one of the orders that chance may give: so the value is never 0.
        p_value=min(1.0, 2 * (1 + min(ends)) / (1 + DRAWS)),
    )
