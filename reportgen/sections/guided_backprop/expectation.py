"""What is known of the section's results and figures beforehand."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.sections.guided_backprop.result import GuidedBackprop
from reportgen.settings import Settings


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Tables are as long as the settings say, at most."""
    choices = settings.guided_backprop.neurons
    return Known(
        lengths={"/rows/<class>": len(choices)},
        values={
            "/rows/<class>/<i>/choice": next((each for each in choices if isinstance(each, str)), "position")
        },
        absent=frozenset()
        if inventory.survey.annotations
        else {"/area_share", "/rows/<class>/<i>/energy_share"},
    )


def list_figures(numbers: GuidedBackprop) -> Iterator[str]:
    """A picture for each row that a table has."""
    for i, label in enumerate(numbers.files):
        yield f"guided_input_{i}"
        yield from (f"gradient_{i}_{k}" for k in range(len(numbers.rows.get(label, []))))
