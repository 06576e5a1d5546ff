"""What is known of the section's results and figures beforehand."""

from __future__ import annotations

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.settings import Settings


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Tables are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={"/top/<class>": count, "/top_distinct/<class>": count},
        absent=frozenset() if inventory.survey.annotations else {"/head_overlap"},
    )
