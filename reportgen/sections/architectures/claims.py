"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.architectures.result import Architectures
from reportgen.settings import Settings

LEVEL = 0.05
"""The level of the tests, as everywhere in the field."""


def decide(numbers: Architectures) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "network_sizes",
        "Every layer of every network has the size that the formula gives, and its parameters add up.",
        numbers.sizes_match,
    )
    yield Claim(
        "network_epochs",
        "Of each network the weights with the lowest validation loss were kept.",
        all(
            each.best_epoch == 1 + each.history.val_loss.index(min(each.history.val_loss))
            for each in numbers.networks
        ),
    )
    yield Claim(
        "network_chosen",
        "The best network is the one that recognises most validation images.",
        all(each.val.correct <= numbers.networks[numbers.best].val.correct for each in numbers.networks),
    )
    majority = numbers.test.majority_share
    yield Claim(
        "network_above_majority",
        "The best network recognises more test images than always naming the largest class would.",
        numbers.test.interval[0] > majority,
        finding=True,
        weight=weigh_sample(numbers.test.correct, numbers.test.total, majority),
    )
    others = [each.beside_best for each in numbers.networks if each.beside_best is not None]
    if others:
        yield Claim(
            "network_lead",
            "The best network's lead over every other network on the validation images is more than chance.",
            # The largest p-value: the lead over that network is the least certain one.
            max(others) < LEVEL,
            finding=True,
        )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """There is a network for each that the settings name, and a row of a matrix for each class."""
    classes = len(inventory.classes)
    # Settings of a report without this section have no such key.
    count = len(getattr(settings, "architectures", ())) or 1
    judged = ("/networks/<i>/train", "/networks/<i>/val", "/test")
    lengths = {f"{pointer}/confusion": classes for pointer in judged}
    return Known(lengths={"/classes": classes, "/networks": count, **lengths})
