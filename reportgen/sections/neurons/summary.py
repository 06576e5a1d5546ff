"""The section's results in short, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary_page import (
    MOST_CLASSES,
    MOST_NEURONS,
    plain_table,
)


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
    best = {label: neurons[0] for label, neurons in results.neurons.top.items() if neurons}
    return ", ".join(f"{label} {neuron.position} {neuron.value:.4g}" for label, neuron in best.items())
