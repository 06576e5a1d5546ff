"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.tables import Table, describe_position, number_or_nan, of_rows

_MEASURES = ("signed", "absolute", "ssim")


def _randomisation(results: LoadedResults) -> Table:
    found = results.randomisation
    rows = [
        {
            "class": label,
            "first_block": network.first_block,
            "gradient": kind,
            **describe_position(neuron.position),
            "value": own.value,
            **{name: number_or_nan(getattr(getattr(own.likeness, kind), name)) for name in _MEASURES},
        }
        for label, neuron in found.neurons.items()
        for network, own in zip(found.networks, neuron.redrawn, strict=True)
        for kind in ("guided", "plain")
    ]
    columns = ("class", "first_block", "gradient", "row", "column", "channel", "value", *_MEASURES)
    return of_rows(rows, columns, keys=3)


TABLES: Final = {"randomisation": _randomisation}


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """A line by its name."""
    found = results.randomisation
    if found.mean:
        last = found.mean[-1]
        yield (
            "Randomised",
            "with all weights redrawn, the rank correlation with the pictures of the trained network is "
            f"{_say(last.guided.signed)} for guided gradients, {_say(last.plain.signed)} for plain ones",
        )


def _say(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
