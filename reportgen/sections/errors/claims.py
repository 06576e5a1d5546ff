"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample, weigh_share
from reportgen.sections.errors.result import Errors
from reportgen.settings import Settings

_HALF = 0.5


def decide(numbers: Errors) -> Iterator[Claim]:
    """Decide each claim by the numbers; without a mistake nothing is claimed of mistakes."""
    wrong = len(numbers.mistakes)
    if wrong:
        yield Claim(
            "errors_resemble",
            "The nearest training image of most errors is of the class that they were taken for.",
            2 * numbers.near_taken > wrong,
            finding=True,
            weight=weigh_sample(numbers.near_taken, wrong, _HALF),
        )
    yield Claim(
        "splits_apart",
        "No image is nearly the same as one of another split.",
        not numbers.pairs,
        finding=True,
        # A copy is no chance: each one that is found is there.
        weight=weigh_share(numbers.leaked / numbers.total, 0) if numbers.total else 0.0,
    )


def expect(_settings: Settings, inventory: Inventory) -> Known:
    """There are at most as many errors as test images."""
    return Known(lengths={"/mistakes": len(inventory.of("test"))})


def list_figures(numbers: Errors) -> Iterator[str]:
    """Errors and near-duplicates are shown if there are any."""
    if "shown" in numbers.arrays:
        yield "nearest"
    yield "map"
    if "twins" in numbers.arrays:
        yield "twins"
