"""Section 5: guided backpropagation; one backward pass for each neuron of an image, ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.gradients import GuidedGradients
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import find_boxes
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results import Position
from reportgen.sections.guided_backprop.analysis import Example, explain_neurons
from reportgen.store.packing import pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from reportgen.analysis.gradients import GuidedNetwork


def run(context: StageContext) -> Artifacts:
    """Make the tables of neurons and guided gradients."""
    outcome = context.artifacts("activations")
    activations, boxes = read_activations(outcome, context.examples), find_boxes(context)
    with context.progress.stage("Guided backpropagation"):
        return pack_section(
            explain_neurons(
                _Explainer(context).explain,
                {
                    label: Example(image.file, activations[label], *boxes[label])
                    for label, image in context.examples.items()
                },
                layer=read_layer(outcome)[0],
                choices=context.setting("guided_backprop.neurons"),
                shared_scale=context.setting("guided_backprop.shared_scale"),
            )
        )


class _Explainer:
    """Guided gradients by image and position, computed where they are not kept yet."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self._traced: GuidedNetwork | None = None

    def explain(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        image = self._context.examples[label]
        items = {position: f"{image.sha256} {position}" for position in positions}
        kept = {position: self._context.items.get(item) for position, item in items.items()}
        if missing := [position for position, data in kept.items() if data is None]:
            fresh = self._compute(label, missing)
            for k, position in enumerate(missing):
                kept[position] = _pack(fresh, k)
                self._context.items.put(items[position], kept[position] or b"")
        return _join([unpack_arrays(kept[position] or b"") for position in positions])

    def _compute(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        network = self._context.network()
        from reportgen.analysis.gradients import GuidedNetwork
        from reportgen.models.backbone import INPUT_SHAPE, preprocess

        if self._traced is None:
            self._traced = GuidedNetwork(network.convolutions, INPUT_SHAPE, len(positions))
        image = self._context.examples[label]
        return self._traced(preprocess(decode(self._context.path(image), image.sha256)), positions)


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
