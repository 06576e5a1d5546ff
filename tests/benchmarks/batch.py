"""What a class costs: its groups with one and two processes beside their builds, and 80 left as they were.

A program of its own, too: ``batch.py`` measures only this.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import BUILD, Bench
from home import SECTIONS, Home
from many_images import draw_many
from rebuild import VGG19, Check, Goal, Rebuild, merge
from rebuild_table import describe_checks, draw_rebuilds
from rich.console import Console
from table import describe_disturbance

GROUPS, IMAGES = 4, 12
"""Groups that are really built, and images in each: few, so that what is not the network counts."""

IDLE_GROUPS, IDLE_IMAGES = 80, (12, 266)
"""A class as it is after its first run: with small sets, and with as many images as the photographs."""

PROCESSES = (1, 2)
OVERHEAD_GOAL = Goal(1.10, of_floor=True)
IDLE_GOAL = Goal(5)
SHORT = 5
"""How often the batch that does nothing is run."""

_COPYING = Path(__file__).with_name("copying.py")
_WIDTH = 120


def measure_batches(bench: Bench) -> list[Rebuild]:
    """Classes of small sets, graded in all ways with empty caches, and two that are as they were.

    The floor of a batch are the builds of its groups alone, one after the other, each with its own cache.
    Their reports are what is handed in.
    """
    rounds = []
    for _ in range(bench.repeat):
        file = draw_class(bench.fresh_folder(), GROUPS, IMAGES)
        rounds.append(_build_class(bench, file))
        report = file.parent / f"out-{PROCESSES[-1]}" / "groups" / "group-01" / "build"
    return [*merge(rounds), *(_do_nothing(bench, images, report) for images in IDLE_IMAGES)]


def draw_class(folder: Path, groups: int, images: int) -> Path:
    """Draw groups, each with images of its own, in an empty folder; returns its ``class.toml``."""
    # As the builds beside them have them.
    lines = ['weights = "embedded"', f"sections = {json.dumps(SECTIONS)}"]
    for number in range(1, groups + 1):
        name = f"group-{number:02}"
        draw_many(folder / "groups" / name / "data", images, seed=number)
        lines += ["[[group]]", f'name = "{name}"', f'folder = "groups/{name}"']
    file = folder / "class.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _build_class(bench: Bench, file: Path) -> list[Rebuild]:
    groups = sorted((file.parent / "groups").iterdir())
    floor = []
    for group in groups:
        home = Home.made(bench.fresh_folder(), group / "data")
        floor.append([bench.command(f"build of {group.name}", BUILD, home.folder, group.name)])
        shutil.copytree(home.build, group / "build", ignore=shutil.ignore_patterns(".*"))
    batches = []
    for processes in PROCESSES:
        name = f"batch of {len(groups)} groups, {processes} at a time"
        command = (*_batch(file, file.parent / f"out-{processes}"), "--processes", str(processes))
        run = bench.command(name, command, file.parent)
        goal = OVERHEAD_GOAL if processes == 1 else None
        batches.append(Rebuild(name, VGG19, len(groups) * IMAGES, [run], floor, goal))
    return batches


def _do_nothing(bench: Bench, images: int, report: Path) -> Rebuild:
    """A batch of which every group is as it was, with ``report`` for the report of each."""
    file = draw_class(bench.fresh_folder(), IDLE_GROUPS, images)
    for group in sorted((file.parent / "groups").iterdir()):
        shutil.copytree(report, group / "build", ignore=shutil.ignore_patterns(".*"))
    out = file.parent / "out"
    filled_folder = (sys.executable, _COPYING, file, out, report)
    bench.command(f"copying the reports of {IDLE_GROUPS} groups", filled_folder, file.parent)
    before = (out / "timings.csv").read_bytes()
    name = f"nothing, {IDLE_GROUPS} groups of {images} images"
    runs = [bench.command(name, _batch(file, out), file.parent) for _ in range(SHORT)]
    same = (out / "timings.csv").read_bytes() == before
    check = Check("no group is worked on", same, "" if same else "timings.csv is not as it was")
    return Rebuild(name, "copies", IDLE_GROUPS * images, runs, [], IDLE_GOAL, [check])


def _batch(file: Path, out: Path) -> tuple[object, ...]:
    return (sys.executable, "-m", "reportgen", "batch", file, "--out", out, "--quiet")


def describe_batches(batches: Sequence[Rebuild]) -> Iterator[str]:
    """A line on each class that was really built: groups a minute, and what it takes beside its builds."""
    for batch in batches:
        if batch.floor_seconds is None or batch.ratio is None:
            continue
        groups = 60 * len(batch.floor)
        yield (
            f"{batch.name}, grading included: {groups / batch.seconds:.2f} groups a minute "
            f"({groups / batch.floor_seconds:.2f} by their builds alone), overhead {batch.ratio - 1:+.1%}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure classes only and print the table."""
    parser = argparse.ArgumentParser(description="Measure the time of whole classes.")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="the median of N runs")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: at least 1")
    with tempfile.TemporaryDirectory() as folder:
        batches = measure_batches(Bench(Path(folder), options.repeat, Console(stderr=True)))
    console = Console()
    console = console if console.is_terminal else Console(width=_WIDTH)
    console.print(draw_rebuilds(batches, None))
    lines = [*describe_batches(batches), *describe_checks(batches), describe_disturbance(batches)]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
