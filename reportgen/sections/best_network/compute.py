"""Runs the best network on a training image of each class."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.architecture import Architecture, find_geometry
from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import find_support, rank_neurons, receptive_field
from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.network import load_tensorflow
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results import ImageFile
from reportgen.sections.best_network.result import BestNetwork, Excited, MapLayer

# The sheet asks for eight of a layer: a row of the figure, and two of the first layer.
FIRST_MAPS, OTHER_MAPS = 16, 8
"""At most so many maps of the first layer are shown, and of each other one."""


@dataclass(frozen=True)
class ImageOutputs:
    """A training image (224, 224, 3) with the outputs (rows, columns, channels) of all convolutions, and the
    gradient (224, 224, 3) of the most activated neuron of the last one.
    """

    file: str
    pixels: NDArray[np.uint8]
    outputs: list[NDArray[np.float32]]
    gradient: NDArray[np.float32]


def run(context: StageContext) -> Artifacts:
    """Show the maps of the first class's training image, and the most activated neuron of every class's."""
    load_tensorflow(context.progress)
    outcome = context.artifacts("architectures")
    # By its name, as the weights below: no section imports another, and so no constant of it.
    architecture = Architecture.model_validate(json.loads(outcome["network.json"]))
    chosen = _choose_images(context)
    with context.progress.stage("Inside the best network", total=len(chosen)) as advance:
        look = _Observer(architecture, len(context.classes), outcome["network.weights.h5"]).look
        looked = {}
        for label, image in chosen.items():
            looked[label] = look(image.file, decode(context.path(image), image.sha256))
            advance(1)
    return pack_section(describe_network(architecture, looked))


def _choose_images(context: StageContext) -> dict[str, ImageFile]:
    """A training image of each class: its example image if that is one, else the first."""
    # The sheet asks for training images, and sections that explain VGG19 take the same ones.
    found = {label: image for label, image in context.examples.items() if image.split == "train"}
    for image in context.images:
        if image.split == "train":
            found.setdefault(image.label, image)
    return {label: found[label] for label in context.classes}


class _Observer:
    """The network with its trained weights."""

    def __init__(self, architecture: Architecture, classes: int, weights: bytes) -> None:
        from reportgen.analysis.training import build_network, outputs_of

        # Any seed: the weights that it draws are replaced at once.
        network = build_network(architecture, classes, 0)
        with tempfile.TemporaryDirectory() as folder:
            # Keras reads paths only.
            path = Path(folder) / "network.weights.h5"
            path.write_bytes(weights)
            network.load_weights(path)
        self._run = outputs_of(network, [f"conv_{n + 1}" for n in conv_layers(architecture)])

    def look(self, file: str, pixels: NDArray[np.uint8]) -> ImageOutputs:
        """What the convolutions give for an image, and what the most activated neuron depends on."""
        import tensorflow as tf

        from reportgen.analysis.training import scale_pixels

        image = scale_pixels(pixels[np.newaxis])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            outputs = self._run(image)
            # Within the tape, which then has its gradient without a second pass.
            (position,) = rank_neurons(outputs[-1][0].numpy(), 1)
            neuron = outputs[-1][0][position]
        return ImageOutputs(
            file, pixels, [each[0].numpy() for each in outputs], tape.gradient(neuron, image)[0].numpy()
        )


def conv_layers(architecture: Architecture) -> list[int]:
    """The indices of the convolutions among the layers, from 0."""
    return [n for n, layer in enumerate(architecture.layers) if layer.layer == "conv"]


def describe_network(architecture: Architecture, looked: Mapping[str, ImageOutputs]) -> Computed[BestNetwork]:
    """Describe the maps of the first image, and the last convolution's most activated neuron for each."""
    indices = conv_layers(architecture)
    geometry = find_geometry(architecture.layers[: indices[-1] + 1])
    first = next(iter(looked.values()))
    arrays: dict[str, NDArray[Any]] = {}
    layers = []
    for n, (index, maps) in enumerate(zip(indices, first.outputs, strict=True)):
        count = min(maps.shape[2], FIRST_MAPS if n == 0 else OTHER_MAPS)
        arrays[f"maps_{n}"] = maps[..., :count]
        layers.append(
            MapLayer(
                name=f"convolution {n + 1}, layer {index + 1}",
                shape=list(maps.shape),
                shown=count,
                silent=int((~maps.any(axis=(0, 1))).sum()),
                lowest=maps[..., :count].min(axis=(0, 1)).tolist(),
                highest=maps[..., :count].max(axis=(0, 1)).tolist(),
            )
        )
    neurons = {}
    for i, (label, image) in enumerate(looked.items()):
        arrays[f"image_{i}"], arrays[f"output_{i}"] = image.pixels, image.outputs[-1]
        # The neuron whose gradient look() took: of equal outputs both name the first.
        (position,) = rank_neurons(image.outputs[-1], 1)
        neurons[label] = Excited(
            file=image.file,
            position=position,
            value=float(image.outputs[-1][position]),
            patch=receptive_field(geometry, position[0], position[1]),
            support=find_support(image.gradient),
        )
    numbers = BestNetwork(
        network=architecture.name,
        mapped=first.file,
        layers=layers,
        geometry=geometry,
        neurons=neurons,
        arrays=summarise("best_network", arrays),
    )
    return Computed(numbers, arrays)
