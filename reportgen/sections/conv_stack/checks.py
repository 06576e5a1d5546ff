"""Question 2: have the outputs of both layers the size that their filters give?"""

from __future__ import annotations

from typing import Final

from reportgen.grading.checks import NamedCheck
from reportgen.grading.report import Report, require

_LAYERS = {"first layer": 0, "second layer": 1}


def judge_layer_size(report: Report, name: str) -> None:
    """The layer's output has the size that filter size, stride and padding give, (W1 − F + 2P)/S, rounded
    down, + 1, and a feature map for each filter.
    """
    layer = report.results.conv_stack.layers[_LAYERS[name]]
    size, padding, stride = layer.kernel_shape[0], layer.padding, layer.stride
    # Written again here: a check by the code that it checks would pass whatever that does.
    sides = [(side - size + 2 * padding) // stride + 1 for side in layer.input_shape[:2]]
    expected = [*sides, layer.filters]
    require(
        layer.observed_shape == expected,
        f"the output is {layer.observed_shape}, the formula gives {expected}",
    )


CHECKS: Final = {"layer_sizes": NamedCheck(lambda _report: list(_LAYERS), judge_layer_size)}
