"""The output of the explained layer for each example image: one forward pass per distinct content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext, choose_layers, name_item
from reportgen.results import FieldGeometry, ImageFile
from reportgen.store.packing import pack_arrays, unpack_arrays

ACTIVATIONS, LAYER = "activations.npz", "layer.json"


def run(context: StageContext) -> Artifacts:
    """Compute the outputs that are not kept yet; array ``i`` (rows, columns, channels) is that of class i.

    ``layer.json`` has the layer's name and its geometry. Of further layers, number k from 1, both have the
    number in their names: ``1 i``, ``layer 1.json``.
    """
    outcome: dict[str, bytes] = {}
    arrays: dict[str, NDArray[np.float32]] = {}
    for number, name in enumerate(choose_layers("activations", context.setting("layers"))):
        arrays |= {_numbered(number, str(i)): output for i, output in _obtain(context, name).items()}
        outcome[_numbered(number, LAYER)] = context.items.obtain(
            f"{LAYER} {name}", partial(_describe_layer, context, name)
        )
    return {ACTIVATIONS: pack_arrays(arrays), **outcome}


def _numbered(number: int, name: str) -> str:
    return (
        name.replace("layer", f"layer {number}")
        if number and name == LAYER
        else (f"{number} {name}" if number else name)
    )


def _obtain(context: StageContext, name: str) -> dict[int, NDArray[np.float32]]:
    """A layer's output for each example image; "" is the layer that the architecture has for it."""
    images = list(context.examples.values())
    items = {image.sha256: name_item(image.sha256, name) for image in images}
    kept = {sha256: context.items.get(item) for sha256, item in items.items()}
    if missing := [image for image in images if kept[image.sha256] is None]:
        for image, output in zip(missing, _compute(context, missing, name), strict=True):
            kept[image.sha256] = pack_arrays({"output": output})
            context.items.put(items[image.sha256], kept[image.sha256] or b"")
    # By now each image has its output; the empty bytes are for the type checker.
    return {i: unpack_arrays(kept[image.sha256] or b"")["output"] for i, image in enumerate(images)}


def _compute(context: StageContext, images: Sequence[ImageFile], name: str) -> Iterator[NDArray[np.float32]]:
    network = context.network()
    from reportgen.models.backbone import preprocess

    run = network.explain(name) if name and name != network.layers[0] else network.explained
    with context.progress.stage("Explained layer", total=len(images)) as advance:
        for image in images:
            pixels = preprocess(decode(context.path(image), image.sha256))
            # Always one: with several threads the last bits of a sum depend on how many images are computed
            # together.
            yield run(pixels[np.newaxis])[0].numpy()
            advance(1)


def _describe_layer(context: StageContext, name: str) -> bytes:
    network = context.network()
    from reportgen.analysis.receptive_fields import describe_field

    name = name or network.layers[0]
    end = network.graph.find_neurons(name)
    geometry, as_run = (describe_field(network.graph, end, as_run=run) for run in (False, True))
    described = {"geometry": geometry.model_dump(), "network_geometry": as_run.model_dump()}
    return json.dumps({"name": name, **described}).encode()


def count_layers(artifacts: Artifacts) -> int:
    """How many layers are explained."""
    return len(artifacts) - 1


def read_layer(artifacts: Artifacts, number: int = 0) -> tuple[str, FieldGeometry, FieldGeometry]:
    """The explained layer's name, its geometry by the architecture, and that of the network that ran."""
    layer = json.loads(artifacts[_numbered(number, LAYER)])
    by_name = (FieldGeometry.model_validate(layer[name]) for name in ("geometry", "network_geometry"))
    return layer["name"], *by_name


def read_activations(
    artifacts: Artifacts, labels: Iterable[str], number: int = 0
) -> dict[str, NDArray[np.float32]]:
    """The layer's output (rows, columns, channels) for each class's example image."""
    arrays = unpack_arrays(artifacts[ACTIVATIONS])
    return {label: arrays[_numbered(number, str(i))] for i, label in enumerate(labels)}
