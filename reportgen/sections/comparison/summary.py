"""The section's results in short and as a table, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, of_rows


def _compared(results: LoadedResults) -> Table:
    found = results.comparison
    rows = [
        {"network": name, "correct": correct, "total": found.total, "accuracy": accuracy}
        for name, correct, accuracy in (
            (found.own, found.own_correct, found.own_accuracy),
            ("VGG19", found.vgg19_correct, found.vgg19_accuracy),
        )
    ]
    return of_rows(rows, ("network", "correct", "total", "accuracy"))


TABLES: Final = {"networks_compared": _compared}


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """Lines by their names."""
    found = results.comparison
    yield (
        "Beside VGG19",
        f"{found.own} {found.own_correct}, VGG19 {found.vgg19_correct} of {found.total}; "
        f"p = {found.p_value:.2g}",
    )
