"""The explained layer's output for each example image: one forward pass for each content, ever."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.results import FieldGeometry, ImageFile
from reportgen.stages.given import Bundle, Given
from reportgen.store.bundle import pack_arrays, unpack_arrays

ACTIVATIONS, LAYER = "activations.npz", "layer.json"


def run(given: Given) -> Bundle:
    """Compute the outputs that are not kept yet; array ``i`` (14, 14, 512) is that of class i.

    ``layer.json`` has the layer's name and its geometry.
    """
    arrays = {}
    for i, image in enumerate(given.examples.values()):

        def forward(image: ImageFile = image) -> bytes:
            from reportgen.models import preprocess

            with given.progress.stage("Explained layer"):
                pixels = preprocess(decode(given.path(image), image.sha256))
                return pack_arrays({"activations": given.network().explained(pixels[np.newaxis])[0].numpy()})

        arrays[str(i)] = unpack_arrays(given.items.obtain(image.sha256, forward))["activations"]
    return {
        ACTIVATIONS: pack_arrays(arrays),
        LAYER: given.items.obtain(LAYER, lambda: _describe_layer(given)),
    }


def _describe_layer(given: Given) -> bytes:
    network = given.network()
    from reportgen.analysis.receptive_field import layer_geometries
    from reportgen.models import EXPLAINED_LAYER

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
