"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.channels.result import Channels
from reportgen.settings import Settings


def decide(numbers: Channels) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "loud_decides",
        "At least half of the loudest channels are among the most decisive.",
        2 * numbers.loud_and_decisive >= numbers.listed,
        finding=True,
    )
    counts = [image.on_animal for image in numbers.classes.values() if image.on_animal is not None]
    if counts and all(each.unusual is not None for each in counts):
        yield Claim(
            "unusual_on_animal",
            "More neurons lie on the animal if channels are ranked by unusual output than by output.",
            sum(each.unusual or 0 for each in counts) > sum(each.loud for each in counts),
            finding=True,
        )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Lists are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={f"/classes/<class>/{name}": count for name in ("loud", "decisive", "unusual")},
        absent=frozenset() if inventory.survey.annotations else {"/classes/<class>/on_animal"},
    )
