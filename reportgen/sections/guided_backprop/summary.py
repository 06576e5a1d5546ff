"""The section's results in short, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.reader import LoadedResults


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """A line by its name."""
    guided = results.guided_backprop
    yield (
        "Guided",
        f"{sum(map(len, guided.rows.values()))} neurons explained; of {guided.zero_neurons} with "
        f"output zero, {guided.zero_neurons_blank} have no gradient",
    )
