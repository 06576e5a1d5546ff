"""The section's results as tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from reportgen.contract.lookup import PointerError
from reportgen.contract.reader import LoadedResults
from reportgen.contract.tables import (
    Table,
    beside,
    number_or_nan,
    of_records,
    of_rows,
)
from reportgen.results import SPLITS, Split


def class_names(results: LoadedResults, split: Split = "test") -> list[str]:
    """The names of a confusion matrix's rows; their numbers if they are not as many as the classes."""
    size = len(results.transfer.confusion[split])
    classes = results.transfer.classes
    return list(classes) if len(classes) == size else [str(number) for number in range(size)]


def _accuracy(results: LoadedResults) -> Table:
    correct, total = results.transfer.correct, results.transfer.total
    rates = [correct[split] / total[split] if total[split] else math.nan for split in SPLITS]
    counts = {"correct": [correct[split] for split in SPLITS], "total": [total[split] for split in SPLITS]}
    return Table({"split": SPLITS, **counts, "accuracy": rates})


def _confusion(split: Split) -> Callable[[LoadedResults], Table]:
    def make(results: LoadedResults) -> Table:
        classes, matrix = class_names(results, split), results.transfer.confusion[split]
        predicted = {label: [row[place] for row in matrix] for place, label in enumerate(classes)}
        return Table(beside({"true class": classes}, predicted, "predicted as {}"))

    return make


def _per_class(results: LoadedResults) -> Table:
    rows = [
        {"split": split, "class": label, "precision": number_or_nan(score.precision),
         "recall": number_or_nan(score.recall), "support": score.support}
        for split in SPLITS
        for label, score in results.transfer.per_class[split].items()
    ]  # fmt: skip
    return of_rows(rows, ("split", "class", "precision", "recall", "support"), keys=2)


def _misclassified(results: LoadedResults) -> Table:
    wrong = results.transfer.misclassified
    named = of_records(wrong, ("file", "true", "predicted")).columns
    likely = {
        label: [number_or_nan(each.probabilities.get(label)) for each in wrong]
        for label in results.transfer.classes
    }
    return Table(beside(named, likely, "probability of {}", always=True))


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
    named = of_records(images, ("file", "split", "label")).columns
    best = [classes[row.index(max(row))] for row in likely]
    columns = {label: [row[place] for row in likely] for place, label in enumerate(classes)}
    return Table(beside({**named, "predicted": best}, columns, "probability of {}", always=True))


def _history(results: LoadedResults) -> Table:
    history = results.transfer.history
    losses = {name: getattr(history, name) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    longest = max(map(len, losses.values()))
    filled = {name: [*values, *[math.nan] * (longest - len(values))] for name, values in losses.items()}
    return Table({"epoch": range(1, longest + 1), **filled})


TABLES: Final = {
    "accuracy": _accuracy,
    **{f"confusion_{split}": _confusion(split) for split in SPLITS},
    "per_class": _per_class,
    "history": _history,
    "misclassified": _misclassified,
    "predictions": _predictions,
}

FROM_ARRAYS: Final = frozenset({"predictions"})
