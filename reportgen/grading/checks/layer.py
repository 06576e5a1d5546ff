"""The explained layer's outputs, as a report has them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from reportgen.grading.report import Report, require


def read_outputs(report: Report, label: str) -> NDArray[Any]:
    """The outputs (rows, columns, channels) of the explained layer for the example image of a class."""
    place = list(report.results.neurons.top).index(label)
    outputs = report.array("neurons", f"activations_{place}")
    shape = report.results.neurons.layer_shape
    require(
        list(outputs.shape) == shape, f"the layer's outputs have shape {list(outputs.shape)}, not {shape}"
    )
    return outputs


def require_output(pointer: str, value: float, outputs: NDArray[Any], position: tuple[int, int, int]) -> None:
    """Require that a neuron lies in the layer and that its output is the one that is stated."""
    inside = all(0 <= step < size for step, size in zip(position, outputs.shape, strict=True))
    require(inside, f"{pointer}/position: {list(position)} is outside the layer")
    found = float(outputs[position])
    require(is_close(value, found), f"{pointer}/value: found {value:.6g}, the layer has {found:.6g} there")


def is_close(a: float, b: float) -> bool:
    """Equal as float32 numbers are that were printed and read."""
    return abs(a - b) <= 1e-5 * max(abs(a), abs(b))
