"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import (
    MOST_CLASSES,
    MOST_NEURONS,
    Table,
    describe_box,
    describe_position,
    name_sides,
    number_or_nan,
    of_rows,
    plain_table,
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


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """A line by its name."""
    yield "Neurons", f"the most excited of {results.neurons.layer}: " + _describe_best(results)


def render(results: LoadedResults) -> str:
    """The most excited neurons of each class."""
    found = results.neurons
    rows = [
        (label, rank, " × ".join(map(str, neuron.position)), f"{neuron.value:.4g}")
        for label, neurons in list(found.top.items())[:MOST_CLASSES]
        for rank, neuron in enumerate(neurons[:MOST_NEURONS], 1)
    ]
    names = ("class", "rank", "row × column × channel", "output")
    return plain_table(names, rows, f"The most excited neurons of {found.layer}")


def _describe_best(results: LoadedResults) -> str:
    # In a stranger's results a list may be empty.
    best = {label: neurons[0] for label, neurons in results.neurons.top.items() if neurons}
    return ", ".join(f"{label} {neuron.position} {neuron.value:.4g}" for label, neuron in best.items())
