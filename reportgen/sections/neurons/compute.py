"""Section 4: the most excited neurons; one backward pass for each neuron of an image, ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reportgen.analysis.receptive_field import effective_field, find_support
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, find_boxes, open_examples
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results import Box, ImageFile, Position
from reportgen.sections.neurons.analysis import See, Sight, find_excited_neurons

if TYPE_CHECKING:
    from reportgen.analysis.gradients import RecordedPass


def run(context: StageContext) -> Artifacts:
    """Rank the neurons of the explained layer and find the patches that the first of them see."""
    outcome = context.artifacts("activations")
    layer, geometry, network_geometry = read_layer(outcome)
    with context.progress.stage("Most excited neurons", total=len(context.examples)) as advance:
        return pack_section(
            find_excited_neurons(
                read_activations(outcome, context.examples),
                {label: _sight(context, image) for label, image in context.examples.items()},
                open_examples(context),
                example_files(context),
                layer=layer,
                geometry=geometry,
                network_geometry=network_geometry,
                count=context.setting("show.neurons"),
                heads={label: head for label, (_, head) in find_boxes(context).items()},
                advance=advance,
            )
        )


def _sight(context: StageContext, image: ImageFile) -> See:
    """Finds patches in one image; the network runs on it when the first one is not kept yet."""
    recorded: list[RecordedPass] = []

    def see(position: Position, field: Box) -> Sight:
        def compute() -> bytes:
            if not recorded:
                recorded.append(_record(context, image))
            gradient = recorded[0].gradient(position)
            sight = Sight(effective_field(gradient, fallback=field), find_support(gradient))
            return json.dumps(sight.to_json()).encode()

        item = f"{image.sha256} {position}"
        return Sight.from_json(json.loads(context.items.obtain(item, compute)))

    return see


def _record(context: StageContext, image: ImageFile) -> RecordedPass:
    network = context.network()
    from reportgen.analysis.gradients import RecordedPass
    from reportgen.models.backbone import preprocess

    return RecordedPass(network.explained, preprocess(decode(context.path(image), image.sha256)))
