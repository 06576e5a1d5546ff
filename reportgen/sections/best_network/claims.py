"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.sections.best_network.result import BestNetwork


def decide(numbers: BestNetwork) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "network_fields",
        "The outputs of the most activated neurons depend on no pixel outside their receptive fields.",
        all(neuron.inside for neuron in numbers.neurons.values()),
    )
    yield Claim(
        "network_channels",
        "The most activated neurons of the classes belong to different channels.",
        numbers.channels_used == len(numbers.neurons),
        finding=True,
    )
