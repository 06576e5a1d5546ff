"""What each figure of the section shows, in sentences with numbers from the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from reportgen.figures.description import say_box, say_number
from reportgen.results import Box
from reportgen.sections.neurons.result import Neuron

Values = NDArray[Any]


def describe_neuron_input(label: str, top: Sequence[Neuron]) -> str:
    """Describe an input image with the frames of its most excited neurons."""
    patches = [neuron.patch for neuron in top]
    around = Box(
        rows=(min(patch.rows[0] for patch in patches), max(patch.rows[1] for patch in patches)),
        cols=(min(patch.cols[0] for patch in patches), max(patch.cols[1] for patch in patches)),
    )
    return (
        f"The input image of {label}. Numbered frames mark the patches of the {len(top)} most excited "
        f"neurons, which lie within {say_box(around)}. A dashed frame, {say_box(top[0].receptive_field)}, "
        "is the receptive field of the first."
    )


def describe_patches(label: str, top: Sequence[Neuron]) -> str:
    """Describe the patches of the most excited neurons."""
    items = [
        f"patch {k}, {say_box(neuron.patch)}, with an output of {say_number(neuron.value)}"
        for k, neuron in enumerate(top, 1)
    ]
    return f"The parts of the image of {label} to which its most excited neurons respond: {'; '.join(items)}."
