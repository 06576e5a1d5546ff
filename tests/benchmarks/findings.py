"""All that one benchmark found, for the terminal, for ``bench.json`` and for the figure."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from batch import describe_batches
from budgets import describe_budgets
from comparison import Comparison, Growth
from explaining import Timed, describe_explaining, draw_explaining
from measurement import Run
from pages import Rendering, describe_pages, pages_data
from rebuild import VGG19, Rebuild
from rebuild_table import (
    describe_checks,
    describe_floors,
    describe_longest,
    describe_slopes,
    draw_rebuilds,
    rebuild_data,
    slopes_data,
)
from rich.console import Console
from slopes import Size, Slopes, slopes_of
from table import as_data, describe_disturbance, describe_growth, draw_table

import reportgen

PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "matplotlib", "weasyprint")

Load = tuple[float, float, float]
"""The machine's load averages over 1, 5 and 15 minutes."""


@dataclass(frozen=True)
class Findings:
    """The measurements of one run of the benchmark; ``sizes`` are those of the rebuilt homes when cold."""

    comparisons: Sequence[Comparison]
    growth: Growth | None
    rebuilds: Sequence[Rebuild]
    sizes: Sequence[Size]
    notebook: Run | None
    loads: tuple[Load, Load]
    renderings: Sequence[Rendering] = ()
    batches: Sequence[Rebuild] = ()
    explained: Sequence[Timed] = ()

    @property
    def slopes(self) -> list[Slopes]:
        """What an image costs with each network, from all cold builds."""
        # The comparisons build as a workload, the homes as a command: the same work, but for the parsing.
        return slopes_of([*map(_size, self._builds), *self.sizes])

    @property
    def _builds(self) -> list[Comparison]:
        """All cold builds of the whole report."""
        return [*self.comparisons, *((self.growth.fewer, self.growth.more) if self.growth else ())]

    def show(self, console: Console) -> None:
        """Print the tables, then a line for each thing that no table says."""
        console.print(draw_table(self._builds))
        console.print(draw_rebuilds(self.rebuilds, self.notebook))
        if self.batches:
            console.print(draw_rebuilds(self.batches, None))
        if self.explained:
            console.print(draw_explaining(self.explained))
        for line in self._lines():
            console.print(line, highlight=False, soft_wrap=True)

    def _lines(self) -> Iterator[str]:
        for comparison in self.comparisons:
            yield from describe_budgets(comparison)
        yield from describe_floors(self.rebuilds)
        yield from describe_longest(self.rebuilds)
        yield from describe_checks(self.rebuilds)
        yield from describe_pages(self.renderings)
        yield from describe_batches(self.batches)
        yield from describe_checks(self.batches)
        yield from describe_explaining(self.explained)
        if self.growth:
            yield describe_growth(self.growth)
        yield from describe_slopes(self.slopes)
        first, last = (load[0] for load in self.loads)
        yield (
            f"{os.cpu_count()} processors; load average (1 minute) {first:.2f} before and {last:.2f} after. "
            + describe_disturbance([*self._builds, *self.rebuilds, *self.batches])
        )

    def as_data(self) -> dict[str, Any]:
        """Everything, with the versions of what was measured; times in seconds, memory in bytes."""
        return {
            "versions": {"python": platform.python_version(), "reportgen": reportgen.__version__}
            | {name: metadata.version(name) for name in PACKAGES},
            "cpu_count": os.cpu_count(),
            "load_average": dict(zip(("before", "after"), self.loads, strict=True)),
            "comparisons": [as_data(comparison) for comparison in self.comparisons],
            "growth": self._growth_data(),
            "rebuilds": [rebuild_data(rebuild, self.notebook) for rebuild in self.rebuilds],
            "slopes": slopes_data(self.slopes),
            "renderings": pages_data(self.renderings),
            "batches": [rebuild_data(batch, None) for batch in self.batches],
            "explained": [asdict(row) for row in self.explained],
            "notebook": asdict(self.notebook) if self.notebook else None,
        }

    def _growth_data(self) -> dict[str, Any] | None:
        if self.growth is None:
            return None
        builds = [as_data(each) for each in (self.growth.fewer, self.growth.more)]
        return {
            "builds": builds,
            "bytes_per_image": self.growth.per_image,
            "bounded": self.growth.bounded,
        }


def _size(comparison: Comparison) -> Size:
    run = comparison.cold_run
    return Size(VGG19, comparison.images, run.around, run.peak, comparison.cache)
