"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import mcnemar_p_value, weigh_sample, weigh_share
from reportgen.sections.errors.result import SHOWN_MISTAKES, Errors
from reportgen.settings import Settings

_HALF = 0.5

_ALPHA = 0.05
"""The level of the sign test of whether most errors are of one kind; five errors never reach it."""


def decide(numbers: Errors) -> Iterator[Claim]:
    """Decide each claim by the numbers; of so few mistakes that chance may be all, nothing is claimed."""
    wrong = len(numbers.mistakes)
    # The sign test: were each kind as likely, the counts would be as uneven with this probability.
    if mcnemar_p_value(numbers.near_taken, wrong - numbers.near_taken) <= _ALPHA:
        yield Claim(
            "errors_resemble",
            "The nearest training image of most errors is of the class predicted.",
            2 * numbers.near_taken > wrong,
            finding=True,
            weight=weigh_sample(numbers.near_taken, wrong, _HALF),
        )
    yield Claim(
        "splits_apart",
        "No image is nearly the same as an image of another split.",
        not numbers.pairs,
        finding=True,
        # A copy is no chance: each one that is found is there.
        weight=weigh_share(numbers.leaked / numbers.total, 0) if numbers.total else 0.0,
    )


def expect(_settings: Settings, inventory: Inventory) -> Known:
    """There are at most as many errors as test images."""
    return Known(lengths={"/mistakes": len(inventory.of("test"))})


def list_tables(numbers: Errors) -> Iterator[str]:
    """Those that may be missing: of the errors that the figure leaves out, and of near-duplicates."""
    if len(numbers.mistakes) > SHOWN_MISTAKES:
        yield "further_errors"
    if numbers.twins:
        yield "twins"


def list_figures(numbers: Errors) -> Iterator[str]:
    """Errors and near-duplicates are shown if there are any."""
    if "shown" in numbers.arrays:
        yield "nearest"
    yield "map"
    if "twins" in numbers.arrays:
        yield "twins"
