"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.activations import read_activations
from reportgen.sections.occlusion.result import worth_of
from reportgen.verify.choices import NeuronComparison, compare_labels, compare_lengths
from reportgen.verify.tolerances import Findings, Pair, Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare(pair: Pair) -> Findings:
    """Rows for the occluded neurons."""
    layers = read_activations(pair.stages["activations"], pair.recomputed["files"])
    return compare_neurons(pair.submitted, pair.recomputed, layers, pair.tolerances)


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, which of its rows are about boxes of the same neuron and size in both."""
    comparable = {}
    for i, (label, expected) in enumerate(pair.recomputed["neurons"].items()):
        told = pair.submitted["neurons"].get(label, [])
        same = [_is_same(a, b) for a, b in zip(told, expected, strict=False)]
        for name in ("random", "grid"):
            numbers = pair.arrays[f"{name}_{i}"][:, 0].astype(int)
            comparable[f"{name}_{i}"] = [bool(number < len(same) and same[number]) for number in numbers]
    return comparable


def _is_same(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> bool:
    """Whether both are about the same neuron and the same patch, so that all boxes are the same."""
    return bool(
        submitted["position"] == recomputed["position"]
        and submitted["patch"]["box"] == recomputed["patch"]["box"]
    )


def compare_neurons(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the neurons; ``layers`` are the recomputed outputs of their layer by class."""
    neurons = NeuronComparison(tolerances)
    for label, expected in recomputed["neurons"].items():
        told, place = submitted["neurons"].get(label, []), ("occlusion", "neurons", label)
        yield from compare_lengths(place, told, expected)
        for i, (neuron, wanted) in enumerate(zip(told, expected, strict=False)):
            here, same = (*place, i), _is_same(neuron, wanted)
            yield neurons.compare_position(here, neuron, wanted, layers[label])
            yield neurons.compare_value(here, "value", neuron, wanted, layers[label])
            yield from neurons.compare_if(
                neuron["position"] == wanted["position"], (*here, "blank"), neuron["blank"], wanted["blank"]
            )
            # Another box is within the tolerance or wrong, and no reason to compare nothing.
            if neuron["position"] == wanted["position"] and not same:
                boxes = neuron["patch"]["box"], wanted["patch"]["box"]
                yield from neurons.compare_if(True, (*here, "patch", "box"), *boxes)
            # Documents before 1.2 lack the last.
            told_of = ("harming_more",) if neuron.get("harming_more") is not None else ()
            for name in ("patch", "tried", "random_removed", "harming", *told_of):
                yield from neurons.compare_if(same, (*here, name), neuron[name], wanted[name])
            # Of two boxes of nearly equal worth, either may be the best one.
            other = neuron["best"]["box"] != wanted["best"]["box"] and _is_worth(neuron, wanted)
            yield from neurons.compare_if(same and not other, (*here, "best"), neuron["best"], wanted["best"])
    yield from compare_labels(("occlusion", "neurons"), submitted["neurons"], recomputed["neurons"])


def _is_worth(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> bool:
    told, wanted = (
        worth_of(each["value"], each["best"]["kept"], each["best"]["removed"])
        for each in (submitted, recomputed)
    )
    # As much as outputs may differ by the section's tolerances.
    return bool(abs(told - wanted) <= 1e-3 * recomputed["value"])
