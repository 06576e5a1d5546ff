"""The measurements as a table on the terminal and as plain data for ``bench.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any, Protocol

from comparison import DECODED_IMAGE, MEMORY_GOAL, QUIET, TIME_GOAL, Comparison, Growth
from measurement import Run, median_run
from rich.table import Table

ABSENT = "–"


def draw_table(comparisons: Sequence[Comparison]) -> Table:
    """One column for each data set: cold build by stage, floor by part, ratio, memory, warm build."""
    table = Table(title="Wall times in seconds, peak memory in MB (10⁶ bytes)")
    table.add_column("Cold build")
    for comparison in comparisons:
        table.add_column(f"{comparison.name}\n{comparison.images} images", justify="right")

    def add(label: str, cell: Callable[[Comparison], str], *, last: bool = False) -> None:
        table.add_row(label, *map(cell, comparisons), end_section=last)

    for title in _titles(comparison.cold_run.stages for comparison in comparisons):
        add(f"  {title}", lambda c, title=title: _seconds(c.cold_run.stages.get(title)))  # type: ignore[misc]
    add("  in no stage (interpreter, imports)", lambda c: _seconds(c.cold_run.unstaged))
    add("Cold build in all", lambda c: _with_spread([run.around for run in c.cold]))
    add("  of it processor time, all threads", lambda c: _seconds(c.cold_run.cpu), last=True)
    for title in _titles(comparison.floor_parts for comparison in comparisons):
        add(f"  {title}", lambda c, title=title: _seconds(c.floor_parts.get(title)))  # type: ignore[misc]
    add("Floor", lambda c: _seconds(c.floor_seconds))
    add("Cold build ÷ floor", lambda c: ABSENT if c.ratio is None else f"{c.ratio:.3f}")
    add("  the same in processor time", lambda c: ABSENT if c.cpu_ratio is None else f"{c.cpu_ratio:.3f}")
    add("  the assignment's own sections", lambda c: ABSENT if c.own_ratio is None else f"{c.own_ratio:.3f}")
    add(f"  goal for these ≤ {TIME_GOAL:.2f} × floor", lambda c: verdict(c.fast_enough))
    add("Processors used by others, at most", lambda c: f"{c.others:.0%}" + " !" * c.disturbed, last=True)
    add("Peak memory", lambda c: _megabytes(c.cold_run.peak))
    add(f"  goal ≤ {MEMORY_GOAL / 1e9:g} GB", lambda c: verdict(c.small_enough), last=True)
    add(
        "Warm build (cache kept, build/ emptied)",
        lambda c: _seconds(median_run(c.warm).around if c.warm else None),
    )
    return table


def describe_growth(growth: Growth) -> str:
    """One line on how the peak memory grows with the number of images."""
    peaks = " and ".join(
        f"{_megabytes(builds.cold_run.peak)} MB with {builds.images} images"
        for builds in (growth.fewer, growth.more)
    )
    return (
        f"Peak memory: {peaks}, {growth.per_image / 1e3:+.0f} kB per image; "
        f"goal: less than a decoded image ({DECODED_IMAGE / 1e3:.0f} kB): {verdict(growth.bounded)}"
    )


class Measured(Protocol):
    """What knows its name, and whether others disturbed it."""

    @property
    def name(self) -> str: ...
    @property
    def disturbed(self) -> bool: ...


def describe_disturbance(measured: Iterable[Measured]) -> str:
    """Whether the machine was quiet enough for its times to mean anything."""
    disturbed = [each.name for each in measured if each.disturbed]
    if not disturbed:
        return f"Others used at most {QUIET:.0%} of the processors: the times are undisturbed."
    return (
        f"! Others used more than {QUIET:.0%} of the processors during a run of: {', '.join(disturbed)}. "
        "Build and floor were not slowed alike, so neither these times nor their ratio are to be relied on."
    )


def as_data(comparison: Comparison) -> dict[str, Any]:
    """The medians, what follows from them, and every single run; times in seconds, memory in bytes."""
    return {
        "name": comparison.name,
        "images": comparison.images,
        "cache": comparison.cache,
        "cold": _run_data(comparison.cold),
        "warm": _run_data(comparison.warm) if comparison.warm else None,
        "floor": {
            "parts": comparison.floor_parts,
            "seconds": comparison.floor_seconds,
            "runs": [[asdict(run) for run in runs] for runs in comparison.floor],
        },
        "ratio": comparison.ratio,
        "cpu_ratio": comparison.cpu_ratio,
        "others": comparison.others,
        "disturbed": comparison.disturbed,
        "goals": {"time": comparison.fast_enough, "memory": comparison.small_enough},
    }


def _run_data(runs: Sequence[Run]) -> dict[str, Any]:
    middle = median_run(runs)
    return asdict(middle) | {"unstaged": middle.unstaged, "runs": [asdict(run) for run in runs]}


def _titles(tables: Iterable[Mapping[str, float]]) -> list[str]:
    """The keys of all tables, each once, in the order in which they first occur."""
    return list(dict.fromkeys(title for table in tables for title in table))


def _seconds(seconds: float | None) -> str:
    return ABSENT if seconds is None else f"{seconds:.2f}"


def _with_spread(seconds: Sequence[float]) -> str:
    """Of one number, that; of several, "median (least–most)"."""
    if len(seconds) == 1:
        return _seconds(seconds[0])
    return f"{median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}"


def verdict(reached: bool | None) -> str:
    return ABSENT if reached is None else "yes" if reached else "no"
