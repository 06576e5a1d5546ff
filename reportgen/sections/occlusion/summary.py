"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, describe_position, of_rows
from reportgen.sections.occlusion.result import OccludedNeuron

_PLAIN = ("value", "blank", "random_removed", "harming", "tried")
_MEASURES = ("kept", "removed", "kept_in_blur", "removed_in_blur")


def _occlusion(results: LoadedResults) -> Table:
    rows = [
        {
            "class": label,
            "rank": rank,
            **describe_position(neuron.position),
            **{name: getattr(neuron, name) for name in _PLAIN},
            **_describe_boxes(neuron),
        }
        for label, neurons in results.occlusion.neurons.items()
        for rank, neuron in enumerate(neurons, 1)
    ]
    boxes = (f"{kind}_{name}" for kind in ("patch", "best") for name in _MEASURES)
    return of_rows(rows, ("class", "rank", "row", "column", "channel", *_PLAIN, *boxes), keys=2)


def _describe_boxes(neuron: OccludedNeuron) -> dict[str, float]:
    return {
        f"{kind}_{name}": getattr(getattr(neuron, kind), name)
        for kind in ("patch", "best")
        for name in _MEASURES
    }


TABLES: Final = {"occlusion": _occlusion}
