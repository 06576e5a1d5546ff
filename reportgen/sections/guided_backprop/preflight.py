"""What can be known to be wrong with the chosen neurons before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.dataset.inventory import Inventory
from reportgen.errors import Problem
from reportgen.networks import USUAL
from reportgen.settings import Settings

# Stated here, because asking the network would load TensorFlow before the settings are known to be right.
# A test compares it with the layer itself.
EXPLAINED_SHAPE = (14, 14, 512)
"""Rows, columns and channels of the layer of VGG19 whose neurons are explained."""


def find_problems(settings: Settings, _inventory: Inventory) -> Iterator[Problem]:
    """The neurons that the settings name by their position and that lie outside the explained layer."""
    # The shape of another layer is known only when its network is loaded; choose_neuron() looks at it then.
    if not _is_usual(settings):
        return
    for number, choice in enumerate(settings.value("guided_backprop.neurons")):
        if not isinstance(choice, str) and any(
            index >= size for index, size in zip(choice, EXPLAINED_SHAPE, strict=True)
        ):
            location = settings.origin.at(("guided_backprop", "neurons", number))
            yield Problem(
                f"{location}: guided_backprop.neurons: {list(choice)} lies outside the layer's "
                f"{'×'.join(map(str, EXPLAINED_SHAPE))} neurons.",
                "Name a row, a column and a channel inside the layer; they count from 0.",
            )


def _is_usual(settings: Settings) -> bool:
    """Whether the explained layer is the one whose shape is stated here."""
    return settings.architecture == USUAL and settings.layers[:1] in ((), ("block5_conv4",))
