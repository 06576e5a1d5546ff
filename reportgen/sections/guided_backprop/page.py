"""What can be laid over an input image on the screen: the receptive field of a neuron, and its patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportgen.analysis.neurons import receptive_field
from reportgen.results import Box, Results
from reportgen.results.fields import SIDE


@dataclass(frozen=True)
class Overlay:
    """The boxes of one neuron of a guided-backpropagation table; ``patch`` is "" if it was not measured.

    Boxes are written as "top bottom left right", half-open, in pixels of the image.
    """

    field: str
    patch: str


def template_values(results: Results) -> dict[str, Any]:
    """``overlays(label)`` for the section's template."""
    # As plain text: a template hands its values over together with their pointers.
    return {"overlays": lambda label: find_overlays(results, str(label))}


def find_overlays(results: Results, label: str) -> list[Overlay]:
    """The overlays of a class's neurons, row by row.

    Patches are measured for the most excited neurons; receptive fields are those in the network that ran.
    Both are in the section of the most excited neurons: without it there are none.
    """
    guided = results.guided_backprop
    if not results.has("neurons"):
        return [Overlay("", "") for _ in guided.rows.get(label, [])]
    neurons = results.neurons
    # Documents before 1.2 have the architecture's alone.
    geometry = neurons.network_geometry or neurons.geometry
    patches = {
        neuron.position: neuron.patch
        for neuron in (*neurons.top.get(label, []), *neurons.top_distinct.get(label, []))
        if neurons.layer == guided.layer
    }
    return [
        Overlay(
            _as_text(receptive_field(geometry, row.position[0], row.position[1], SIDE)),
            _as_text(patches.get(row.position)),
        )
        for row in guided.rows.get(label, [])
    ]


def _as_text(box: Box | None) -> str:
    return "" if box is None else " ".join(map(str, (*box.rows, *box.cols)))
