"""How builds grow with the number of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Size:
    """What a cold build of so many images took: seconds, peak bytes and bytes of cache; and the seconds of
    a build after it that had nothing to do, None where not measured.
    """

    network: str
    images: int
    cold: float
    peak: int
    cache: int
    noop: float | None = None


@dataclass(frozen=True)
class Slopes:
    """Least-squares slopes over builds with the same network; None from fewer than two numbers of images."""

    network: str
    sizes: Sequence[Size]

    @property
    def cold_seconds(self) -> float | None:
        """Additional seconds of a cold build for each additional image."""
        return slope([(size.images, size.cold) for size in self.sizes])

    @property
    def noop_seconds(self) -> float | None:
        """Additional seconds of a build with nothing to do for each additional image."""
        return slope([(size.images, size.noop) for size in self.sizes if size.noop is not None])

    @property
    def peak_bytes(self) -> float | None:
        """Additional bytes of peak memory of a cold build for each additional image."""
        return slope([(size.images, size.peak) for size in self.sizes])

    @property
    def cache_bytes(self) -> float | None:
        """Additional bytes of cache for each additional image."""
        return slope([(size.images, size.cache) for size in self.sizes])


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope of the line nearest to the points (x, y) in the sense of least squares.

    None if they do not have two different x.
    """
    if len({x for x, _ in points}) < 2:
        return None
    x, y = np.asarray(points, float).T
    x = x - x.mean()
    return float(x @ y / (x @ x))


def slopes_of(sizes: Sequence[Size]) -> list[Slopes]:
    """One for each network, in the order in which they first occur."""
    networks = dict.fromkeys(size.network for size in sizes)
    return [Slopes(name, [size for size in sizes if size.network == name]) for name in networks]
