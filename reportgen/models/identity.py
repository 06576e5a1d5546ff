"""Convolutions that hand their input on unchanged, and the embedded weights, which need them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import WeightsError
from reportgen.weights import EMBEDDED_REMEDY, EMBEDDED_SHA256

if TYPE_CHECKING:
    import keras


def identity_convolution(channels: int) -> list[NDArray[np.float32]]:
    """Kernel (3, 3, C, C) and bias (C,) that return their input: centre tap 1 (Chen et al. 2016)."""
    kernel = np.zeros((3, 3, channels, channels), np.float32)
    kernel[1, 1] = np.eye(channels, dtype=np.float32)
    return [kernel, np.zeros(channels, np.float32)]


def is_identity(layer: Any) -> bool:
    """Whether a convolution hands its input on: its kernel is 1 in the middle of its own channel only."""
    # Operations of keras.ops have no list of weights at all.
    shapes = [tuple(weight.shape) for weight in getattr(layer, "weights", ())]
    # Shapes first: a copy of the weights of a dense layer may take 411 MB.
    if len(shapes) != 2 or len(shapes[0]) != 4 or shapes[0][2] != shapes[0][3]:
        return False
    kernel, bias = layer.get_weights()
    middle = tuple(size // 2 for size in kernel.shape[:2])
    return (
        not bias.any()
        and np.count_nonzero(kernel) == kernel.shape[3]
        and np.array_equal(kernel[middle], np.eye(kernel.shape[3], dtype=kernel.dtype))
    )


def skip_identities(layers: Iterable[Any]) -> list[Any]:
    """The layers of a chain that change anything: all but identity convolutions behind a ReLU.

    What comes from a ReLU, through poolings or not, is not negative, and so the ReLU of an identity
    convolution leaves it alone, too. Leaving it out changes no bit.
    """
    kept: list[Any] = []
    rectified = False
    for layer in layers:
        is_relu = getattr(getattr(layer, "activation", None), "__name__", "") == "relu"
        strides = getattr(layer, "strides", None)
        if rectified and is_relu and strides == (1, 1) and layer.padding == "same" and is_identity(layer):
            continue
        kept.append(layer)
        if getattr(layer, "weights", None):
            rectified = is_relu
    return kept


def fill_with_embedded(network: keras.Model, path: Path, sha256: str) -> None:
    """Fill the convolutions of VGG16 or VGG19 with the embedded weights, which are of VGG16's.

    Raises ``WeightsError`` unless ``sha256``, that of the file, is the one it has in the package.
    """
    import h5py

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
                group = file[f"block{block}/layers/conv2d{f'_{n}' if n else ''}/vars"]
                network.get_layer(f"block{block}_conv{n + 1}").set_weights([group["0"][()], group["1"][()]])
            # VGG16 has three convolutions where VGG19 has four. A fourth that hands its input on changes
            # nothing, since ReLU leaves alone what is not negative.
            if (fourth := f"block{block}_conv4") in names:
                layer = network.get_layer(fourth)
                layer.set_weights(identity_convolution(layer.filters))
