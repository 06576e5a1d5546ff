"""One convolution as networks do it, and the size that its output has."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.architecture import output_size as output_size


def convolve(
    image: NDArray[Any], kernel: NDArray[Any], stride: int = 1, padding: int = 0
) -> NDArray[np.float32]:
    """Convolve an image (H, W, C) with a kernel (F, F, C, N) as networks do: without flipping it.

    Zero padding of ``padding`` pixels on each side. Returns the feature maps (H2, W2, N), float32.
    """
    # By NumPy: Keras knows "same" and "valid" only, and not any number of zeros.
    around = ((padding, padding), (padding, padding), (0, 0))
    padded = np.pad(image.astype(np.float32), around)[np.newaxis]
    maps = keras.ops.conv(padded, kernel, strides=stride, padding="valid")
    return np.asarray(keras.ops.convert_to_numpy(maps)[0], dtype=np.float32)
