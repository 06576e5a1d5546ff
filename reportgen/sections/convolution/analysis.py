"""Question 1: one image a class, convolved with one Kaiming-initialised filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.convolution import FILTER_SIZE, PADDING, STRIDE, convolve, output_size
from reportgen.analysis.initialisation import check_initialisation, kaiming_normal
from reportgen.sections.convolution.result import Convolution, ConvolutionClass


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
        # A generator that begins where the filter's began.
        init_check=check_initialisation(kernel, rng=np.random.default_rng([seed, 1])),
        scale_limit=max(float(np.abs(arrays[f"map_{i}"]).max()) for i in range(len(images))),
        arrays=summarise("convolution", arrays),
    )
    return Computed(numbers, arrays)
