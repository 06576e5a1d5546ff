"""Guided gradients beside other libraries: same weights, images and neurons, equal values, in one run.

A program of its own, too: ``explaining.py --captum PYTHON`` measures only this. The others are no
dependencies of reportgen; each is run by an interpreter that has it, and left out with a message otherwise.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

OTHERS = {"captum": "captum", "tf-keras-vis": "tf_keras_vis", "xplique": "xplique"}
"""The libraries, and what is imported of them."""

COUNTS = (12, 200)
IMAGES = 4
GOAL = 3.0
"""Times as fast as the fastest of the others, by wall time."""

EQUAL = 1e-4
"""Gradients may differ by so much of the largest of them."""

_EXPLAINER = Path(__file__).with_name("explainer.py")


@dataclass(frozen=True)
class Timed:
    """One library's guided gradients of so many neurons.

    ``off``: the largest difference from reportgen's, as a part of the largest gradient. ``problem``: why
    there is no measurement; then the numbers are zero.
    """

    library: str
    neurons: int
    wall: float = 0.0
    cpu: float = 0.0
    off: float = 0.0
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Whether it computes the same."""
        return self.off <= EQUAL


def measure_explaining(
    folder: Path, pythons: Mapping[str, str], counts: Sequence[int] = COUNTS
) -> list[Timed]:
    """reportgen's row and one for each of the others, for each number of neurons."""
    rows: list[Timed] = []
    for count in counts:
        source = folder / f"{count}.npz"
        write_task(source, count)
        ours, gradients = run_library("reportgen", sys.executable, source, count)
        if gradients is None:
            raise RuntimeError(f"reportgen's own row failed: {ours.problem}")
        rows.append(ours)
        for library in OTHERS:
            theirs, found = run_library(library, pythons.get(library, sys.executable), source, count)
            off = 0.0 if found is None else measure_difference(found, gradients)
            rows.append(Timed(**{**asdict(theirs), "off": off}))
        # Beside nothing, a minute more of our own would say nothing.
        if all(row.problem for row in rows if row is not ours):
            break
    return rows


def measure_difference(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """The largest difference of two arrays as a part of the largest value of ``wanted``."""
    if found.shape != wanted.shape:
        return float("inf")
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def write_task(file: Path, count: int) -> None:
    """Weights of the embedded network, images of noise over stripes, and each image's loudest neurons."""
    from reportgen.models.backbone import load_backbone, preprocess

    backbone = load_backbone("embedded")
    rng = np.random.default_rng(671)
    rows, columns = np.mgrid[:224, :224]
    stripes = [127 + 90 * np.sin((rows * n + columns) / (4 + 3 * n)) for n in range(IMAGES)]
    pixels = np.clip(np.stack(stripes)[..., None] + rng.normal(0, 40, (IMAGES, 224, 224, 3)), 0, 255)
    images = preprocess(pixels.astype(np.uint8))
    positions = []
    for n, image in enumerate(images):
        output = backbone.explained(image[np.newaxis])[0].numpy()
        order = np.argsort(-output, axis=None, kind="stable")[: count // IMAGES]
        positions += [(n, *map(int, np.unravel_index(k, output.shape))) for k in order]
    weights = {}
    for i, layer in enumerate(each for each in backbone.convolutions.layers if each.weights):
        weights[f"kernel_{i}"], weights[f"bias_{i}"] = layer.get_weights()
    np.savez(file, images=images, positions=np.array(positions), **weights)


def run_library(library: str, python: str, source: Path, count: int) -> tuple[Timed, NDArray[Any] | None]:
    """One library in a process of its own; without it, or if it fails, why."""
    module = OTHERS.get(library)
    if module and subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
        return Timed(library, count, problem=f"{python} cannot import {module}"), None
    target = source.with_name(f"{library}-{count}.npz")
    settings = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(
        [python, _EXPLAINER, library, source, target], env=settings, capture_output=True, text=True
    )
    if done.returncode:
        return Timed(library, count, problem=(done.stderr.strip().splitlines() or ["it failed"])[-1]), None
    with np.load(target, allow_pickle=False) as archive:
        wall, cpu = archive["seconds"].tolist()
        return Timed(library, count, wall, cpu), archive["gradients"]


def draw_explaining(rows: Sequence[Timed]) -> Table:
    """A row for each library and number of neurons."""
    table = Table(title="Guided gradients, VGG19, seconds after loading")
    for title in ("library", "neurons", "wall", "processor", "÷ ours, wall", "÷ ours, processor", "off by"):
        table.add_column(title, justify="left" if title == "library" else "right")
    ours = {row.neurons: row for row in rows if row.library == "reportgen"}
    for row in rows:
        if row.problem:
            table.add_row(row.library, str(row.neurons), "–", "–", "–", "–", "–")
            continue
        own = ours[row.neurons]
        times = (
            f"{row.wall:.1f}",
            f"{row.cpu:.1f}",
            f"{row.wall / own.wall:.2f}",
            f"{row.cpu / own.cpu:.2f}",
        )
        table.add_row(row.library, str(row.neurons), *times, f"{row.off:.1e}" + " !" * (not row.equal))
    return table


def describe_explaining(rows: Sequence[Timed]) -> Iterator[str]:
    """A line on each number of neurons, and on each library that is missing or computes something else."""
    for ours in rows:
        if ours.library != "reportgen":
            continue
        others = [
            row
            for row in rows
            if row.neurons == ours.neurons and row is not ours and row.equal and not row.problem
        ]
        if others:
            fastest = min(others, key=lambda row: row.wall)
            ratio = fastest.wall / ours.wall
            verdict = "reached" if ratio >= GOAL else "missed"
            yield (
                f"{ours.neurons} guided gradients: {ratio:.2f} times as fast as {fastest.library}, the "
                f"fastest of the others; goal {GOAL:g}: {verdict}"
            )
    for row in rows:
        if row.problem:
            yield f"{row.library} is left out of {row.neurons} neurons: {row.problem}"
        elif not row.equal:
            yield (
                f"! {row.library} computes something else: its gradients differ by {row.off:.2g} of the "
                f"largest, {EQUAL:g} is allowed"
            )


def add_pythons(parser: argparse.ArgumentParser) -> None:
    """An option for each of the others: the interpreter that has it."""
    for library in OTHERS:
        parser.add_argument(
            f"--{library}",
            metavar="PYTHON",
            default=sys.executable,
            help=f"an interpreter that has {library} (default: this one)",
        )


def read_pythons(options: argparse.Namespace) -> dict[str, str]:
    """The interpreters by library."""
    return {library: getattr(options, library.replace("-", "_")) for library in OTHERS}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure guided gradients only and print the table."""
    parser = argparse.ArgumentParser(description="Measure guided gradients beside other libraries.")
    parser.add_argument("--neurons", type=int, nargs="+", default=COUNTS, metavar="N", help="multiples of 4")
    add_pythons(parser)
    options = parser.parse_args(arguments)
    if any(count < IMAGES or count % IMAGES for count in options.neurons):
        parser.error(f"--neurons {options.neurons}: each must be a multiple of {IMAGES}, the images")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure_explaining(Path(folder), read_pythons(options), options.neurons)
    console = Console()
    console.print(draw_explaining(rows))
    for line in describe_explaining(rows):
        console.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
