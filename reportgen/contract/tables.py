"""The tables of a report: columns of plain values, and data frames of them where pandas is there."""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reportgen.contract.lookup import PointerError, show_value
from reportgen.errors import UserError
from reportgen.results import SPLITS, Box, GuidedRow, Neuron, Split

if TYPE_CHECKING:
    from pandas import DataFrame

    from reportgen.contract.reader import LoadedResults


class PandasMissingError(UserError, ImportError):
    """A data frame is asked for where pandas is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "A table is a data frame of pandas, which is not installed here.",
            f"Run: {sys.executable} -m pip install pandas (in a notebook: %pip install pandas)",
        )


@dataclass(frozen=True)
class Table:
    """Columns of equal length, by name, in order; the first ``keys`` of them say what a row is about.

    What is null in ``results.json`` is NaN among numbers.
    """

    columns: Mapping[str, Sequence[Any]]
    keys: int = 1

    def frame(self) -> DataFrame:
        """The table as a data frame whose index is its first ``keys`` columns.

        Raises ``PandasMissingError`` without pandas.
        """
        try:
            import pandas as pd
        except ImportError:
            raise PandasMissingError from None
        frame = pd.DataFrame(dict(self.columns))
        return frame.set_index(list(self.columns)[: self.keys]) if self.keys else frame


def make_table(results: LoadedResults, name: str) -> Table:
    """The table of that name. Raises ``PointerError`` if there is none, or none in what was opened."""
    names = list_tables(results)
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1)
        arrays = name == "predictions"
        raise PointerError(
            f"{results.name}: there is no table {show_value(name)}"
            + (", whose numbers are arrays that did not come along." if arrays else "."),
            "Open the build folder instead."
            if arrays
            else (f"Did you mean '{near[0]}'? " if near else "") + f"The tables are {', '.join(names)}.",
        )
    return TABLES[name](results)


def list_tables(results: LoadedResults) -> tuple[str, ...]:
    """The names of the tables that there are; predictions stand in arrays, which a PDF has not."""
    return tuple(name for name in TABLES if name != "predictions" or results.folder is not None)


def class_names(results: LoadedResults, split: Split = "test") -> list[str]:
    """The names of a confusion matrix's rows; their numbers if they are not as many as the classes."""
    size = len(results.transfer.confusion[split])
    classes = results.transfer.classes
    return list(classes) if len(classes) == size else [str(number) for number in range(size)]


def _images(results: LoadedResults) -> Table:
    return _of_records(results.dataset.images, ("file", "split", "label", "sha256"))


def _counts(results: LoadedResults) -> Table:
    counts = results.dataset.counts
    classes = results.dataset.classes
    return Table(
        {"class": classes, **{split: [counts[split].get(label, 0) for label in classes] for split in SPLITS}}
    )


def _accuracy(results: LoadedResults) -> Table:
    correct, total = results.transfer.correct, results.transfer.total
    rates = [correct[split] / total[split] if total[split] else math.nan for split in SPLITS]
    counts = {"correct": [correct[split] for split in SPLITS], "total": [total[split] for split in SPLITS]}
    return Table({"split": SPLITS, **counts, "accuracy": rates})


def _confusion(split: Split) -> Callable[[LoadedResults], Table]:
    def make(results: LoadedResults) -> Table:
        classes, matrix = class_names(results, split), results.transfer.confusion[split]
        predicted = {label: [row[place] for row in matrix] for place, label in enumerate(classes)}
        return Table(_beside({"true class": classes}, predicted, "predicted as {}"))

    return make


def _per_class(results: LoadedResults) -> Table:
    rows = [
        {"split": split, "class": label, "precision": _number(score.precision),
         "recall": _number(score.recall), "support": score.support}
        for split in SPLITS
        for label, score in results.transfer.per_class[split].items()
    ]  # fmt: skip
    return _of_rows(rows, ("split", "class", "precision", "recall", "support"), keys=2)


def _misclassified(results: LoadedResults) -> Table:
    wrong = results.transfer.misclassified
    named = _of_records(wrong, ("file", "true", "predicted")).columns
    likely = {
        label: [_number(each.probabilities.get(label)) for each in wrong]
        for label in results.transfer.classes
    }
    return Table(_beside(named, likely, "probability of {}", always=True))


def _predictions(results: LoadedResults) -> Table:
    """Every image with what the network says of it; the probabilities are arrays of the build folder."""
    classes = class_names(results)
    images = [image for split in SPLITS for image in results.dataset.images if image.split == split]
    likely = [
        row
        for split in SPLITS
        for row in results.array("transfer", f"probabilities_{split}").astype(float).tolist()
    ]
    if len(likely) != len(images) or any(len(row) != len(classes) for row in likely):
        raise PointerError(
            f"{results.name}: /transfer/arrays has other images or classes than /dataset/images.",
            "Use the build folder as 'reportgen build' wrote it.",
        )
    named = _of_records(images, ("file", "split", "label")).columns
    best = [classes[row.index(max(row))] for row in likely]
    columns = {label: [row[place] for row in likely] for place, label in enumerate(classes)}
    return Table(_beside({**named, "predicted": best}, columns, "probability of {}", always=True))


