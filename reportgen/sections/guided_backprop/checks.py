"""Question 5: do outputs and gradients belong to the neurons?"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.grading.checks import NamedCheck, classes, find_outputs, is_close, require_output
from reportgen.grading.report import Report, require


def judge_outputs(report: Report, label: str) -> None:
    """The output in each row of the table of guided gradients is the layer's at that position."""
    outputs = find_outputs(report, label)
    for index, row in enumerate(report.results.guided_backprop.rows[label]):
        require_output(f"/guided_backprop/rows/{label}/{index}", row.value, outputs, row.position)


def judge_guided(report: Report, label: str) -> None:
    """Every ReLU between the image and each neuron was guided, and there is at least one (Springenberg et al.
    2015).
    """
    for index, row in enumerate(report.results.guided_backprop.rows[label]):
        require(
            # None of none would be all of them, too.
            row.relu_guided == row.relu_total > 0,
            f"/guided_backprop/rows/{label}/{index}: {row.relu_guided} of {row.relu_total} ReLUs were guided",
        )


def judge_blank(report: Report, label: str) -> None:
    """The table has a neuron with zero output, and the gradient of each such neuron is zero everywhere."""
    rows = report.results.guided_backprop.rows[label]
    silent = [index for index, row in enumerate(rows) if row.value == 0]
    require(bool(silent), f"/guided_backprop/rows/{label}: no neuron has zero output")
    gradients = _gradients(report, label)
    for index in silent:
        largest = float(np.abs(gradients[index]).max())
        pointer = f"/guided_backprop/rows/{label}/{index}"
        # Exactly zero: a closed ReLU passes nothing. A picture that only looks blank is of another neuron.
        require(largest == 0, f"{pointer}: its output is zero, but its gradient reaches {largest:.3g}")
        require(rows[index].blank, f"{pointer}/blank: found false, expected true")


def judge_gradients(report: Report, label: str) -> None:
    """Every neuron with an output has a gradient, of the size that the report says."""
    gradients = _gradients(report, label)
    for index, row in enumerate(report.results.guided_backprop.rows[label]):
        pointer = f"/guided_backprop/rows/{label}/{index}"
        largest = float(np.abs(gradients[index]).max())
        require(
            is_close(row.gradient_max_abs, largest),
            f"{pointer}/gradient_max_abs: found {row.gradient_max_abs:.6g}, it is {largest:.6g}",
        )
        require(
            row.value == 0 or largest > 0,
            f"{pointer}: its output is {row.value:.6g}, but its gradient is zero",
        )


def _gradients(report: Report, label: str) -> NDArray[Any]:
    rows = report.results.guided_backprop.rows
    gradients = report.array("guided_backprop", f"gradients_{list(rows).index(label)}")
    require(
        # Before a row without a gradient ends the check as a fault of the program.
        len(gradients) == len(rows[label]),
        f"there are {len(gradients)} gradients for {len(rows[label])} rows",
    )
    return gradients


# What users read of a check is the docstring of its function.
CHECKS: Final = {
    "outputs_true": NamedCheck(classes, judge_outputs),
    "relus_guided": NamedCheck(classes, judge_guided),
    "zero_neuron_blank": NamedCheck(classes, judge_blank),
    "gradients_shown": NamedCheck(classes, judge_gradients),
}
