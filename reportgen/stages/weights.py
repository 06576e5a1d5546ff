"""Which weights are used, in words."""

from __future__ import annotations

from reportgen.stages.given import Bundle, Given
from reportgen.vgg_files import has_top, read_layers
from reportgen.weights import describe_weights


def run(given: Given) -> Bundle:
    """Describe the weights in ``weights.json``. Raises ``WeightsError`` if a file holds none."""
    file = given.weights
    with_top = file.source == "imagenet" or (file.source == "file" and has_top(read_layers(file.path)[1]))
    return {"weights.json": describe_weights(file, with_top=with_top).model_dump_json().encode()}
