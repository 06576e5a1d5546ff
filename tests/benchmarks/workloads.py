"""The programs that are measured, each run in a process of its own: ``workloads.py OUT NAME [ARGUMENT …]``.

What a run cost is written to the file OUT as JSON. Libraries are imported where they are used, since their
import is part of what is measured.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher import peak_bytes

if TYPE_CHECKING:
    from reportgen.settings import Settings

BATCH_SIZE, SIDE = 16, 224
LAYER = "block5_conv4"


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
    from reportgen.settings import load_settings

    home = Path(folder)
    # The folder has no report.toml, so that what somebody wrote in theirs changes nothing here.
    settings = load_settings(folder=home, build=home / "build", cache=home / "cache", weights="embedded")
    _build(settings, Path(data), times)


def _build(settings: Settings, data: Path, times: StageTimes) -> None:
    from reportgen.engine.pipeline import build as build_report

    built = build_report(settings, data, times)
    if built.problem:
        raise built.problem


def build_with_templates(times: StageTimes, folder: str, templates: str) -> None:
    """A build of a home (see ``home.py``) with templates of its own."""
    from reportgen.settings import load_settings

    _build(load_settings(folder=Path(folder), templates=templates), Path(folder) / "data", times)


def build_counting(times: StageTimes, folder: str, network: str, out: str) -> None:
    """A build of a home that writes to ``out`` what its network was run for, by kind, as JSON.

    ``network`` is ``VGG19`` or ``stand-in``; see ``tests/stand_in.py`` for both the network and the counting.
    """
    stand_in = _import_stand_in()
    from unittest.mock import patch

    from reportgen.models import backbone
    from reportgen.settings import load_settings

    real = patch.object(backbone, "load_backbone", backbone.load_backbone)
    with stand_in.counting() as passes, real if network == "VGG19" else nullcontext():
        _build(load_settings(folder=Path(folder)), Path(folder) / "data", times)
    Path(out).write_text(json.dumps(passes), encoding="utf-8")


def _import_stand_in() -> Any:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    return importlib.import_module("stand_in")


def list_imports(_times: StageTimes, folder: str, out: str) -> None:
    """``reportgen build --quiet`` in a folder; writes to ``out`` the packages it has imported, as JSON."""
    os.chdir(folder)
    sys.argv = ["reportgen", "build", "--quiet"]
    from reportgen.cli.program import main

    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
    Path(out).write_text(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), encoding="utf-8")


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


def forward_once(times: StageTimes) -> None:
    """Floor of an added image: from nothing to VGG19's features of one image, with Keras alone."""
    network = _load_network(times)
    with times.stage("One forward pass"):
        network(_pixels()).numpy()


def backward_once(times: StageTimes, images: str) -> None:
    """Floor of an added neuron: from nothing to one input gradient of VGG19 for each of so many images."""
    network = _load_network(times)
    import keras
    import tensorflow as tf

    layer = keras.Model(network.inputs, network.get_layer(LAYER).output)
    with times.stage("Forward and backward passes"):
        for _ in range(int(images)):
            pixels = tf.constant(_pixels())
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                neuron = layer(pixels)[0, 7, 7, 0]
            tape.gradient(neuron, pixels).numpy()


def forward_stand_in(times: StageTimes) -> None:
    """Floor of an added image with the stand-in for VGG19."""
    _import_keras(times)
    with times.stage("Making the stand-in network"):
        network = _import_stand_in().load_stand_in("embedded").network
    with times.stage("One forward pass"):
        network(_pixels()).numpy()


def _import_keras(times: StageTimes) -> None:
    with times.stage("Importing TensorFlow"):
        importlib.import_module("tensorflow")
        importlib.import_module("keras")


def _load_network(times: StageTimes) -> Any:
    """VGG19's convolution base with global average and the embedded weights, unchecked.

    The three layers that the embedded file lacks stay random, which takes the same time.
    """
    _import_keras(times)
    import keras

    with times.stage("Loading the weights"):
        import h5py

        from reportgen.weights import embedded_path

        network = keras.applications.VGG19(
            weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3)
        )
        network.trainable = False
        with h5py.File(embedded_path()) as file:
            for block, depth in enumerate((2, 2, 3, 3, 3), 1):
                for n in range(depth):
                    stored = file[f"block{block}/layers/conv2d{f'_{n}' if n else ''}/vars"]
                    layer = network.get_layer(f"block{block}_conv{n + 1}")
                    layer.set_weights([stored["0"][()], stored["1"][()]])
    return network


def _pixels() -> Any:
    """One image of noise, preprocessed: (1, 224, 224, 3)."""
    import numpy as np

    return np.random.default_rng(1).uniform(-120, 150, (1, SIDE, SIDE, 3)).astype(np.float32)


def print_document(times: StageTimes, html: str) -> None:
    """Floor: WeasyPrint, its import included, on a finished document, as the same kind of PDF."""
    text = Path(html).read_text(encoding="utf-8")
    with times.stage("Printing"):
        import weasyprint

        weasyprint.HTML(string=text).write_pdf(pdf_variant="pdf/a-3a", pdf_tags=True)


def notebook(times: StageTimes, data: str, folder: str) -> None:
    """For comparison: the assignment as a plain Keras script."""
    from notebook import run_notebook

    run_notebook(Path(data), Path(folder), times)


WORKLOADS: dict[str, Callable[..., None]] = {
    work.__name__: work
    for work in (
        *(build, build_with_templates, build_counting, list_imports, import_libraries, import_tensorflow),
        *(forward, forward_once, backward_once, forward_stand_in, print_document, notebook),
    )
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
        "peak": peak_bytes(usage),
        "stages": times.seconds,
        "stages_cpu": times.processor,
    }
    out.write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *sys.argv[2:])
