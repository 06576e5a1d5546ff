"""What each figure of the section shows, in sentences with numbers from the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.receptive_field import effective_field
from reportgen.figures.description import say_box, say_number
from reportgen.results import Box
from reportgen.sections.guided_backprop.result import GuidedRow

Values = NDArray[Any]


def describe_gradient(label: str, row: GuidedRow, gradient: Values) -> str:
    """Describe a guided gradient (H, W, 3): how large it is, and where."""
    i, j, channel = row.position
    start = f"The guided gradient of the neuron at row {i}, column {j}, channel {channel} for {label}"
    if row.blank:
        return f"{start}, blank: it is zero everywhere."
    height, width = gradient.shape[:2]
    field = effective_field(gradient, Box(rows=(0, height), cols=(0, width)))
    peak = np.unravel_index(int(np.abs(gradient).max(axis=2).argmax()), (height, width))
    # Rounded down, since all of it would have to be all of it.
    share = int(100 * (field.energy_share or 0))
    return (
        f"{start}. Its largest absolute value, {say_number(row.gradient_max_abs)}, is at row {peak[0]} and "
        f"column {peak[1]} of the image; {share} percent of its energy lies within {say_box(field)}."
    )
