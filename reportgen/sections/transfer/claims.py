"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.transfer.result import Transfer
from reportgen.settings import Settings


def decide(numbers: Transfer) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "frozen_base",
        "Training left every weight of the base unchanged.",
        numbers.frozen_sha256.before == numbers.frozen_sha256.after,
    )
    # Of the test images alone: the layer was fitted to the training images, and the validation images decided
    # when to stop.
    majority = numbers.majority_share["test"]
    yield Claim(
        "above_majority",
        "The network recognises more test images than always naming the largest class would.",
        numbers.accuracy_interval["test"][0] > majority,
        finding=True,
        weight=weigh_sample(numbers.correct["test"], numbers.total["test"], majority),
    )


def expect(_settings: Settings, inventory: Inventory) -> Known:
    """Lists are as long as there are classes, the list of errors at most as there are test images."""
    classes = len(inventory.classes)
    return Known(
        lengths={
            "/classes": classes,
            "/confusion/<split>": classes,
            "/confusion/<split>/<i>": classes,
            "/misclassified": len(inventory.of("test")),
        }
    )


def list_figures(numbers: Transfer) -> Iterator[str]:
    """The errors are shown if there are any."""
    yield from ("confusion", "history")
    if "misclassified" in numbers.arrays:
        yield "misclassified"
