"""Builds of one data set beside the floor, and whether they reach the goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from measurement import Run, median_run, parts_of

TIME_GOAL = 1.0
"""Cold build, without the sections beyond the assignment's own, over floor, at most."""

OCCLUSION, PANEL = ("Occlusion",), ("Randomised networks",)
BEYOND = (
    *OCCLUSION,
    *PANEL,
    "Decisive channels",
    "Channels over the data",
    "Other methods",
    "Looking at rings, colours and files",
    "VGG19 without the ring",
    "Looking for shortcuts",
    "Looking for near-duplicates",
)
"""The stages of the sections beyond the assignment's own."""

MEMORY_GOAL = 1.5 * 10**9
"""Peak memory of a cold build in bytes, at most."""

QUIET = 0.05
"""Share of the processors that others may have used during a run that counts as undisturbed."""

DECODED_IMAGE = 224 * 224 * 3
"""Bytes of one decoded image: memory that grows by as much per image keeps the images."""


@dataclass(frozen=True)
class Comparison:
    """All runs on one data set; every number is the median over them.

    ``floor`` has the runs of each part of the floor, of which only the stages count, not the start of the
    process; ``warm`` and ``floor`` are empty where they were not measured. ``cache`` is the bytes of cache
    that a cold build leaves.
    """

    name: str
    images: int
    cold: Sequence[Run]
    warm: Sequence[Run] = ()
    floor: Sequence[Sequence[Run]] = ()
    cache: int = 0

    @property
    def cold_run(self) -> Run:
        """The median cold build."""
        return median_run(self.cold)

    @property
    def floor_parts(self) -> dict[str, float]:
        """Seconds of each part of the floor by its title."""
        return parts_of(self.floor)

    @property
    def floor_seconds(self) -> float | None:
        """The least time that the libraries alone would take; None if not measured."""
        return sum(self.floor_parts.values()) if self.floor else None

    @property
    def ratio(self) -> float | None:
        """Wall time of the cold build, from outside, over the floor; None without a floor."""
        return self.cold_run.around / self.floor_seconds if self.floor_seconds else None

    @property
    def own_ratio(self) -> float | None:
        """The same of the assignment's own sections: what the others took is taken off the cold build."""
        beyond = sum(self.cold_run.stages.get(stage, 0.0) for stage in BEYOND)
        return (self.cold_run.around - beyond) / self.floor_seconds if self.floor_seconds else None

    @property
    def cpu_ratio(self) -> float | None:
        """As ``ratio`` in processor time, which other programs change less; None without a floor.

        It is the milder number: work that keeps one processor busy counts half as much beside VGG19, which
        keeps two.
        """
        floor = sum(sum(median_run(runs).stages_cpu.values()) for runs in self.floor)
        return self.cold_run.cpu / floor if floor else None

    @property
    def others(self) -> float:
        """The largest share of the processors that others used in any run of cold build or floor."""
        return max(run.others for runs in (self.cold, *self.floor) for run in runs)

    @property
    def disturbed(self) -> bool:
        """Whether others used so much that times and ratio are not to be relied on."""
        return self.others > QUIET

    @property
    def fast_enough(self) -> bool | None:
        """Whether the assignment's own sections reach the goal; None without a floor."""
        return self.own_ratio <= TIME_GOAL if self.own_ratio is not None else None

    @property
    def small_enough(self) -> bool:
        """Whether the peak memory reaches the goal."""
        return self.cold_run.peak <= MEMORY_GOAL


@dataclass(frozen=True)
class Growth:
    """Peak memory of two cold builds, the second with more images of the same kind."""

    fewer: Comparison
    more: Comparison

    @property
    def per_image(self) -> float:
        """Additional bytes of peak memory for each additional image."""
        more = self.more.cold_run.peak - self.fewer.cold_run.peak
        return more / (self.more.images - self.fewer.images)

    @property
    def bounded(self) -> bool:
        """Whether an additional image takes less memory than its decoded pixels."""
        return self.per_image < DECODED_IMAGE
