"""``make bench``: time and memory of builds beside the least that they would take; ``--full`` with all rows.

Everything is measured in fresh processes: builds with an empty cache, then rebuilds after a change, and a
plain notebook that makes everything again. The goals are printed, not asserted: how a run does depends on
what else the machine is doing, so its load is printed too.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from argparse import BooleanOptionalAction
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from batch import measure_batches
from bench import Bench
from comparison import Growth
from enlargement import enlarge
from explaining import add_pythons, measure_explaining, read_pythons
from findings import Findings
from pages import measure_pages
from rebuilding import rebuild_many, rebuild_photographs
from rich.console import Console

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
PHOTOGRAPHS = (ROOT / "data" / "caltech101", ROOT.parent / "shared" / "caltech101")
BENCH_FILE = ROOT / "build" / "bench.json"
ENLARGED = 4
"""Times the sample's images: a peak varies by some 20 MB from run to run, less than 300 images would take."""
WIDTH = 120
LONG = {
    "notebook": "a plain Keras script of the assignment",
    "large": "10,000 small files",
    "batch": "whole classes (alone: tests/benchmarks/batch.py)",
    "growth": "memory with more images, and time with more classes",
}
"""Rows that take minutes each; without them a run takes some ten."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write ``bench.json`` and draw ``bench.svg`` beside it."""
    options = _parse(arguments)
    if not SAMPLE.exists():
        from reportgen.acquire.sample import draw_sample

        draw_sample(SAMPLE)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        findings = _measure(Bench(Path(folder), options.repeat, Console(stderr=True)), options, failures)
    console = Console()
    # First of all: it took half an hour, and a folder that cannot be written to must not cost it.
    findings.show(console if console.is_terminal else Console(width=WIDTH))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(findings.as_data(), indent=2, ensure_ascii=False) + "\n"
    options.out.write_text(content, encoding="utf-8")
    from chart import bars_of, draw_chart

    figure = options.out.with_suffix(".svg")
    figure.write_bytes(draw_chart(bars_of(findings.rebuilds, findings.notebook)))
    console.print(f"Written: {options.out}, {figure}", highlight=False, soft_wrap=True)
    for failure in failures:
        console.print(f"! Not measured: {failure}", highlight=False, soft_wrap=True)
    if failures:
        raise SystemExit(1)


def attempt(measure: Callable[[], T], failures: list[str]) -> T | None:
    """What is measured, None if a program fails: the other rows took half an hour, and are kept."""
    try:
        return measure()
    except RuntimeError as error:
        failures.append(str(error))
        return None


def _measure(bench: Bench, options: argparse.Namespace, failures: list[str]) -> Findings:
    before = os.getloadavg()
    bench.measure("nothing yet, reading the libraries from disk", "import_libraries")
    data = options.photographs or SAMPLE
    comparisons = [bench.compare("photographs" if options.photographs else "sample", data)]
    growth = attempt(lambda: _measure_growth(bench), failures) if options.growth else None
    rebuilds, size = rebuild_photographs(bench, data, comparisons[-1])
    sizes = [size]
    if options.large:
        more, more_sizes = attempt(lambda: rebuild_many(bench), failures) or ([], [])
        rebuilds += more
        sizes += more_sizes
    renderings = (attempt(lambda: measure_pages(bench), failures) or []) if options.growth else []
    others = read_pythons(options)
    explained = attempt(lambda: measure_explaining(bench.fresh_folder(), others), failures) or []
    batches = (attempt(lambda: measure_batches(bench), failures) or []) if options.batch else []
    notebook = None
    if options.notebook:
        script = ("the notebook, all of it", "notebook", data, bench.fresh_folder())
        notebook = attempt(lambda: bench.measure(*script), failures)
    loads = (before, os.getloadavg())
    return Findings(comparisons, growth, rebuilds, sizes, notebook, loads, renderings, batches, explained)


def _measure_growth(bench: Bench) -> Growth:
    larger = enlarge(SAMPLE, bench.fresh_folder() / "larger", ENLARGED)
    return Growth(bench.build_only("sample", SAMPLE), bench.build_only(f"sample × {ENLARGED}", larger))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure time and memory of builds.")
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="the median of N runs, of all but the notebook and the many files",
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="FOLDER",
        help="the Caltech photographs (default: data/caltech101)",
    )
    parser.add_argument("--full", action="store_true", help="all of the following; half an hour and more")
    for name, meaning in LONG.items():
        parser.add_argument(f"--{name}", action=BooleanOptionalAction, help=meaning)
    add_pythons(parser)
    parser.add_argument("--out", type=Path, default=BENCH_FILE, metavar="FILE", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: at least 1")
    if options.photographs and not options.photographs.is_dir():
        parser.error(f"--photographs {options.photographs}: no such folder")
    for name in LONG:
        if getattr(options, name) is None:
            setattr(options, name, options.full)
    options.photographs = options.photographs or next((p for p in PHOTOGRAPHS if p.is_dir()), None)
    return options


if __name__ == "__main__":
    main()
