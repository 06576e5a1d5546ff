"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.neurons.result import Neurons
from reportgen.settings import Settings


def decide(numbers: Neurons) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    ranked = [tops for table in (numbers.top, numbers.top_distinct) for tops in table.values()]
    yield Claim(
        "ranking",
        "The neurons are listed from the most excited downwards.",
        all(a.value >= b.value for tops in ranked for a, b in pairwise(tops)),
    )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Tables are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={"/top/<class>": count, "/top_distinct/<class>": count},
        absent=frozenset() if inventory.survey.annotations else {"/head_overlap"},
    )
