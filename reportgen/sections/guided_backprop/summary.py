"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import (
    Table,
    describe_position,
    number_or_nan,
    of_rows,
)
from reportgen.sections.guided_backprop.result import GuidedRow


def _guided_backprop(results: LoadedResults) -> Table:
    plain = ("choice", "value", "gradient_max_abs", "blank", "relu_total", "relu_guided", "scale_limit")
    return of_rows(
        [
            {
                "class": label,
                **{name: getattr(row, name) for name in plain},
                **describe_position(row.position),
                **_describe_shares(row),
            }
            for label, rows in results.guided_backprop.rows.items()
            for row in rows
        ],
        ("class", "choice", "row", "column", "channel", *plain[1:], "energy_on_animal", "energy_on_head"),
        keys=2,
    )


def _describe_shares(row: GuidedRow) -> dict[str, float]:
    shares = row.energy_share
    return {
        "energy_on_animal": number_or_nan(shares.animal if shares else None),
        "energy_on_head": number_or_nan(shares.head if shares else None),
    }


TABLES: Final = {"guided_backprop": _guided_backprop}


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """A line by its name."""
    guided = results.guided_backprop
    yield (
        "Guided",
        f"{sum(map(len, guided.rows.values()))} neurons explained; of {guided.zero_neurons} with "
        f"output zero, {guided.zero_neurons_blank} have no gradient",
    )
