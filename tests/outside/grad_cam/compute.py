"""How the section is computed: Selvaraju et al. 2017, equations 1 and 2."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grad_cam.result import GradCam
from reportgen.analysis.computed import Computed, summarise
from reportgen.engine.stages.activations import read_activations
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Map the evidence for every class in every example image."""
    outputs = read_activations(context.artifacts("activations"), context.examples)
    head = context.artifacts("transfer")["head.weights.h5"]
    maps = np.stack([map_evidence(context.network(), head, output) for output in outputs.values()])
    peak = {}
    for i, label in enumerate(outputs):
        row, column = np.unravel_index(int(maps[i, i].argmax()), maps.shape[2:])
        peak[label] = (int(row), int(column))
    arrays = {"maps": maps}
    return pack_section(Computed(GradCam(peak=peak, arrays=summarise("grad_cam", arrays)), arrays))


def map_evidence(network: Any, head: bytes, output: NDArray[np.float32]) -> NDArray[np.float32]:
    """The maps (N, 14, 14) of the scores before the softmax, from the layer's output (14, 14, 512)."""
    import h5py
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "head.h5"
        file.write_bytes(head)
        with h5py.File(file) as stored:
            found: list[Any] = []
            stored.visititems(
                lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None
            )
    kernel = next(each for each in found if each.ndim == 2)
    layers = network.network.layers
    above = layers[[layer.name for layer in layers].index("block5_conv4") + 1 :]
    seen = tf.constant(output[np.newaxis])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(seen)
        signal = seen
        for layer in above:
            signal = layer(signal)
        scores = [tf.reduce_sum(signal[0] * kernel[:, c]) for c in range(kernel.shape[1])]
    maps = [tf.tensordot(seen[0], tf.reduce_mean(tape.gradient(s, seen)[0], (0, 1)), 1) for s in scores]
    return np.asarray(tf.stack(maps), np.float32)
