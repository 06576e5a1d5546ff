"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, of_rows


def _neurons(results: LoadedResults) -> Table:
    rows = [
        {
            "class": label,
            "file": each.file,
            "row": each.position[0],
            "column": each.position[1],
            "channel": each.position[2],
            "value": each.value,
        }
        for label, each in results.best_network.neurons.items()
    ]
    return of_rows(rows, ("class", "file", "row", "column", "channel", "value"))


TABLES: Final = {"network_neurons": _neurons}
