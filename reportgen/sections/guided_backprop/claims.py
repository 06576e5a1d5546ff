"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.sections.guided_backprop.result import GuidedBackprop


def decide(numbers: GuidedBackprop) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    rows = [row for table in numbers.rows.values() for row in table]
    yield Claim(
        "relus_guided",
        "Every ReLU between the image and each neuron was guided.",
        all(row.relu_total == row.relu_guided > 0 for row in rows),
    )
    yield Claim(
        "zero_neurons_blank",
        "Every neuron with zero output has a blank gradient image.",
        numbers.zero_neurons == numbers.zero_neurons_blank,
    )
