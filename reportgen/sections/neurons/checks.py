"""Question 4: are the neurons the largest, and are the fields and patches theirs?"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.grading.checks import NamedCheck, classes, is_close, require_output
from reportgen.grading.report import Report, require
from reportgen.results import Box
from reportgen.results.fields import SIDE


def read_outputs(report: Report, label: str) -> NDArray[Any]:
    """The outputs (rows, columns, channels) of the explained layer for the example image of a class."""
    index = list(report.results.neurons.top).index(label)
    outputs = report.array("neurons", f"activations_{index}")
    shape = report.results.neurons.layer_shape
    require(
        list(outputs.shape) == shape, f"the layer's outputs have shape {list(outputs.shape)}, not {shape}"
    )
    return outputs


def judge_largest(report: Report, label: str) -> None:
    """The neurons of a class are the largest outputs of the layer, largest first; the same for those of
    distinct channels.
    """
    outputs = read_outputs(report, label)
    neurons = report.results.neurons
    for name, listed, values in (
        ("top", neurons.top[label], np.sort(outputs, axis=None)[::-1]),
        # By values and not by positions: of equal outputs either neuron may be the listed one.
        ("top_distinct", neurons.top_distinct[label], np.sort(outputs.max(axis=(0, 1)))[::-1]),
    ):
        positions = {neuron.position for neuron in listed}
        require(
            # Or the largest one could be listed again and again.
            len(positions) == len(listed) > 0,
            f"/neurons/{name}/{label}: a neuron is listed twice, or none is",
        )
        for index, neuron in enumerate(listed):
            pointer = f"/neurons/{name}/{label}/{index}"
            require_output(pointer, neuron.value, outputs, neuron.position)
            expected = float(values[index])
            require(
                is_close(neuron.value, expected),
                f"{pointer}: its output is {neuron.value:.6g}, the layer's number {index + 1} {expected:.6g}",
            )


def judge_fields(report: Report, label: str) -> None:
    """Each receptive field is that of the layer's geometry, cut off at the edges (Araujo et al. 2019)."""
    neurons = report.results.neurons
    for index, neuron in enumerate(neurons.top[label]):
        boxes = [("receptive_field", neuron.receptive_field, neurons.geometry)]
        if neuron.field is not None and neurons.network_geometry is not None:
            boxes.append(("field", neuron.field, neurons.network_geometry))
        for key, box, geometry in boxes:
            for axis, (name, found) in enumerate(_edges(box)):
                coordinate, listed = neuron.position[axis], (geometry.row_spans, geometry.column_spans)[axis]
                start = coordinate * geometry.stride - geometry.padding
                expected = (max(start, 0), min(start + geometry.size, SIDE))
                if listed is not None and coordinate < len(listed):
                    expected = listed[coordinate]
                pointer = f"/neurons/top/{label}/{index}/{key}/{name}"
                require(found == expected, f"{pointer}: found {found}, expected {expected}")


def judge_patches(report: Report, label: str) -> None:
    """Each patch is not empty and lies inside its neuron's receptive field."""
    for index, neuron in enumerate(report.results.neurons.top[label]):
        for (name, patch), (_, field) in zip(
            _edges(neuron.patch), _edges(neuron.receptive_field), strict=True
        ):
            require(
                # The architecture's, which holds the smaller one of the network that ran.
                field[0] <= patch[0] < patch[1] <= field[1],
                f"/neurons/top/{label}/{index}/patch/{name}: {patch} does not lie in {field}",
            )


def _edges(box: Box) -> list[tuple[str, tuple[int, int]]]:
    return [("rows", box.rows), ("cols", box.cols)]


# What users read of a check is the docstring of its function.
CHECKS: Final = {
    "largest_neurons": NamedCheck(classes, judge_largest),
    "fields_true": NamedCheck(classes, judge_fields),
    "patches_inside": NamedCheck(classes, judge_patches),
}
