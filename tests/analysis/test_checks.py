"""Each claim of the report turns with the numbers behind it, and with no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reportgen.outline.kind import find_kind
from reportgen.results import Box, InitCheck
from reportgen.sections.conv_stack.result import ConvLayer, ConvStack
from reportgen.sections.convolution.result import Convolution, ConvolutionClass
from reportgen.sections.guided_backprop.result import GuidedBackprop, GuidedRow
from reportgen.sections.neurons.result import Neuron, Neurons
from reportgen.sections.transfer.result import BeforeAfter, Transfer


def rows(*outputs: tuple[float, bool, int, int]) -> GuidedBackprop:
    """A table of rows: value, blank, ReLUs, guided ReLUs."""
    made = [
        GuidedRow.model_construct(value=value, blank=blank, relu_total=total, relu_guided=guided)
        for value, blank, total, guided in outputs
    ]
    return GuidedBackprop.model_construct(rows={"ant": made[:1], "bee": made[1:]})


WHOLE, LEFT, RIGHT = ((0, 224), (0, 224)), ((0, 224), (0, 120)), ((0, 224), (100, 224))


def box(edges: Any) -> Box | None:
    return edges and Box(rows=edges[0], cols=edges[1])


def ranked(top: list[float], distinct: list[float], seen: Sequence[tuple[Any, Any]] = ()) -> Neurons:
    """With the field and the support of the first neurons, of which the others have neither."""
    boxes = [*seen, *[(None, None)] * (len(top) - len(seen))]
    made = [
        [
            Neuron.model_construct(value=value, field=box(field), support=box(support))
            for value, (field, support) in zip(values, boxes, strict=False)
        ]
        for values in (top, distinct)
    ]
    return Neurons.model_construct(top={"ant": made[0]}, top_distinct={"ant": made[1]})


def convolution(*, matches: bool = True, redrawn: bool | None = True, plausible: bool = True) -> Convolution:
    classes = {
        label: ConvolutionClass(file="a.png", observed_shape=[1, 1], matches=match)
        for label, match in {"ant": True, "bee": matches}.items()
    }
    return Convolution.model_construct(
        classes=classes, init_check=InitCheck.model_construct(plausible=plausible, redrawn=redrawn)
    )


def stack(*, matches: bool = True, redrawn: bool = True) -> ConvStack:
    layers = [
        ConvLayer.model_construct(
            matches=match, init_check=InitCheck.model_construct(plausible=True, redrawn=drawn)
        )
        for match, drawn in [(True, True), (matches, redrawn)]
    ]
    return ConvStack.model_construct(layers=layers)


def transfer(after: str) -> Transfer:
    return Transfer.model_construct(
        frozen_sha256=BeforeAfter(before="a" * 64, after=after * 64),
        classes=["ant", "bee"],
        confusion={split: [[20, 0], [0, 20]] for split in ("train", "val", "test")},
    )


GOOD: dict[str, Any] = {
    "convolution": convolution(),
    "conv_stack": stack(),
    "transfer": transfer("a"),
    "neurons": ranked([3, 2, 2], [3, 1], [(LEFT, LEFT), (WHOLE, RIGHT)]),
    "guided_backprop": rows((0, True, 16, 16), (5, False, 16, 16)),
}


def failed(**changed: Any) -> set[str]:
    return {check.name for check in find_kind().decide_claims(GOOD | changed) if not check.passed}


def test_every_claim_holds_for_good_numbers() -> None:
    assert failed() == set()
    assert all(check.claim.endswith(".") for check in find_kind().decide_claims(GOOD))


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ({"convolution": convolution(matches=False)}, "convolution_shape"),
        ({"conv_stack": stack(matches=False)}, "conv_stack_shapes"),
        ({"convolution": convolution(redrawn=False)}, "filters_redrawn"),
        ({"conv_stack": stack(redrawn=False)}, "filters_redrawn"),
        ({"transfer": transfer("b")}, "frozen_base"),
        ({"neurons": ranked([2, 3], [3, 1], [(LEFT, LEFT)])}, "ranking"),
        ({"neurons": ranked([3, 2], [1, 3], [(LEFT, LEFT)])}, "ranking"),
        ({"neurons": ranked([3, 2], [3, 1], [(LEFT, LEFT), (LEFT, RIGHT)])}, "field_support"),
        ({"neurons": ranked([3, 2], [3, 1], [(WHOLE, LEFT), (WHOLE, RIGHT)])}, "field_support"),
        ({"guided_backprop": rows((0, True, 16, 16), (5, False, 16, 15))}, "relus_guided"),
        ({"guided_backprop": rows((0, True, 0, 0), (5, False, 16, 16))}, "relus_guided"),
        ({"guided_backprop": rows((0, False, 16, 16), (5, False, 16, 16))}, "zero_neurons_blank"),
    ],
)
def test_one_bad_number_fails_its_claim_alone(changed: dict[str, Any], claim: str) -> None:
    assert failed(**changed) == {claim}


def test_a_blank_gradient_of_a_positive_neuron_does_not_stand_in_for_a_zero_one() -> None:
    assert failed(guided_backprop=rows((0, False, 16, 16), (5, True, 16, 16))) == {"zero_neurons_blank"}


def test_gradients_that_are_zero_fill_no_field() -> None:
    assert failed(neurons=ranked([3, 2], [3, 1], [(LEFT, None), (WHOLE, None)])) == {"field_support"}


def test_an_unusual_spread_is_no_fault_of_filters_that_the_seed_draws() -> None:
    assert failed(convolution=convolution(plausible=False)) == set()


def test_documents_that_do_not_say_it_make_the_claim_of_their_version() -> None:
    numbers = GOOD | {"convolution": convolution(redrawn=None, plausible=False)}
    claims = {claim.name: claim.passed for claim in find_kind().decide_claims(numbers)}
    assert claims["initialisation"] is False
    old = {"convolution": convolution(redrawn=None), "neurons": ranked([3], [3])}
    assert {claim.name for claim in find_kind().decide_claims(old)} == {
        *("convolution_shape", "initialisation", "ranking"),
    }
