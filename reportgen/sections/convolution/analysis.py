"""Question 1: one image a class, convolved with one Kaiming-initialised filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.convolution import convolve, output_size
from reportgen.analysis.initialisation import check_initialisation, kaiming_normal
from reportgen.sections.convolution.result import Convolution, ConvolutionClass
from reportgen.sections.convolution.settings import Window


def convolve_examples(
    images: Mapping[str, NDArray[np.float32]],
    files: Mapping[str, str],
    seed: int,
    window: Window,
) -> Computed[Convolution]:
    """Convolve each class's image, (H, W) grey or (H, W, 3) colour with values 0–1, with one filter.

    The filter is Kaiming normal from ``numpy.random.default_rng([seed, 1])``; its fan-in is F·F for
    grey and F·F·3 for colour images. Expected shapes come from the formula, observed ones from the output.
    """
    first = next(iter(images.values()))
    size, stride, padding = window.filter_size, window.stride, window.padding
    channels = 1 if first.ndim == 2 else first.shape[2]
    # A stream of its own, so that a change of the other sections' filters does not draw this one again.
    kernel = kaiming_normal((size, size, channels, 1), np.random.default_rng([seed, 1]))
    expected = [output_size(side, size, padding, stride) for side in first.shape[:2]]
    arrays: dict[str, NDArray[Any]] = {"filter": kernel[..., 0, 0] if channels == 1 else kernel[..., 0]}
    classes = {}
    for i, (label, image) in enumerate(images.items()):
        feature_map = convolve(image.reshape(*image.shape[:2], channels), kernel, stride, padding)[..., 0]
        observed = list(feature_map.shape)
        classes[label] = ConvolutionClass(
            file=files[label], observed_shape=observed, matches=observed == expected
        )
        arrays |= {f"image_{i}": image, f"map_{i}": feature_map}
    numbers = Convolution(
        colour=channels > 1,
        input_shape=list(first.shape[:2]),
        filter_size=size,
        stride=stride,
        padding=padding,
        filter=arrays["filter"].tolist(),
        expected_shape=expected,
        classes=classes,
        # A generator that begins where the filter's began.
        init_check=check_initialisation(kernel, rng=np.random.default_rng([seed, 1])),
        # Among the numbers, since the colour bar prints it, and what is printed is read from the results
        # alone.
        scale_limit=max(float(np.abs(arrays[f"map_{i}"]).max()) for i in range(len(images))),
        arrays=summarise("convolution", arrays),
    )
    return Computed(numbers, arrays)
