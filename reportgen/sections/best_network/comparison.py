"""How ``verify`` compares the section's numbers."""

from __future__ import annotations

from reportgen.verify.choices import NeuronComparison, compare_labels
from reportgen.verify.tolerances import Findings, Pair

_OF_NEURON = ("value", "patch", "support", "inside")


def compare(pair: Pair) -> Findings:
    """Rows for the most excited neuron of each image, which may be another with nearly the same output."""
    neurons, here = NeuronComparison(pair.tolerances), ("best_network", "neurons")
    for i, (label, wanted) in enumerate(pair.recomputed["neurons"].items()):
        found, path = pair.submitted["neurons"].get(label), (*here, label)
        if found is None:
            yield neurons.compare_plainly(path, None, wanted["file"])
            continue
        yield neurons.compare_plainly((*path, "file"), found["file"], wanted["file"])
        yield neurons.compare_position(path, found, wanted, pair.arrays[f"output_{i}"])
        same = found["position"] == wanted["position"]
        for name in _OF_NEURON:
            yield from neurons.compare_if(same, (*path, name), found.get(name), wanted[name])
    yield from compare_labels(here, pair.submitted["neurons"], pair.recomputed["neurons"])
