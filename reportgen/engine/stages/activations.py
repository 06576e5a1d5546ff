"""The output of the explained layer for each example image: one forward pass per distinct content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.results import FieldGeometry, ImageFile
from reportgen.store.packing import pack_arrays, unpack_arrays

ACTIVATIONS, LAYER = "activations.npz", "layer.json"


def run(context: StageContext) -> Artifacts:
    """Compute the outputs that are not kept yet; array ``i`` (14, 14, 512) is that of class i.

    ``layer.json`` has the layer's name and its geometry.
    """
    images = list(context.examples.values())
    kept = {image.sha256: context.items.get(image.sha256) for image in images}
    if missing := [image for image in images if kept[image.sha256] is None]:
        for image, output in zip(missing, _compute(context, missing), strict=True):
            kept[image.sha256] = pack_arrays({"output": output})
            context.items.put(image.sha256, kept[image.sha256] or b"")
    # By now each image has its output; the empty bytes are for the type checker.
    arrays = {str(i): unpack_arrays(kept[image.sha256] or b"")["output"] for i, image in enumerate(images)}
    return {
        ACTIVATIONS: pack_arrays(arrays),
        LAYER: context.items.obtain(LAYER, lambda: _describe_layer(context)),
    }


def _compute(context: StageContext, images: Sequence[ImageFile]) -> Iterator[NDArray[np.float32]]:
    network = context.network()
    from reportgen.models.backbone import preprocess

    with context.progress.stage("Explained layer", total=len(images)) as advance:
        for image in images:
            pixels = preprocess(decode(context.path(image), image.sha256))
            yield network.explained(pixels[np.newaxis])[0].numpy()
            advance(1)


def _describe_layer(context: StageContext) -> bytes:
    network = context.network()
    from reportgen.analysis.receptive_fields import describe_field
    from reportgen.models.backbone import EXPLAINED_LAYER
    from reportgen.models.graph import LayerGraph

    graph = LayerGraph.read(network.convolutions)
    end = graph.find(EXPLAINED_LAYER)
    geometry, as_run = (describe_field(graph, end, as_run=run) for run in (False, True))
    described = {"geometry": geometry.model_dump(), "network_geometry": as_run.model_dump()}
    return json.dumps({"name": EXPLAINED_LAYER, **described}).encode()


def read_layer(artifacts: Artifacts) -> tuple[str, FieldGeometry, FieldGeometry]:
    """The explained layer's name, its geometry by the architecture, and that of the network that ran."""
    layer = json.loads(artifacts[LAYER])
    by_name = (FieldGeometry.model_validate(layer[name]) for name in ("geometry", "network_geometry"))
    return layer["name"], *by_name


def read_activations(artifacts: Artifacts, labels: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """The layer's output (14, 14, 512) for each class's example image."""
    arrays = unpack_arrays(artifacts[ACTIVATIONS])
    return {label: arrays[str(i)] for i, label in enumerate(labels)}
