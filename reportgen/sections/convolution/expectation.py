"""What is known of the section's results and figures beforehand."""

from __future__ import annotations

from typing import Any

from reportgen.contract.specimen import Known, OpenList
from reportgen.dataset.inventory import Inventory
from reportgen.settings import Settings


def expect(settings: Settings, _inventory: Inventory) -> Known:
    """The filter has one level of lists more in colour."""
    weights: Any = 0.5
    for _ in range(3 if settings.show.colour else 2):
        weights = OpenList([weights])
    return Known(values={"/filter": weights})
