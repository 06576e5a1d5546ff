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
    """Whether a convolution is the identity but for its activation: of its kernel each output reads the pixel
    in its own place, of its own channel, and nothing else.
    """
    # Operations of keras.ops have no list of weights at all.
    shapes = [tuple(weight.shape) for weight in getattr(layer, "weights", ())]
    # Shapes first: a copy of the weights of a dense layer may take 411 MB.
    if len(shapes) != 2 or len(shapes[0]) != 4 or shapes[0][2] != shapes[0][3]:
        return False
    middle = _find_middle(layer, shapes[0][:2])
    if middle is None:
        return False
    kernel, bias = layer.get_weights()
    return (
        not bias.any()
        and np.count_nonzero(kernel) == kernel.shape[3]
        and np.array_equal(kernel[middle], np.eye(kernel.shape[3], dtype=kernel.dtype))
    )


def _find_middle(layer: Any, sizes: tuple[int, ...]) -> tuple[int, int] | None:
    """The place in the kernel that reads the pixel of the output's own position; None if there is none."""
    if type(layer).__name__ != "Conv2D":
        return None
    # Another stride leaves positions out, and without padding the outer ones are cut off.
    if layer.strides != (1, 1) or (layer.padding != "same" and sizes != (1, 1)):
        return None
    found = []
    for size, rate in zip(sizes, layer.dilation_rate, strict=True):
        # "same" pads half of what the window is wider than a pixel; of an odd number, the smaller part first.
        before, between = divmod((size - 1) * rate // 2, rate)
        if between:
            return None
        found.append(before)
    return found[0], found[1]


def skip_identities(layers: Iterable[Any]) -> list[Any]:
    """The layers of a chain that change anything: all but identity convolutions behind a ReLU.

    What comes from a ReLU, through poolings or not, is not negative, and so the ReLU of an identity
    convolution leaves it alone, too. Leaving it out changes no bit.
    """
    kept: list[Any] = []
    rectified = False
    for layer in layers:
        is_relu = getattr(getattr(layer, "activation", None), "__name__", "") == "relu"
        if rectified and is_relu and is_identity(layer):
            continue
        kept.append(layer)
        if getattr(layer, "weights", None):
            rectified = is_relu
    return kept
