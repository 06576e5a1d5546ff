"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.guided_backprop.result import GuidedBackprop
from reportgen.settings import Settings


def decide(numbers: GuidedBackprop) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    rows = [row for table in numbers.rows.values() for row in table]
    yield Claim(
        "relus_guided",
        "Every ReLU between the image and each neuron was guided.",
        all(row.relu_total == row.relu_guided > 0 for row in rows),
    )
    yield Claim(
        "zero_neurons_blank",
        "Every neuron with zero output has a blank gradient image.",
        numbers.zero_neurons == numbers.zero_neurons_blank,
    )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Tables are as long as the settings say, at most."""
    choices = settings.value("guided_backprop.neurons")
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
