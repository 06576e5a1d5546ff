"""Question 1: one image a class, convolved with one Kaiming-initialised filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.initialisation import check_initialisation, kaiming_normal
from reportgen.results import Convolution, ConvolutionClass

FILTER_SIZE, STRIDE, PADDING = 3, 1, 0


def output_size(W1: int, F: int, P: int, S: int) -> int:
    """W2 = (W1 − F + 2P)/S + 1, rounded down: the filter's positions along one side.

    All in pixels. Raises ``ValueError`` if the padded side is shorter than the filter or S < 1.
    """
    if S < 1 or W1 + 2 * P < F:
        raise ValueError(f"no position for a filter of {F} on {W1} pixels, padding {P}, stride {S}")
    return (W1 - F + 2 * P) // S + 1


def convolve(
    image: NDArray[Any], kernel: NDArray[Any], stride: int = 1, padding: int = 0
) -> NDArray[np.float32]:
    """Convolve an image (H, W, C) with a kernel (F, F, C, N) as networks do: without flipping it.

    Zero padding of ``padding`` pixels on each side. Returns the feature maps (H2, W2, N), float32.
    """
    around = ((padding, padding), (padding, padding), (0, 0))
    padded = np.pad(image.astype(np.float32), around)[np.newaxis]
    maps = keras.ops.conv(padded, kernel, strides=stride, padding="valid")
    return np.asarray(keras.ops.convert_to_numpy(maps)[0], dtype=np.float32)


def convolve_examples(
    images: Mapping[str, NDArray[np.float32]], files: Mapping[str, str], seed: int
) -> Computed[Convolution]:
    """Convolve each class's image, (H, W) grey or (H, W, 3) colour with values 0–1, with one filter.

    The filter is Kaiming normal from ``numpy.random.default_rng([seed, 1])``; its fan-in is 9 for grey
    and 27 for colour images. Expected shapes come from the formula, observed ones from the output.
    """
    first = next(iter(images.values()))
    channels = 1 if first.ndim == 2 else first.shape[2]
    kernel = kaiming_normal((FILTER_SIZE, FILTER_SIZE, channels, 1), np.random.default_rng([seed, 1]))
    expected = [output_size(side, FILTER_SIZE, PADDING, STRIDE) for side in first.shape[:2]]
    arrays: dict[str, NDArray[Any]] = {"filter": kernel[..., 0].squeeze()}
    classes = {}
    for i, (label, image) in enumerate(images.items()):
        feature_map = convolve(image.reshape(*image.shape[:2], channels), kernel, STRIDE, PADDING)[..., 0]
        observed = list(feature_map.shape)
        classes[label] = ConvolutionClass(
            file=files[label], observed_shape=observed, matches=observed == expected
        )
        arrays |= {f"image_{i}": image, f"map_{i}": feature_map}
    numbers = Convolution(
        colour=channels > 1,
        input_shape=list(first.shape[:2]),
        filter_size=FILTER_SIZE,
        stride=STRIDE,
        padding=PADDING,
        filter=arrays["filter"].tolist(),
        expected_shape=expected,
        classes=classes,
        init_check=check_initialisation(kernel),
        arrays=summarise("convolution", arrays),
    )
    return Computed(numbers, arrays)
