"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, number_or_nan, of_rows, shape_text

_COLUMNS = (
    "network", "parameters", "operations", "epochs", "best_epoch",
    "accuracy_train", "accuracy_val", "repeated_mean", "repeated_deviation",
)  # fmt: skip


def _networks(results: LoadedResults) -> Table:
    rows = [
        {
            "network": each.name,
            "parameters": each.parameters,
            "operations": each.operations,
            "epochs": each.epochs_run,
            "best_epoch": each.best_epoch,
            "accuracy_train": each.train.accuracy,
            "accuracy_val": each.val.accuracy,
            "repeated_mean": each.repeated_mean,
            # Of a single run there is none.
            "repeated_deviation": number_or_nan(each.repeated_deviation),
        }
        for each in results.architectures.networks
    ]
    return of_rows(rows, _COLUMNS)


def _layers(results: LoadedResults) -> Table:
    rows = [
        {
            "network": network.name,
            "layer": number,
            "kind": layer.layer,
            "expected": shape_text(layer.expected_shape),
            "observed": shape_text(layer.observed_shape),
            "parameters": layer.parameters,
        }
        for network in results.architectures.networks
        for number, layer in enumerate(network.layers, 1)
    ]
    return of_rows(rows, ("network", "layer", "kind", "expected", "observed", "parameters"), keys=2)


TABLES: Final = {"networks": _networks, "network_layers": _layers}


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """Lines by their names."""
    found = results.architectures
    for each in found.networks:
        yield (
            each.name,
            f"{each.parameters:,} parameters; validation {each.val.correct} of {each.val.total}; epochs run: "
            f"{each.epochs_run}, the best: {each.best_epoch}",
        )
    yield "Best network", f"{found.best_name}; test {found.test.correct} of {found.test.total}"
