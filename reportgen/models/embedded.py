"""The embedded weights: those of VGG16's convolutions, which VGG19 can take, too."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras

from reportgen.errors import WeightsError
from reportgen.models.identity import identity_convolution
from reportgen.weights import EMBEDDED_REMEDY, EMBEDDED_SHA256


def fill_with_embedded(network: keras.Model, path: Path, sha256: str) -> None:
    """Fill the convolutions of VGG16 or VGG19 with the embedded weights, which are of VGG16's.

    Raises ``WeightsError`` unless ``sha256``, that of the file, is the one it has in the package.
    """
    if sha256 != EMBEDDED_SHA256:
        raise WeightsError(
            f"{path}: damaged or of another version: its SHA-256 is {sha256}, not {EMBEDDED_SHA256}.",
            EMBEDDED_REMEDY,
        )
    names = {layer.name for layer in network.layers}
    # Without a lock, which some network disks do not have: HDF5 would refuse the file there.
    with h5py.File(path, locking=False) as file:
        for block, depth in enumerate((2, 2, 3, 3, 3), 1):
            for n in range(depth):
                # As the package's file names its layers: conv2d, conv2d_1, … in each block.
                group = file[f"block{block}/layers/conv2d{f'_{n}' if n else ''}/vars"]
                network.get_layer(f"block{block}_conv{n + 1}").set_weights([group["0"][()], group["1"][()]])
            # VGG16 has three convolutions where VGG19 has four. A fourth that passes its input on changes
            # nothing, since ReLU leaves alone what is not negative.
            if (fourth := f"block{block}_conv4") in names:
                layer = network.get_layer(fourth)
                layer.set_weights(identity_convolution(layer.filters))
