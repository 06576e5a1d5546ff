"""The programs that are measured, each run in a process of its own: ``workloads.py OUT NAME [ARGUMENT …]``.

What a run cost is written to the file OUT as JSON. Libraries are imported where they are used, since their
import is part of what is measured.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BATCH_SIZE, SIDE = 16, 224
KIB = 1024


class StageTimes:
    """A listener (see ``reportgen.progress``) that keeps each stage's wall and processor seconds by title.

    A stage inside another counts as part of the outer one, so that the times never add up to too much.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self._depth = 0

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:  # noqa: ARG002
        self._depth += 1
        start, worked = time.perf_counter(), time.process_time()
        try:
            yield lambda _count: None
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.seconds[title] = self.seconds.get(title, 0.0) + time.perf_counter() - start
                self.processor[title] = self.processor.get(title, 0.0) + time.process_time() - worked

    def say(self, message: str) -> None:
        """Drop the line."""


def build(times: StageTimes, data: str, folder: str) -> None:
    """What ``reportgen build`` does with default settings and the embedded weights."""
    from reportgen.pipeline import build as build_report
    from reportgen.settings import load_settings

    home = Path(folder)
    # The folder has no report.toml, so that what somebody wrote in theirs changes nothing here.
    settings = load_settings(folder=home, build=home / "build", cache=home / "cache", weights="embedded")
    built = build_report(settings, Path(data), times)
    if built.problem:
        raise built.problem


def import_libraries(times: StageTimes) -> None:
    """Bring the files of the large libraries into the operating system's cache."""
    with times.stage("Libraries"):
        for name in ("tensorflow", "keras", "sklearn.metrics", "matplotlib.pyplot", "weasyprint"):
            importlib.import_module(name)


def import_tensorflow(times: StageTimes) -> None:
    """Floor: nothing but the import."""
    with times.stage("Importing TensorFlow"):
        importlib.import_module("tensorflow")


def forward(times: StageTimes, images: str) -> None:
    """Floor: VGG19's convolution base with global average on that many images, in graph mode.

    Weights and pixels are random, which takes the same time; building and tracing the network is not counted.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    network = keras.applications.VGG19(
        weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3)
    )
    network.trainable = False
    run = tf.function(network, input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3])], autograph=False)
    pixels = np.random.default_rng(1).uniform(-120, 150, (BATCH_SIZE, SIDE, SIDE, 3)).astype(np.float32)
    batch = tf.constant(pixels)
    run(batch[:1]).numpy()
    with times.stage("VGG19 forward"):
        for start in range(0, int(images), BATCH_SIZE):
            run(batch[: int(images) - start]).numpy()


def print_document(times: StageTimes, html: str) -> None:
    """Floor: WeasyPrint, its import included, on a finished document."""
    text = Path(html).read_text(encoding="utf-8")
    with times.stage("Printing"):
        import weasyprint

        weasyprint.HTML(string=text).write_pdf()


def notebook(times: StageTimes, data: str, folder: str) -> None:
    """For comparison: the assignment as a plain Keras script."""
    from notebook import run_notebook

    run_notebook(Path(data), Path(folder), times)


WORKLOADS: dict[str, Callable[..., None]] = {
    work.__name__: work
    for work in (build, import_libraries, import_tensorflow, forward, print_document, notebook)
}


def run(out: Path, name: str, *arguments: str) -> None:
    """Run one workload and write its wall and processor seconds, by stage and in all, and peak bytes."""
    start = time.perf_counter()
    times = StageTimes()
    WORKLOADS[name](times, *arguments)
    inside = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cost = {
        "inside": inside,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else KIB),
        "stages": times.seconds,
        "stages_cpu": times.processor,
    }
    out.write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *sys.argv[2:])
