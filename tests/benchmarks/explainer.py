"""Guided gradients by one library, in whatever interpreter has it: ``explainer.py LIBRARY IN OUT``.

IN is an archive: ``images`` (N, 224, 224, 3), preprocessed; ``positions`` (K, 4), image, row, column and
channel of each neuron, sorted by image; ``kernel_<i>`` and ``bias_<i>`` of VGG19's sixteen convolutions. OUT
gets the ``gradients`` (K, 224, 224, 3), and the wall and processor ``seconds`` that they took. Making the
network and one warming neuron are not counted. Nothing of reportgen is imported except for its own row.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

BLOCKS = (2, 2, 4, 4, 4)
SIDE = 224

Explain = Callable[[Any, Any], Any]
"""From an image (H, W, 3) and positions (K, 3) to guided gradients (K, H, W, 3)."""


def load_keras_network(given: Any) -> Any:
    """VGG19 up to ``block5_conv4`` in Keras."""
    import keras

    signal = image = keras.Input((SIDE, SIDE, 3))
    layers: list[Any] = []
    for block, depth in enumerate(BLOCKS, 1):
        for number in range(1, depth + 1):
            channels = given[f"kernel_{len(layers)}"].shape[3]
            name = f"block{block}_conv{number}"
            layers.append(keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name))
            signal = layers[-1](signal)
        if block < len(BLOCKS):
            signal = keras.layers.MaxPooling2D(2)(signal)
    for i, layer in enumerate(layers):
        layer.set_weights([given[f"kernel_{i}"], given[f"bias_{i}"]])
    return keras.Model(image, signal)


def use_reportgen(given: Any) -> Explain:
    """As the section of guided backpropagation does it of a chain of layers, such as VGG19 is."""
    from reportgen.analysis.chain import GuidedChain

    guided = GuidedChain(load_keras_network(given).layers, SIDE)
    return lambda image, positions: (
        guided(image, [(int(i), int(j), int(k)) for i, j, k in positions]).gradients
    )


def use_captum(given: Any) -> Explain:
    """Captum's ``GuidedBackprop`` on the same network in PyTorch."""
    torch, captum = import_module("torch"), import_module("captum.attr")
    layers: list[Any] = []
    i = 0
    for block, depth in enumerate(BLOCKS, 1):
        for _ in range(depth):
            kernel = given[f"kernel_{i}"]
            convolution = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            convolution.weight.data = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
            convolution.bias.data = torch.from_numpy(given[f"bias_{i}"].copy())
            layers += [convolution, torch.nn.ReLU()]
            i += 1
        if block < len(BLOCKS):
            layers.append(torch.nn.MaxPool2d(2))
    network = torch.nn.Sequential(*layers).eval()
    for weight in network.parameters():
        weight.requires_grad_(False)
    guided = captum.GuidedBackprop(network)

    def explain(image: Any, positions: Any) -> Any:
        batch = torch.from_numpy(image.transpose(2, 0, 1)[None].copy()).requires_grad_()
        targets = [(int(channel), int(row), int(column)) for row, column, channel in positions]
        found = [guided.attribute(batch, target=target).detach().numpy()[0] for target in targets]
        return np.stack(found).transpose(0, 2, 3, 1)

    return explain


def use_tf_keras_vis(given: Any) -> Explain:
    """tf-keras-vis' ``Saliency`` with its ``GuidedBackpropagation`` modifier."""
    vis = import_module("tf_keras_vis.saliency")
    modifier = import_module("tf_keras_vis.utils.model_modifiers").GuidedBackpropagation()
    saliency = vis.Saliency(load_keras_network(given), model_modifier=modifier, clone=True)

    def explain(image: Any, positions: Any) -> Any:
        found = []
        for row, column, channel in positions.tolist():
            found.append(
                saliency(
                    lambda output, at=(row, column, channel): output[(0, *at)],
                    image[None],
                    keepdims=True,
                    gradient_modifier=None,
                    normalize_map=False,
                )[0]
            )
        return np.stack(found)

    return explain


def use_xplique(given: Any) -> Explain:
    """Xplique's ``GuidedBackprop``, which explains a vector of classes: here one neuron of the flat layer."""
    import keras

    network = load_keras_network(given)
    rows, columns, channels = network.output.shape[1:]
    flat = keras.Model(network.input, keras.layers.Flatten()(network.output))
    guided = import_module("xplique.attributions").GuidedBackprop(flat, batch_size=1, reducer=None)

    def explain(image: Any, positions: Any) -> Any:
        found = []
        for row, column, channel in positions.tolist():
            target = np.zeros((1, rows * columns * channels), np.float32)
            target[0, (row * columns + column) * channels + channel] = 1
            found.append(np.asarray(guided(image[None], target))[0])
        return np.stack(found)

    return explain


LIBRARIES: dict[str, Callable[[Any], Explain]] = {
    "reportgen": use_reportgen,
    "captum": use_captum,
    "tf-keras-vis": use_tf_keras_vis,
    "xplique": use_xplique,
}


def _by_image(positions: Any) -> Iterator[tuple[int, Any]]:
    for n in np.unique(positions[:, 0]).tolist():
        yield n, positions[positions[:, 0] == n, 1:]


def main() -> None:
    """Explain, and write what was found and what it took."""
    library, source, target = sys.argv[1:]
    with np.load(source, allow_pickle=False) as archive:
        given = {name: archive[name] for name in archive.files}
    groups = list(_by_image(given["positions"]))
    explain = LIBRARIES[library](given)
    explain(given["images"][groups[0][0]], groups[0][1][:1])
    wall, worked = time.perf_counter(), time.process_time()
    found = [explain(given["images"][n], positions) for n, positions in groups]
    seconds = [time.perf_counter() - wall, time.process_time() - worked]
    np.savez(target, gradients=np.concatenate(found), seconds=np.array(seconds))


if __name__ == "__main__":
    main()
