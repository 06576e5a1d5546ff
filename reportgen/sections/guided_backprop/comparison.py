"""How the section is weighed against the recomputed one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportgen.engine.stages.activations import read_activations
from reportgen.verify.finding import Findings
from reportgen.verify.pair import Pair
from reportgen.verify.rankings import NeuronComparison, compare_labels, compare_lengths
from reportgen.verify.tolerances import Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare(pair: Pair) -> Findings:
    """Rows for the tables of neurons."""
    layers = read_activations(pair.stages["activations"], pair.recomputed["files"])
    return compare_rows(pair.submitted, pair.recomputed, layers, pair.tolerances)


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """For each array, which of its elements along the first axis belong to the same neuron in both."""
    same = same_neurons(pair.submitted, pair.recomputed).values()
    return {f"gradients_{i}": rows for i, rows in enumerate(same)}


def compare_rows(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    layers: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the neurons of the guided-backpropagation tables, and what was found out about them."""
    neurons = NeuronComparison(tolerances)
    for label, expected in recomputed["rows"].items():
        told = submitted["rows"].get(label, [])
        place = ("guided_backprop", "rows", label)
        yield from compare_lengths(place, told, expected)
        for i, (row, wanted) in enumerate(zip(told, expected, strict=False)):
            here = (*place, i)
            yield neurons.compare_plainly((*here, "choice"), row["choice"], wanted["choice"])
            yield neurons.compare_position(here, row, wanted, layers[label])
            yield neurons.compare_value(here, "value", row, wanted, layers[label])
            same = row["position"] == wanted["position"]
            for name in ("gradient_max_abs", "blank", "relu_total", "relu_guided", "scale_limit"):
                yield from neurons.compare_if(same, (*here, name), row[name], wanted[name])
            yield from neurons.compare_if(
                same, (*here, "energy_share"), row["energy_share"], wanted["energy_share"]
            )
    yield from compare_labels(("guided_backprop", "rows"), submitted["rows"], recomputed["rows"])


def same_neurons(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> dict[str, list[bool]]:
    """For each class, which rows of its guided-backpropagation table show the recomputed neuron."""
    return {
        label: [
            a["position"] == b["position"]
            for a, b in zip(submitted["rows"].get(label, []), rows, strict=False)
        ]
        for label, rows in recomputed["rows"].items()
    }
