"""The section's results as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.tables import (
    Table,
    describe_box,
    describe_position,
    name_sides,
    number_or_nan,
    of_rows,
)
from reportgen.sections.neurons.result import Neuron


def _neurons(kind: str) -> Callable[[LoadedResults], Table]:
    def make(results: LoadedResults) -> Table:
        return of_rows(
            [
                {"class": label, "rank": rank, **_describe_neuron(neuron)}
                for label, neurons in getattr(results.neurons, kind).items()
                for rank, neuron in enumerate(neurons, 1)
            ],
            ("class", "rank", "row", "column", "channel", "value", *name_sides("field"), *name_sides("patch"),
             "energy_share"),
            keys=2,
        )  # fmt: skip

    return make


def _describe_neuron(neuron: Neuron) -> dict[str, Any]:
    return {
        **describe_position(neuron.position),
        "value": neuron.value,
        **describe_box(neuron.receptive_field, "field"),
        **describe_box(neuron.patch, "patch"),
        "energy_share": number_or_nan(neuron.patch.energy_share),
    }


TABLES: Final = {"neurons": _neurons("top"), "neurons_distinct": _neurons("top_distinct")}
