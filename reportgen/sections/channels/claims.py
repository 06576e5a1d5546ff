"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.channels.result import Channels
from reportgen.settings import Settings

_ALL = 1.0
"""What one would take for granted."""


def decide(numbers: Channels) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    yield Claim(
        "loud_decides",
        "At least half of the loudest channels are among the most decisive.",
        2 * numbers.loud_and_decisive >= numbers.listed,
        finding=True,
        weight=weigh_sample(numbers.loud_and_decisive, numbers.listed, _ALL),
    )
    counts = numbers.animal
    if counts is not None and counts.unusual is not None:
        more = counts.unusual > counts.loud and counts.unusual > counts.chance * counts.total
        yield Claim(
            "unusual_on_animal",
            "More neurons lie on the animal if channels are ranked by unusual output than by output.",
            counts.unusual > counts.loud,
            finding=True,
            # Only if they are more than chance would give, too.
            weight=weigh_sample(counts.unusual, counts.total, max(counts.chance, counts.loud / counts.total))
            if more
            else 0.0,
        )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Lists are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={f"/classes/<class>/{name}": count for name in ("loud", "decisive", "unusual")},
        absent=frozenset() if inventory.survey.annotations else {"/classes/<class>/on_animal"},
    )
