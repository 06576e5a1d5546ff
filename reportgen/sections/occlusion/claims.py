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
    """Decide each claim: what is compared with chance by a test, what is counted by more than half."""
    yield Claim(
        "patches_harm",
        "Removing a patch harms its neuron more than removing a random box of its size, by more than chance.",
        numbers.patch_harm == "more",
        finding=True,
        # That so few patches show nothing is no news.
        weight=weigh_sample(numbers.harming, numbers.measured, _ALL) if numbers.patch_harm else 0.0,
    )
    yield Claim(
        "patches_hold",
        "Most patches alone keep at least half of their neuron's output.",
        2 * numbers.holding > numbers.measured,
        finding=True,
    )
    yield Claim(
        "boxes_better",
        "Boxes found by occlusion are worth more than the patch with another fill, too, by more than chance.",
        numbers.found_worth == "more",
        finding=True,
    )


def expect(settings: Settings, _inventory: Inventory) -> Known:
    """There are as many neurons as the settings say."""
    return Known(lengths={"/neurons/<class>": settings.show.neurons})
