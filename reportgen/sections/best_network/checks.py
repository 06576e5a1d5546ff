"""Are the neurons the largest, and their patches the receptive fields of the layers?"""

from __future__ import annotations

from typing import Final

import numpy as np

from reportgen.grading.checks import NamedCheck, classes, whole
from reportgen.grading.report import Report, require


def judge_maps(report: Report, _case: str) -> None:
    """There are maps of every convolution layer, at least eight of each that has so many."""
    network = report.results.architectures.networks[report.results.architectures.best]
    expected = [layer.observed_shape for layer in network.layers if layer.layer == "conv"]
    layers = report.results.best_network.layers
    found = [layer.shape for layer in layers]
    require(found == expected, f"/best_network/layers: found maps of {found}, the network has {expected}")
    for n, layer in enumerate(layers):
        require(
            # The sheet asks for eight.
            layer.shown >= min(8, layer.shape[2]),
            f"/best_network/layers/{n}: {layer.shown} maps are shown of {layer.shape[2]}",
        )


def judge_neuron(report: Report, label: str) -> None:
    """The neuron of each class has the largest output of the last convolution layer for its image."""
    section = report.results.best_network
    outputs = report.array("best_network", f"output_{list(section.neurons).index(label)}")
    neuron = section.neurons[label]
    found, largest = float(outputs[tuple(neuron.position)]), float(np.max(outputs))
    require(
        # Exactly: both are elements of one array, and no sum rounds them.
        found == largest,
        f"/best_network/neurons/{label}/position: its output is {found:.6g}, the largest is {largest:.6g}",
    )
    require(
        abs(neuron.value - largest) <= 1e-5 * max(abs(largest), 1),
        f"/best_network/neurons/{label}/value: found {neuron.value:.6g}, it is {largest:.6g}",
    )


def judge_patch(report: Report, label: str) -> None:
    """The patch is the receptive field that follows from the sizes, strides and paddings of the layers below
    (Araujo et al. 2019).
    """
    architectures = report.results.architectures
    layers = architectures.networks[architectures.best].layers
    last = max(n for n, layer in enumerate(layers) if layer.layer == "conv")
    neuron = report.results.best_network.neurons[label]
    for name, index in (("rows", neuron.position[0]), ("cols", neuron.position[1])):
        low = high = index
        # From the neuron down: the first and the last position of the layer below that it sees.
        for layer in reversed(layers[: last + 1]):
            if layer.size:
                low = low * layer.stride - (layer.padding or 0)
                high = high * layer.stride - (layer.padding or 0) + layer.size - 1
        expected = (max(low, 0), min(high + 1, 224))
        found = tuple(getattr(neuron.patch, name))
        require(
            found == expected,
            f"/best_network/neurons/{label}/patch/{name}: found {list(found)}, expected {list(expected)}",
        )


CHECKS: Final = {
    "network_maps": NamedCheck(whole, judge_maps),
    "network_neuron": NamedCheck(classes, judge_neuron),
    "network_patch": NamedCheck(classes, judge_patch),
}
