"""What can be laid over an input image on the screen: the receptive field of a neuron, and its patch."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.analysis.receptive_field import receptive_field
from reportgen.results import Box, Results


@dataclass(frozen=True)
class Overlay:
    """The boxes of one neuron of a guided-backpropagation table; ``patch`` is "" if it was not measured.

    Boxes are written as "top bottom left right", half-open, in pixels of the image.
    """

    field: str
    patch: str


def find_overlays(results: Results, label: str) -> list[Overlay]:
    """The overlays of a class's neurons, row by row.

    Patches are measured for the most excited neurons; receptive fields follow from the architecture.
    """
    neurons, guided = results.neurons, results.guided_backprop
    side = results.convolution.input_shape[0]
    patches = {
        neuron.position: neuron.patch
        for neuron in (*neurons.top[label], *neurons.top_distinct[label])
        if neurons.layer == guided.layer
    }
    return [
        Overlay(
            _as_text(receptive_field(neurons.geometry, row.position[0], row.position[1], side)),
            _as_text(patches.get(row.position)),
        )
        for row in guided.rows[label]
    ]


def _as_text(box: Box | None) -> str:
    return "" if box is None else " ".join(map(str, (*box.rows, *box.cols)))
