"""``make bench``: time and memory of a build beside the least that its libraries would take.

Everything is measured in fresh processes with an empty cache. The goals are printed, not asserted: how a run
does depends on what else the machine is doing, so its load is printed too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from comparison import Comparison, Growth
from enlargement import enlarge
from measurement import Run, measure
from rich.console import Console
from table import as_data, describe_disturbance, describe_growth, draw_table

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
PHOTOGRAPHS = (ROOT / "data" / "caltech101", ROOT.parent / "shared" / "caltech101")
BENCH_FILE = ROOT / "build" / "bench.json"
PACKAGES = ("reportgen", "tensorflow", "keras", "numpy", "pillow", "matplotlib", "weasyprint")
ENLARGED = 4
"""Times the sample's images: a peak varies by some 20 MB from run to run, less than 300 images would take."""
WIDTH = 100


class Bench:
    """The runs of one benchmark: in a temporary folder, each so often, with a word on what is running."""

    def __init__(self, folder: Path, repeat: int, console: Console) -> None:
        self._folder = folder
        self._repeat = repeat
        self._console = console

    def measure(self, what: str, workload: str, *arguments: object) -> Run:
        self._console.print(f"Measuring: {what} …", highlight=False)
        return measure(workload, *arguments)

    def compare(self, name: str, data: Path) -> Comparison:
        """Cold build, warm build and floor of a data set, in turns, so that all see the same machine."""
        cold, warm, imports, forwards, prints = [], [], [], [], []
        images = 0
        for _ in range(self._repeat):
            home = self.fresh_folder()
            imports.append(self.measure("importing TensorFlow", "import_tensorflow"))
            cold.append(self.measure(f"cold build, {name}", "build", data, home))
            images = _count_images(home)
            forwards.append(self.measure(f"bare forward, {images} images", "forward", images))
            prints.append(
                self.measure(f"bare printing, {name}", "print_document", home / "build" / "report.html")
            )
            warm.append(self.measure(f"warm build, {name}", "build", data, home))
        return Comparison(name, images, cold, warm, (imports, forwards, prints))

    def build_only(self, name: str, data: Path) -> Comparison:
        """Cold builds of a data set, without a floor."""
        cold, images = [], 0
        for _ in range(self._repeat):
            home = self.fresh_folder()
            cold.append(self.measure(f"cold build, {name}", "build", data, home))
            images = _count_images(home)
        return Comparison(name, images, cold)

    def fresh_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write ``bench.json``."""
    options = _parse(arguments)
    loads = [os.getloadavg()]
    if not SAMPLE.exists():
        from reportgen.acquire.sample import draw_sample

        draw_sample(SAMPLE)
    notebook: Run | None = None
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.repeat, Console(stderr=True))
        bench.measure("nothing yet, reading the libraries from disk", "import_libraries")
        sample = bench.compare("sample", SAMPLE)
        comparisons = [sample]
        if options.photographs:
            comparisons.append(bench.compare("photographs", options.photographs))
        larger = enlarge(SAMPLE, bench.fresh_folder() / "larger", ENLARGED)
        growth = Growth(sample, bench.build_only(f"sample × {ENLARGED}", larger))
        if options.notebook:
            data = options.photographs or SAMPLE
            notebook = bench.measure("plain Keras script", "notebook", data, bench.fresh_folder())
    loads.append(os.getloadavg())
    _show(comparisons, growth, notebook, loads)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    content = _describe(comparisons, growth, notebook, loads)
    options.out.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure time and memory of a build.")
    parser.add_argument(
        "--repeat", type=int, default=1, metavar="N", help="every number the median of N runs"
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="FOLDER",
        help="the Caltech photographs (default: data/caltech101)",
    )
    parser.add_argument(
        "--notebook", action="store_true", help="also a plain Keras script of the assignment; takes minutes"
    )
    parser.add_argument("--out", type=Path, default=BENCH_FILE, metavar="FILE", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat {options.repeat}: at least 1")
    if options.photographs and not options.photographs.is_dir():
        parser.error(f"--photographs {options.photographs}: no such folder")
    options.photographs = options.photographs or next((p for p in PHOTOGRAPHS if p.is_dir()), None)
    return options


def _count_images(home: Path) -> int:
    results = json.loads((home / "build" / "results.json").read_text(encoding="utf-8"))
    return len(results["dataset"]["images"])


def _show(
    comparisons: list[Comparison],
    growth: Growth,
    notebook: Run | None,
    loads: list[tuple[float, float, float]],
) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(draw_table([*comparisons, growth.more]))
    lines = [describe_growth(growth)]
    if notebook:
        lines.append(f"Plain Keras script: {notebook.around:.0f} s, {notebook.peak / 1e6:.0f} MB")
    first, last = (load[0] for load in loads)
    lines.append(
        f"{os.cpu_count()} processors; load average (1 minute) {first:.2f} before and {last:.2f} after. "
        + describe_disturbance([*comparisons, growth.more])
    )
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _describe(
    comparisons: list[Comparison],
    growth: Growth,
    notebook: Run | None,
    loads: list[tuple[float, float, float]],
) -> dict[str, Any]:
    return {
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in PACKAGES},
        "cpu_count": os.cpu_count(),
        "load_average": {"before": loads[0], "after": loads[1]},
        "comparisons": [as_data(comparison) for comparison in comparisons],
        "enlarged": as_data(growth.more),
        "memory_growth": {"bytes_per_image": growth.per_image, "bounded": growth.bounded},
        "notebook": asdict(notebook) if notebook else None,
    }


if __name__ == "__main__":
    main()
