"""Describes the weights in use."""

from __future__ import annotations

from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.models.vgg_files import open_layers
from reportgen.networks import USUAL
from reportgen.weights import describe_network, describe_weights


def run(context: StageContext) -> Artifacts:
    """Describe the weights in ``weights.json``. Raises ``WeightsError`` if a file holds none."""
    file, with_top, own_head = context.weights, False, False
    network = context.network_choice
    if network.architecture != USUAL or file.source == "random":
        return {"weights.json": describe_network(file, network).model_dump_json().encode()}
    if file.source == "file":
        # The published and the embedded files are known by their hashes.
        with open_layers(file.path) as stored:
            with_top, own_head = bool(stored.top), bool(stored.dense)
    described = describe_weights(file, with_top=with_top, own_head=own_head)
    return {"weights.json": described.model_dump_json().encode()}
