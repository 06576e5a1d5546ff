"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, describe_position, number_or_nan, of_rows

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
