"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.randomisation.result import Randomisation
from reportgen.settings import Settings

_NETWORKS = 5
"""VGG19 has as many blocks."""


def decide(numbers: Randomisation) -> Iterator[Claim]:
    """Decide each claim by the mean likenesses; a picture without any value is like none."""
    means = numbers.mean
    # The last network is the one with all blocks redrawn.
    last = means[-1] if means else None
    guided = last.guided.signed if last else None
    sizes = last.plain.absolute if last else None
    plain = [each.plain.signed for each in means]
    survives = guided is not None and guided >= numbers.alike_from
    yield Claim(
        "guided_survives",
        "Guided pictures survive the redrawing of all weights.",
        survives,
        finding=True,
        # That they depend on the weights is what is expected of them.
        weight=guided if guided is not None and survives else 0.0,
    )
    yield Claim(
        "plain_changes",
        "Plain gradients change as soon as the top block is redrawn.",
        # Of either sign: an inverted picture is no new one.
        bool(plain) and all(each is None or abs(each) < numbers.unlike_below for each in plain),
        finding=True,
    )
    yield Claim(
        "sizes_survive",
        "The sizes of plain gradients survive the redrawing of all weights.",
        sizes is not None and sizes >= numbers.alike_from,
        finding=True,
    )


def expect(settings: Settings, _inventory: Inventory) -> Known:
    """There is a network for each block of VGG19, and of any architecture that Keras Applications builds."""
    if settings.layers or settings.network.known is None:
        # Only the network itself shows that; it has at least one block.
        return Known(lengths={"/networks": 1, "/neurons/<class>/redrawn": 1, "/mean": 1})
    return Known(
        lengths={
            "/networks": _NETWORKS,
            "/neurons/<class>/redrawn": _NETWORKS,
            "/mean": _NETWORKS,
        }
    )


def list_figures(numbers: Randomisation) -> Iterator[str]:
    """A picture for each neuron, and the plot."""
    yield from (f"randomised_{i}" for i in range(len(numbers.neurons)))
    yield "likeness"