def _history(results: LoadedResults) -> Table:
    history = results.transfer.history
    losses = {name: getattr(history, name) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    longest = max(map(len, losses.values()))
    filled = {name: [*values, *[math.nan] * (longest - len(values))] for name, values in losses.items()}
    return Table({"epoch": range(1, longest + 1), **filled})


def _neurons(kind: str) -> Callable[[LoadedResults], Table]:
    def make(results: LoadedResults) -> Table:
        return _of_rows(
            [
                {"class": label, "rank": rank, **_describe_neuron(neuron)}
                for label, neurons in getattr(results.neurons, kind).items()
                for rank, neuron in enumerate(neurons, 1)
            ],
            ("class", "rank", "row", "column", "channel", "value", *_sides("field"), *_sides("patch"),
             "energy_share"),
            keys=2,
        )  # fmt: skip

    return make


def _describe_neuron(neuron: Neuron) -> dict[str, Any]:
    return {
        **_describe_position(neuron.position),
        "value": neuron.value,
        **_describe_box(neuron.receptive_field, "field"),
        **_describe_box(neuron.patch, "patch"),
        "energy_share": _number(neuron.patch.energy_share),
    }


def _guided_backprop(results: LoadedResults) -> Table:
    plain = ("choice", "value", "gradient_max_abs", "blank", "relu_total", "relu_guided", "scale_limit")
    return _of_rows(
        [
            {
                "class": label,
                **{name: getattr(row, name) for name in plain},
                **_describe_position(row.position),
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
        "energy_on_animal": _number(shares.animal if shares else None),
        "energy_on_head": _number(shares.head if shares else None),
    }


def _convolution(results: LoadedResults) -> Table:
    found = results.convolution
    rows = [
        {"class": label, "file": each.file, "expected_shape": _shape(found.expected_shape),
         "observed_shape": _shape(each.observed_shape), "matches": each.matches}
        for label, each in found.classes.items()
    ]  # fmt: skip
    return _of_rows(rows, ("class", "file", "expected_shape", "observed_shape", "matches"))


def _conv_stack(results: LoadedResults) -> Table:
    shapes = ("kernel_shape", "input_shape", "expected_shape", "observed_shape")
    rows = [
        {"layer": number, "filters": layer.filters, "stride": layer.stride, "padding": layer.padding,
         "matches": layer.matches, **{name: _shape(getattr(layer, name)) for name in shapes}}
        for number, layer in enumerate(results.conv_stack.layers, 1)
    ]  # fmt: skip
    return _of_rows(rows, ("layer", "filters", *shapes, "stride", "padding", "matches"))


def _checks(results: LoadedResults) -> Table:
    return _of_records(results.checks, ("name", "claim", "passed"))


TABLES: Mapping[str, Callable[[LoadedResults], Table]] = MappingProxyType(
    {
        "images": _images,
        "counts": _counts,
        "convolution": _convolution,
        "conv_stack": _conv_stack,
        "accuracy": _accuracy,
        **{f"confusion_{split}": _confusion(split) for split in SPLITS},
        "per_class": _per_class,
        "history": _history,
        "misclassified": _misclassified,
        "predictions": _predictions,
        "neurons": _neurons("top"),
        "neurons_distinct": _neurons("top_distinct"),
        "guided_backprop": _guided_backprop,
        "checks": _checks,
    }
)
"""How each table is made, in the order of the report."""


def _of_records(records: Iterable[Any], names: Sequence[str]) -> Table:
    listed = list(records)
    return Table({name: [getattr(record, name) for record in listed] for name in names})


def _of_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str], keys: int = 1) -> Table:
    return Table({name: [row[name] for row in rows] for name in names}, keys)


def _beside(
    named: Mapping[str, Sequence[Any]], by_class: Mapping[str, Any], words: str, *, always: bool = False
) -> dict[str, Any]:
    """Columns, and one for each class: by its name alone, unless another column has that name."""
    taken = always or any(label in named for label in by_class)
    return {**named, **{words.format(label) if taken else label: each for label, each in by_class.items()}}


def _describe_position(position: Sequence[int]) -> dict[str, int]:
    return dict(zip(("row", "column", "channel"), position, strict=True))


def _describe_box(box: Box, name: str) -> dict[str, int]:
    """The first row and column inside, and the first after it: half-open, as in results.json."""
    return dict(zip(_sides(name), (*box.rows, *box.cols), strict=True))


def _sides(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{side}" for side in ("top", "bottom", "left", "right"))


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
