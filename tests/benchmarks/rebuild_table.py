"""The rebuilds as a table and lines on the terminal, and as plain data for ``bench.json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from measurement import Run
from rebuild import NOTEBOOK, VGG19, Rebuild
from rich.table import Table
from slopes import Size, Slopes, slope
from table import ABSENT, verdict

_COLUMNS = ("seconds", "floor", "÷ floor", "goal", "met", "notebook\n÷ this", "MB", "others")


def draw_rebuilds(rebuilds: Sequence[Rebuild], notebook: Run | None) -> Table:
    """One row for each rebuild, in groups with the same network; the notebook, if measured, after VGG19's."""
    table = Table(title="Rebuilds: wall seconds of a whole process, peak memory in MB (10⁶ bytes)")
    table.add_column("What changed", no_wrap=True)
    for title in _COLUMNS:
        table.add_column(title, justify="right")
    for network, group in groupby(rebuilds, lambda rebuild: rebuild.network):
        rows = list(group)
        table.add_section()
        table.add_row(f"{rows[0].images:,} images, {network}")
        for rebuild in rows:
            table.add_row(f"  {rebuild.name}", *_cells(rebuild, notebook))
        if notebook and network == VGG19:
            seconds, peak, others = f"{notebook.around:.2f}", _megabytes(notebook), _share(notebook.others)
            table.add_row(f"  {NOTEBOOK}", seconds, *[ABSENT] * 5, peak, others)
    return table


def _cells(rebuild: Rebuild, notebook: Run | None) -> Iterator[str]:
    saving = rebuild.saving(notebook)
    yield f"{rebuild.seconds:.2f}"
    yield ABSENT if rebuild.floor_seconds is None else f"{rebuild.floor_seconds:.2f}"
    yield ABSENT if rebuild.ratio is None else f"{rebuild.ratio:.2f}"
    yield ABSENT if rebuild.goal is None else str(rebuild.goal)
    yield verdict(rebuild.reached)
    yield ABSENT if saving is None else f"{saving:.3g}"
    yield _megabytes(rebuild.run)
    yield _share(rebuild.others)


def describe_floors(rebuilds: Sequence[Rebuild]) -> list[str]:
    """One line for each rebuild with what its floor consists of."""
    return [
        f"Floor of “{rebuild.name}” ({rebuild.network}): "
        + " + ".join(f"{title} {seconds:.2f}" for title, seconds in rebuild.floor_parts.items())
        for rebuild in rebuilds
        if rebuild.floor
    ]


def describe_longest(rebuilds: Sequence[Rebuild]) -> list[str]:
    """One line for each rebuild whose stages are known, with the longest of them."""
    stages = [(rebuild, rebuild.run.stages) for rebuild in rebuilds]
    longest = [(rebuild, max(times, key=times.__getitem__)) for rebuild, times in stages if times]
    return [
        f"Longest stage of “{rebuild.name}” ({rebuild.network}): {title} {rebuild.run.stages[title]:.2f}"
        for rebuild, title in longest
    ]


def describe_checks(rebuilds: Sequence[Rebuild]) -> list[str]:
    """One line for each thing that was checked of a rebuild, and what was seen if it does not hold."""
    return [
        f"{rebuild.name} ({rebuild.network}): {check.claim}: "
        + ("yes" if check.holds else f"NO ({check.seen or 'not so'})")
        for rebuild in rebuilds
        for check in rebuild.checks
    ]


def describe_slopes(slopes: Sequence[Slopes]) -> list[str]:
    """One line for each network on what an additional image costs."""
    return [
        f"Each further image with {each.network} ({', '.join(f'{size.images:,}' for size in each.sizes)} "
        f"images): cold {_scaled(each.cold_seconds, 1, 's', 4)}, "
        f"no-op {_scaled(each.noop_seconds, 1e6, 'µs', 1)}, "
        f"cache {_scaled(each.cache_bytes, 1, 'bytes', 0)}, "
        f"peak memory {_scaled(each.peak_bytes, 1e-3, 'kB', 1)}"
        for each in slopes
    ]


def rebuild_data(rebuild: Rebuild, notebook: Run | None) -> dict[str, Any]:
    """The medians, what follows from them, and every single run; times in seconds, memory in bytes."""
    return {
        "name": rebuild.name,
        "network": rebuild.network,
        "images": rebuild.images,
        "seconds": rebuild.seconds,
        "peak": rebuild.run.peak,
        "floor": {"parts": rebuild.floor_parts, "seconds": rebuild.floor_seconds},
        "ratio": rebuild.ratio,
        "goal": str(rebuild.goal) if rebuild.goal else None,
        "reached": rebuild.reached,
        "notebook_over_rebuild": rebuild.saving(notebook),
        "others": rebuild.others,
        "disturbed": rebuild.disturbed,
        "checks": [asdict(check) for check in rebuild.checks],
        "runs": [asdict(run) for run in rebuild.runs],
        "floor_runs": [[asdict(run) for run in runs] for runs in rebuild.floor],
    }


def slopes_data(slopes: Sequence[Slopes]) -> dict[str, Any]:
    """The slopes by network with the builds they come from, and that of the no-op over all of them."""
    by_network = {
        each.network: {
            "cold_seconds_per_image": each.cold_seconds,
            "noop_seconds_per_image": each.noop_seconds,
            "cache_bytes_per_image": each.cache_bytes,
            "peak_bytes_per_image": each.peak_bytes,
            "builds": [asdict(size) for size in each.sizes],
        }
        for each in slopes
    }
    return by_network | {"noop_seconds_per_image": noop_slope([s for each in slopes for s in each.sizes])}


def noop_slope(sizes: Sequence[Size]) -> float | None:
    """Seconds of a no-op for each image, whatever the network, which a no-op never loads."""
    return slope([(size.images, size.noop) for size in sizes if size.noop is not None])


def _scaled(value: float | None, factor: float, unit: str, digits: int) -> str:
    return ABSENT if value is None else f"{value * factor:+.{digits}f} {unit}"


def _megabytes(run: Run) -> str:
    return f"{run.peak / 1e6:.0f}"


def _share(others: float) -> str:
    return f"{others:.0%}"
