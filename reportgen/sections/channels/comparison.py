"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.engine.stages.activations import read_activations
from reportgen.verify.choices import NeuronComparison, compare_labels, compare_lengths
from reportgen.verify.tolerances import Findings, Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BY = {"loud": "value", "decisive": "contribution", "unusual": "ratio"}
"""The number that each list is ordered by."""


def compare(pair: Pair) -> Findings:
    """Rows for the leading channels of every class."""
    neurons = NeuronComparison(pair.tolerances)
    outputs = read_activations(pair.stages["activations"], pair.dataset["classes"])
    for i, (label, wanted) in enumerate(pair.recomputed["classes"].items()):
        found, here = pair.submitted["classes"].get(label), ("channels", "classes", label)
        if found is None:
            yield neurons.compare_plainly(here, None, wanted["file"])
            continue
        for name in ("file", "predicted"):
            yield neurons.compare_plainly((*here, name), found[name], wanted[name])
        # To another class's score the channels add other amounts; the row before says that classes differ.
        same = found["predicted"] == wanted["predicted"]
        for name in ("score", "bias", "on_animal"):
            yield from neurons.compare_if(same, (*here, name), found[name], wanted[name])
        measures = _measures(outputs[label], pair.arrays["contributions"][i], pair.arrays.get("usual"), pair)
        for name, by in _BY.items():
            yield from _compare_list(neurons, (*here, name), found[name], wanted[name], measures[by], by)
    yield from compare_labels(("channels", "classes"), pair.submitted["classes"], pair.recomputed["classes"])


def _measures(
    output: NDArray[np.float32], contributions: NDArray[Any], usual: NDArray[Any] | None, pair: Pair
) -> dict[str, NDArray[Any]]:
    """The layer (rows, columns, channels) by each of the numbers that the lists are ordered by."""
    floor = pair.recomputed["floor"] or 0.0
    expected = np.ones(output.shape[-1]) if usual is None else np.maximum(usual, floor)
    ratio = np.divide(output, expected, out=np.zeros_like(output), where=expected > 0)
    return {
        "value": output,
        "contribution": np.broadcast_to(contributions, output.shape),
        "ratio": ratio,
    }


def _compare_list(
    neurons: NeuronComparison,
    here: tuple[str, ...],
    found: list[Mapping[str, Any]],
    wanted: list[Mapping[str, Any]],
    layer: NDArray[Any],
    by: str,
) -> Iterator[Any]:
    yield from compare_lengths(here, found, wanted)
    known = {tuple(each["position"]): each for each in wanted}
    for k, (channel, expected) in enumerate(zip(found, wanted, strict=False)):
        place = (*here, str(k))
        yield neurons.compare_position(
            place, {**channel, "value": channel[by]}, {**expected, "value": expected[by]}, layer
        )
        mine = known.get(tuple(channel["position"]))
        for name in ("value", "value_rank", "contribution", "contribution_rank", "ratio", "patch"):
            yield from neurons.compare_if(
                mine is not None, (*place, name), channel[name], mine and mine[name]
            )
