"""Questions 1 and 2: is the map the image under the filter, and are the weights those that the seed draws?"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.grading.checks import NamedCheck, classes, whole
from reportgen.grading.report import Report, require

_FILTER = "one filter"
_LAYERS = {"first layer": 1, "second layer": 2}


def banks(report: Report) -> list[str]:
    """The one filter, and the two layers' kernels if the report has them."""
    return [_FILTER, *(_LAYERS if report.results.has("conv_stack") else ())]


def judge_feature_map(report: Report, label: str) -> None:
    """The feature map of the class's image is that image, with zeros around it by the stated padding, under
    the filter at every stride.
    """
    index = list(report.results.convolution.classes).index(label)
    image = report.array("convolution", f"image_{index}").astype(np.float64)
    found = report.array("convolution", f"map_{index}")
    weights = np.array(report.results.convolution.filter, np.float64)
    stride, padding = report.results.convolution.stride, report.results.convolution.padding
    # Before any memory is taken for as many zeros as somebody wrote down.
    require(padding <= min(image.shape[:2]), f"a padding of {padding} is more than the image has pixels")
    around = [(padding, padding)] * 2 + [(0, 0)] * (image.ndim - 2)
    image = np.pad(image, around)
    rows, columns = (size - weights.shape[0] + 1 for size in image.shape[:2])
    require(rows > 0 and columns > 0, f"the filter of shape {weights.shape} is larger than the image")
    expected = np.zeros((-(-rows // stride), -(-columns // stride)))
    # Plain sums over shifted images, so that no code of the report checks itself.
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            part = image[i : i + rows : stride, j : j + columns : stride] * weights[i, j]
            expected += part if part.ndim == 2 else part.sum(axis=-1)
    require(found.shape == expected.shape, f"the map has shape {found.shape}, expected {expected.shape}")
    largest = float(np.abs(found - expected).max())
    # The report sums float32 products, and in another order.
    require(largest <= 1e-4, f"the map differs by up to {largest:.3g} from the convolution of the image")


def judge_filter_size(report: Report, _case: str) -> None:
    """The filter has as many rows and columns as the report says."""
    stated = report.results.convolution.filter_size
    weights = report.results.convolution.filter
    sides = {len(weights), *(len(row) for row in weights)}
    require(sides == {stated}, f"the report says F = {stated}, the filter has rows and columns of {sides}")


def judge_map_size(report: Report, label: str) -> None:
    """The feature map of the class's image has the size that the stated filter size, stride and padding
    give: (W1 − F + 2P)/S, rounded down, + 1.
    """
    found = report.results.convolution
    # Written again here: a check by the code that it checks would pass whatever that does.
    # By the sizes that the report names: which ones a sheet asks for is a matter of its rubric.
    expected = [
        (side - found.filter_size + 2 * found.padding) // found.stride + 1 for side in found.input_shape
    ]
    observed = found.classes[label].observed_shape
    require(observed == expected, f"the feature map is {observed}, the formula gives {expected}")


def judge_weights(report: Report, bank: str) -> None:
    """The weights are those that the report's seed draws with σ² = 2 / fan-in (He et al. 2015), and σ is the
    one that the report says.

    Their spread proves nothing of nine weights, and of thousands it is right whenever the draw is.
    """
    weights = _weights(report, bank)
    shape = (*weights.shape, 1) if bank == _FILTER else weights.shape
    if len(shape) == 3:  # one filter for grey images
        shape = (*shape[:2], 1, 1)
    fan_in = math.prod(shape[:3])
    drawn = _draw(report, bank)
    require(
        # Relative alone: of a weight near zero any other one near zero would pass.
        drawn.shape == shape and np.allclose(weights.reshape(shape), drawn, rtol=1e-5, atol=0),
        f"the weights are not those that the seed {report.results.provenance.seed} draws with "
        f"σ = √(2/{fan_in}) = {math.sqrt(2 / fan_in):.4g}",
    )
    stated = (
        report.results.convolution.init_check
        if bank == _FILTER
        else report.results.conv_stack.layers[_LAYERS[bank] - 1].init_check
    )
    sigma = math.sqrt(float(np.square(weights.astype(np.float64)).mean()))
    require(stated.fan_in == fan_in, f"the report says fan-in {stated.fan_in}, it is {fan_in}")
    # Both are of the same float32 weights, summed in another order.
    close = math.isclose(stated.sigma_observed, sigma, rel_tol=1e-5)
    require(close, f"the report says σ = {stated.sigma_observed:.6g}, it is {sigma:.6g}")


def _draw(report: Report, bank: str) -> NDArray[np.float32]:
    """The bank drawn again: the filter from the stream [seed, 1], both layers in turn from [seed, 2]."""
    seed, channels = report.results.provenance.seed, 3 if report.results.convolution.colour else 1
    size = report.results.convolution.filter_size
    shapes = {_FILTER: (size, size, channels, 1)} if bank == _FILTER else _state_shapes(report, channels)
    # Before any memory is taken for as many weights as somebody wrote down.
    for name, shape in shapes.items():
        count = _weights(report, name).size
        require(
            math.prod(shape) == count, f"the report says {shape} of the {name}, which has {count} weights"
        )
    # Written again here and not called: a check by the code that it checks would pass whatever that does.
    rng = np.random.default_rng([seed, 1 if bank == _FILTER else 2])
    drawn = {
        name: rng.normal(0, math.sqrt(2 / math.prod(shape[:3])), shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    return drawn[bank]


def _state_shapes(report: Report, channels: int) -> dict[str, tuple[int, ...]]:
    """The shapes of both kernels by the stated numbers of filters and their sizes."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, layer in zip(_LAYERS, report.results.conv_stack.layers, strict=True):
        shapes[name] = (layer.kernel_shape[0], layer.kernel_shape[0], channels, layer.filters)
        channels = layer.filters
    return shapes


def _weights(report: Report, bank: str) -> NDArray[Any]:
    if bank == _FILTER:
        return np.array(report.results.convolution.filter, np.float64)
    return report.array("conv_stack", f"kernel_{_LAYERS[bank]}")


# What users read of a check is the docstring of its function.
CHECKS: Final = {
    "filter_size": NamedCheck(whole, judge_filter_size),
    "feature_map_size": NamedCheck(classes, judge_map_size),
    "feature_map_true": NamedCheck(classes, judge_feature_map),
    "kaiming": NamedCheck(banks, judge_weights),
}
