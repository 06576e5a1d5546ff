"""The explained layer's output for each example image: one forward pass for each content, ever."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.given import Bundle, Given
from reportgen.results import FieldGeometry, ImageFile
from reportgen.store.bundle import pack_arrays, unpack_arrays

ACTIVATIONS, LAYER = "activations.npz", "layer.json"


def run(given: Given) -> Bundle:
    """Compute the outputs that are not kept yet; array ``i`` (14, 14, 512) is that of class i.

    ``layer.json`` has the layer's name and its geometry.
    """
    images = list(given.examples.values())
    kept = {image.sha256: given.items.get(image.sha256) for image in images}
    if missing := [image for image in images if kept[image.sha256] is None]:
        for image, output in zip(missing, _compute(given, missing), strict=True):
            kept[image.sha256] = pack_arrays({"output": output})
            given.items.put(image.sha256, kept[image.sha256] or b"")
    arrays = {str(i): unpack_arrays(kept[image.sha256] or b"")["output"] for i, image in enumerate(images)}
    return {
        ACTIVATIONS: pack_arrays(arrays),
        LAYER: given.items.obtain(LAYER, lambda: _describe_layer(given)),
    }


def _compute(given: Given, images: Sequence[ImageFile]) -> Iterator[NDArray[np.float32]]:
    network = given.network()
    from reportgen.models.backbone import preprocess

    with given.progress.stage("Explained layer", total=len(images)) as advance:
        for image in images:
            pixels = preprocess(decode(given.path(image), image.sha256))
            yield network.explained(pixels[np.newaxis])[0].numpy()
            advance(1)


def _describe_layer(given: Given) -> bytes:
    network = given.network()
    from reportgen.analysis.receptive_field import layer_geometries
    from reportgen.models.backbone import EXPLAINED_LAYER

    geometry = layer_geometries(network.convolutions.layers)[EXPLAINED_LAYER]
    return json.dumps({"name": EXPLAINED_LAYER, "geometry": geometry.model_dump()}).encode()


def read_layer(bundle: Bundle) -> tuple[str, FieldGeometry]:
    """The explained layer's name and geometry."""
    layer = json.loads(bundle[LAYER])
    return layer["name"], FieldGeometry.model_validate(layer["geometry"])


def read_activations(bundle: Bundle, labels: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """The layer's output (14, 14, 512) for each class's example image."""
    arrays = unpack_arrays(bundle[ACTIVATIONS])
    return {label: arrays[str(i)] for i, label in enumerate(labels)}
