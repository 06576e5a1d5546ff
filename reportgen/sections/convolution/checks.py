"""Questions 1 and 2: is the map the image convolved with the filter, and are the weights Kaiming's?"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.grading.checks import NamedCheck, classes
from reportgen.grading.report import Report, require

_ALPHA = 0.001
_FILTER = "one filter"
_LAYERS = {"first layer": 1, "second layer": 2}


def banks(report: Report) -> list[str]:
    """The one filter, and the two layers' kernels if the report has them."""
    return [_FILTER, *(_LAYERS if report.results.has("conv_stack") else ())]


def judge_feature_map(report: Report, label: str) -> None:
    """The feature map of the class's image is that image convolved with the filter (stride 1, no padding)."""
    place = list(report.results.convolution.classes).index(label)
    image = report.array("convolution", f"image_{place}").astype(np.float64)
    found = report.array("convolution", f"map_{place}")
    weights = np.array(report.results.convolution.filter, np.float64)
    rows, columns = (size - weights.shape[0] + 1 for size in image.shape[:2])
    expected = np.zeros((rows, columns))
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            part = image[i : i + rows, j : j + columns] * weights[i, j]
            expected += part if part.ndim == 2 else part.sum(axis=-1)
    require(found.shape == expected.shape, f"the map has shape {found.shape}, expected {expected.shape}")
    largest = float(np.abs(found - expected).max())
    require(largest <= 1e-4, f"the map differs by up to {largest:.3g} from the convolution of the image")


def judge_spread(report: Report, bank: str) -> None:
    """The standard deviation is plausible under σ² = 2 / fan-in (He et al. 2015; χ² test, α = 0.001), and it
    is the one that the report says.
    """
    weights = _weights(report, bank)
    fan_in = math.prod(weights.shape[:-1]) if bank != _FILTER else weights.size
    squares = float(np.square(weights.astype(np.float64)).sum())
    stated = (
        report.results.convolution.init_check
        if bank == _FILTER
        else report.results.conv_stack.layers[_LAYERS[bank] - 1].init_check
    )
    from scipy.stats import chi2

    low, high = (float(edge) for edge in chi2.interval(1 - _ALPHA, weights.size))
    statistic = squares * fan_in / 2
    sigma = math.sqrt(squares / weights.size)
    require(
        low <= statistic <= high,
        f"σ = {sigma:.4g} is not plausible under √(2/{fan_in}) = {math.sqrt(2 / fan_in):.4g}",
    )
    require(stated.fan_in == fan_in, f"the report says fan-in {stated.fan_in}, it is {fan_in}")
    close = math.isclose(stated.sigma_observed, sigma, rel_tol=1e-5)
    require(close, f"the report says σ = {stated.sigma_observed:.6g}, it is {sigma:.6g}")


def _weights(report: Report, bank: str) -> NDArray[Any]:
    if bank == _FILTER:
        return np.array(report.results.convolution.filter, np.float64)
    return report.array("conv_stack", f"kernel_{_LAYERS[bank]}")


CHECKS: Final = {
    "feature_map_true": NamedCheck(classes, judge_feature_map),
    "kaiming": NamedCheck(banks, judge_spread),
}
