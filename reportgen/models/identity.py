"""Convolutions that pass their input on unchanged, as the embedded network has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def identity_convolution(channels: int) -> list[NDArray[np.float32]]:
    """Kernel (3, 3, C, C) and bias (C,) that return their input: centre tap 1 (Chen et al. 2016)."""
    kernel = np.zeros((3, 3, channels, channels), np.float32)
    kernel[1, 1] = np.eye(channels, dtype=np.float32)
    return [kernel, np.zeros(channels, np.float32)]


def is_identity(layer: Any) -> bool:
    """Whether a convolution is the identity: its kernel is 1 in the middle of its own channel only."""
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
        # Another stride or padding drops outputs or cuts them off, even if the kernel passes its input on.
        if rectified and is_relu and strides == (1, 1) and layer.padding == "same" and is_identity(layer):
            continue
        kept.append(layer)
        if getattr(layer, "weights", None):
            rectified = is_relu
    return kept
