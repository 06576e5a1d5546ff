"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.activations import read_activations
from reportgen.verify.choices import NeuronComparison, compare_labels
from reportgen.verify.tolerances import Findings, Pair, Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare(pair: Pair) -> Findings:
    """Rows for the explained neurons."""
    layers = read_activations(pair.stages["activations"], pair.dataset["classes"])
    return compare_neurons(pair.submitted, pair.recomputed, layers, pair.tolerances)


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, whether it is about the same neuron in both: then all of its elements are compared."""
    comparable = {}
    for i, (label, wanted) in enumerate(pair.recomputed["neurons"].items()):
        submitted = pair.submitted["neurons"].get(label)
        same = submitted is not None and submitted["position"] == wanted["position"]
        for kind in ("guided", "plain"):
            # The network as it is comes first, before the redrawn ones.
            comparable[f"{kind}_{i}"] = [same] * (len(wanted["redrawn"]) + 1)
    return comparable


def compare_neurons(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the neurons; ``layers`` are the recomputed outputs of the explained layer by class."""
    neurons = NeuronComparison(tolerances)
    for label, wanted in recomputed["neurons"].items():
        found, here = submitted["neurons"].get(label), ("randomisation", "neurons", label)
        if found is None:
            yield neurons.compare_plainly(here, None, wanted["position"])
            continue
        yield neurons.compare_plainly((*here, "file"), found["file"], wanted["file"])
        yield neurons.compare_position(here, found, wanted, layers[label])
        yield neurons.compare_value(here, "value", found, wanted, layers[label])
        same = found["position"] == wanted["position"]
        for name in ("field", "guided_limit", "plain_limit", "redrawn"):
            yield from neurons.compare_if(same, (*here, name), found[name], wanted[name])
    yield from compare_labels(("randomisation", "neurons"), submitted["neurons"], recomputed["neurons"])
