"""Convolution as the definition has it: loops over positions, a sum over the taps, no library."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def slide(
    image: NDArray[Any], kernel: NDArray[Any], stride: int = 1, padding: int = 0
) -> NDArray[np.float64]:
    """Feature maps (H2, W2, N) of an image (H, W, C) under a kernel (F, F, C, N), in float64.

    Taps outside the image contribute nothing, which is what zero padding means.
    """
    height, width, channels = image.shape
    size, _, _, count = kernel.shape
    tops = range(-padding, height + padding - size + 1, stride)
    lefts = range(-padding, width + padding - size + 1, stride)
    maps = np.zeros((len(tops), len(lefts), count))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            for u in range(size):
                for v in range(size):
                    if 0 <= top + u < height and 0 <= left + v < width:
                        for c in range(channels):
                            maps[i, j] += float(image[top + u, left + v, c]) * kernel[u, v, c].astype(float)
    return maps
