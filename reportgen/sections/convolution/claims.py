"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportgen.analysis.initialisation import judge_initialisation
from reportgen.contract.specimen import Known, OpenList
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.convolution.result import Convolution
from reportgen.settings import Settings


def decide(numbers: Convolution) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "convolution_shape",
        "The feature map of every image has the size that the formula gives.",
        numbers.matches,
    )
    yield judge_initialisation([numbers.init_check])


def expect(settings: Settings, _inventory: Inventory) -> Known:
    """The filter has one level of lists more in colour."""
    # Any number will do: what counts is how deep the lists are.
    weights: Any = 0.5
    for _ in range(3 if settings.show.colour else 2):
        weights = OpenList([weights])
    return Known(values={"/filter": weights})
