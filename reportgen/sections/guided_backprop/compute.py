"""Section 5: guided backpropagation; one backward pass for each neuron of an image, ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.guided_gradients import GuidedGradients
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.boxes import find_boxes
from reportgen.engine.stages.given import Bundle, Given
from reportgen.engine.stages.section import pack_section
from reportgen.results import Position
from reportgen.sections.guided_backprop.analysis import Example, explain_neurons
from reportgen.store.bundle import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from reportgen.analysis.guided_network import GuidedNetwork


def run(given: Given) -> Bundle:
    """Make the tables of neurons and guided gradients."""
    outcome = given.bundle("activations")
    activations, boxes = read_activations(outcome, given.examples), find_boxes(given)
    with given.progress.stage("Guided backpropagation"):
        return pack_section(
            explain_neurons(
                _Explainer(given).explain,
                {
                    label: Example(image.file, activations[label], *boxes[label])
                    for label, image in given.examples.items()
                },
                layer=read_layer(outcome)[0],
                choices=given.setting("guided_backprop.neurons"),
                shared_scale=given.setting("guided_backprop.shared_scale"),
            )
        )


class _Explainer:
    """Guided gradients by image and position, computed where they are not kept yet."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._traced: GuidedNetwork | None = None

    def explain(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        image = self._given.examples[label]
        items = {position: f"{image.sha256} {position}" for position in positions}
        kept = {position: self._given.items.get(item) for position, item in items.items()}
        if missing := [position for position, data in kept.items() if data is None]:
            fresh = self._compute(label, missing)
            for k, position in enumerate(missing):
                kept[position] = _pack(fresh, k)
                self._given.items.put(items[position], kept[position] or b"")
        return _join([unpack_arrays(kept[position] or b"") for position in positions])

    def _compute(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        network = self._given.network()
        from reportgen.analysis.guided_network import GuidedNetwork
        from reportgen.models.backbone import INPUT_SHAPE, preprocess

        if self._traced is None:
            self._traced = GuidedNetwork(network.convolutions, INPUT_SHAPE, len(positions))
        image = self._given.examples[label]
        return self._traced(preprocess(decode(self._given.path(image), image.sha256)), positions)


def _pack(gradients: GuidedGradients, k: int) -> bytes:
    return pack_arrays(
        {
            "value": gradients.values[k],
            "gradient": gradients.gradients[k],
            "relus": np.array([gradients.relu_total, gradients.relu_guided]),
        }
    )


def _join(rows: Sequence[dict[str, np.ndarray]]) -> GuidedGradients:
    relus = rows[0]["relus"]
    return GuidedGradients(
        np.stack([row["value"] for row in rows]),
        np.stack([row["gradient"] for row in rows]),
        int(relus[0]),
        int(relus[1]),
    )
