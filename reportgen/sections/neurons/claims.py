"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reportgen.outline.section import Claim
from reportgen.sections.neurons.result import Neurons


def decide(numbers: Neurons) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    ranked = [tops for table in (numbers.top, numbers.top_distinct) for tops in table.values()]
    yield Claim(
        "ranking",
        "The neurons are listed from the most excited downwards.",
        all(a.value >= b.value for tops in ranked for a, b in pairwise(tops)),
    )
