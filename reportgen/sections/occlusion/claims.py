"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.occlusion.result import Occlusion
from reportgen.settings import Settings

_ALL = 1.0
"""What one would take for granted."""


def decide(numbers: Occlusion) -> Iterator[Claim]:
    """Decide each claim by the number of neurons for which it is true; most are more than half."""
    yield Claim(
        "patches_harm",
        "For most neurons the removal of the patch harms more than that of most random boxes of its size.",
        2 * numbers.harming > numbers.measured,
        finding=True,
        weight=weigh_sample(numbers.harming, numbers.measured, _ALL),
    )
    yield Claim(
        "patches_hold",
        "Most patches alone keep at least half of their neuron's output.",
        2 * numbers.holding > numbers.measured,
        finding=True,
    )
    yield Claim(
        "boxes_better",
        "Most boxes that were found by occlusion are worth more than the patch with another fill, too.",
        2 * numbers.found_in_blur > numbers.found,
        finding=True,
    )


def expect(settings: Settings, _inventory: Inventory) -> Known:
    """There are as many neurons as the settings say."""
    return Known(lengths={"/neurons/<class>": settings.show.neurons})
