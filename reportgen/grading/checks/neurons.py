"""Questions 4 and 5: are the neurons the largest, and do the gradients belong to them?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.grading.report import Report, require
from reportgen.results import Box


def judge_largest(report: Report, label: str) -> None:
    """The neurons of a class are the largest outputs of the layer, largest first; the same for those of
    distinct channels.
    """
    outputs = _outputs(report, label)
    neurons = report.results.neurons
    for name, listed, values in (
        ("top", neurons.top[label], np.sort(outputs, axis=None)[::-1]),
        ("top_distinct", neurons.top_distinct[label], np.sort(outputs.max(axis=(0, 1)))[::-1]),
    ):
        positions = {neuron.position for neuron in listed}
        require(
            len(positions) == len(listed) > 0,
            f"/neurons/{name}/{label}: a neuron is listed twice, or none is",
        )
        for place, neuron in enumerate(listed):
            pointer = f"/neurons/{name}/{label}/{place}"
            _require_output(pointer, neuron.value, outputs, neuron.position)
            expected = float(values[place])
            require(
                _close(neuron.value, expected),
                f"{pointer}: its output is {neuron.value:.6g}, the layer's number {place + 1} {expected:.6g}",
            )


def judge_fields(report: Report, label: str) -> None:
    """Each receptive field is that of the layer's geometry, cut off at the edges (Araujo et al. 2019)."""
    neurons = report.results.neurons
    geometry, side = neurons.geometry, report.results.convolution.input_shape[0]
    for place, neuron in enumerate(neurons.top[label]):
        for axis, (name, found) in enumerate(_edges(neuron.receptive_field)):
            start = neuron.position[axis] * geometry.stride - geometry.padding
            expected = (max(start, 0), min(start + geometry.size, side))
            require(
                found == expected,
                f"/neurons/top/{label}/{place}/receptive_field/{name}: found {found}, expected {expected}",
            )


def judge_patches(report: Report, label: str) -> None:
    """Each patch is not empty and lies inside its neuron's receptive field."""
    for place, neuron in enumerate(report.results.neurons.top[label]):
        for (name, patch), (_, field) in zip(
            _edges(neuron.patch), _edges(neuron.receptive_field), strict=True
        ):
            require(
                field[0] <= patch[0] < patch[1] <= field[1],
                f"/neurons/top/{label}/{place}/patch/{name}: {patch} does not lie in {field}",
            )


def judge_outputs(report: Report, label: str) -> None:
    """The output in each row of the table of guided gradients is the layer's at that position."""
    outputs = _outputs(report, label)
    for place, row in enumerate(report.results.guided_backprop.rows[label]):
        _require_output(f"/guided_backprop/rows/{label}/{place}", row.value, outputs, row.position)


def judge_guided(report: Report, label: str) -> None:
    """Every ReLU between the image and each neuron was guided, and there is at least one (Springenberg et al.
    2015).
    """
    for place, row in enumerate(report.results.guided_backprop.rows[label]):
        require(
            row.relu_guided == row.relu_total > 0,
            f"/guided_backprop/rows/{label}/{place}: {row.relu_guided} of {row.relu_total} ReLUs were guided",
        )


def judge_blank(report: Report, label: str) -> None:
    """The table has a neuron with zero output, and the gradient of each such neuron is zero everywhere."""
    rows = report.results.guided_backprop.rows[label]
    silent = [place for place, row in enumerate(rows) if row.value == 0]
    require(bool(silent), f"/guided_backprop/rows/{label}: no neuron has zero output")
    gradients = _gradients(report, label)
    for place in silent:
        largest = float(np.abs(gradients[place]).max())
        pointer = f"/guided_backprop/rows/{label}/{place}"
        require(largest == 0, f"{pointer}: its output is zero, but its gradient reaches {largest:.3g}")
        require(rows[place].blank, f"{pointer}/blank: found false, expected true")


def judge_gradients(report: Report, label: str) -> None:
    """Every neuron with an output has a gradient, of the size that the report says."""
    gradients = _gradients(report, label)
    for place, row in enumerate(report.results.guided_backprop.rows[label]):
        pointer = f"/guided_backprop/rows/{label}/{place}"
        largest = float(np.abs(gradients[place]).max())
        require(
            _close(row.gradient_max_abs, largest),
            f"{pointer}/gradient_max_abs: found {row.gradient_max_abs:.6g}, it is {largest:.6g}",
        )
        require(
            row.value == 0 or largest > 0,
            f"{pointer}: its output is {row.value:.6g}, but its gradient is zero",
        )


def _outputs(report: Report, label: str) -> NDArray[Any]:
    place = list(report.results.neurons.top).index(label)
    outputs = report.array("neurons", f"activations_{place}")
    shape = report.results.neurons.layer_shape
    require(
        list(outputs.shape) == shape, f"the layer's outputs have shape {list(outputs.shape)}, not {shape}"
    )
    return outputs


def _gradients(report: Report, label: str) -> NDArray[Any]:
    rows = report.results.guided_backprop.rows
    gradients = report.array("guided_backprop", f"gradients_{list(rows).index(label)}")
    require(
        len(gradients) == len(rows[label]),
        f"there are {len(gradients)} gradients for {len(rows[label])} rows",
    )
    return gradients


def _require_output(
    pointer: str, value: float, outputs: NDArray[Any], position: tuple[int, int, int]
) -> None:
    inside = all(0 <= step < size for step, size in zip(position, outputs.shape, strict=True))
    require(inside, f"{pointer}/position: {list(position)} is outside the layer")
    found = float(outputs[position])
    require(_close(value, found), f"{pointer}/value: found {value:.6g}, the layer has {found:.6g} there")


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-5 * max(abs(a), abs(b))


def _edges(box: Box) -> list[tuple[str, tuple[int, int]]]:
    return [("rows", box.rows), ("cols", box.cols)]
