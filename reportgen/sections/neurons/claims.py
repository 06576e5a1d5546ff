"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results import Box
from reportgen.results.inference import weigh_sample, weigh_share
from reportgen.sections.neurons.result import Neuron, Neurons
from reportgen.settings import Settings

_HALF = 0.5

_BOUND = 6
"""Where MobileNetV2's ReLUs are cut off."""

_OF_BOXES = frozenset({"/head_overlap", "/looks/<class>/on_animal", "/looks/<class>/animal_area"})


def decide(numbers: Neurons) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    ranked = [tops for table in (numbers.top, numbers.top_distinct) for tops in table.values()]
    yield Claim(
        "ranking",
        "The neurons are listed from the most excited downwards.",
        all(a.value >= b.value for tops in ranked for a, b in pairwise(tops)),
    )

    # Where a ReLU6 is at its bound the gradient is zero, whatever the neuron can see.
    described = [
        neuron
        for tops in ranked
        for neuron in tops
        if neuron.field is not None and not (neuron.support is None and neuron.value == _BOUND)
    ]
    if described:
        yield Claim(
            "field_support",
            "No gradient reaches beyond the receptive field in the network that ran, and one fills it.",
            _are_borne_out(described),
        )
    yield from _decide_looks(numbers)


def _decide_looks(numbers: Neurons) -> Iterator[Claim]:
    """What the patches are like; older documents do not say."""
    flatness = numbers.flatness
    if flatness is not None:
        # Most parts of an image are flatter than the whole: so patches are compared with parts, not with it.
        significant = flatness.p_value <= flatness.alpha
        yield Claim(
            "patches_flatter",
            "The patches have less contrast than boxes of their sizes at random places of their images.",
            significant and flatness.share < flatness.expected,
            finding=True,
            weight=weigh_share(flatness.share, flatness.expected) if significant else 0.0,
        )
    # A single patch has no pair, and older documents count none.
    if numbers.pairs:
        overlap = 2 * numbers.overlapping > numbers.pairs
        yield Claim(
            "patches_overlap",
            "Most pairs of patches of one image overlap by more than half.",
            overlap,
            finding=True,
            # That patches lie apart is what a reader takes for granted.
            weight=weigh_sample(numbers.overlapping, numbers.pairs, _HALF) if overlap else 0.0,
        )


def _are_borne_out(neurons: Sequence[Neuron]) -> bool:
    """Whether the gradients of neurons lie in their fields, and those are no larger than they must be."""
    pairs = [(each.field, each.support) for each in neurons if each.field and each.support]
    inside = all(_lies_in(support, field) for field, support in pairs)
    # Images clip fields, and a gradient may be zero at the edge, so one neuron that fills its field must do.
    return inside and any(_lies_in(field, support) for field, support in pairs)


def _lies_in(inner: Box, outer: Box) -> bool:
    return all(
        out[0] <= ins[0] and ins[1] <= out[1]
        for ins, out in ((inner.rows, outer.rows), (inner.cols, outer.cols))
    )


def list_figures(numbers: Neurons) -> Iterator[str]:
    """Two for each class, and one for each class and further layer."""
    for i in range(len(numbers.files)):
        yield from (f"neuron_input_{i}", f"patches_{i}")
    for k in range(1, len(numbers.more) + 1):
        yield from (f"layer_patches_{k}_{i}" for i in range(len(numbers.files)))


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Tables are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={"/top/<class>": count, "/top_distinct/<class>": count},
        absent=frozenset() if inventory.survey.annotations else _OF_BOXES,
    )
