"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import (
    MOST_CLASSES,
    Table,
    beside,
    cell,
    head_cell,
    number_or_nan,
    of_records,
    of_rows,
    wrap_table,
)
from reportgen.pointer import PointerError
from reportgen.results import SPLITS, Split


def class_names(results: LoadedResults, split: Split = "test") -> list[str]:
    """The names of a confusion matrix's rows; their numbers if they are not as many as the classes."""
    # A stranger's results may have more names than rows, or fewer.
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
        predicted = {label: [row[index] for row in matrix] for index, label in enumerate(classes)}
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
    columns = {label: [row[index] for row in likely] for index, label in enumerate(classes)}
    return Table(beside({**named, "predicted": best}, columns, "probability of {}", always=True))


def _history(results: LoadedResults) -> Table:
    history = results.transfer.history
    losses = {name: getattr(history, name) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    longest = max(map(len, losses.values()))
    # In a stranger's results they may differ in length, and a table cannot.
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

_HIT, _MISS = "46,139,87", "205,92,92"


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """Lines by their names."""
    head = results.transfer
    yield (
        "Head",
        f"{head.trainable_parameters:,} parameters on {head.feature_layer} ({head.feature_size:,} "
        f"features); epochs run: {head.training.epochs_run}, the best: {head.training.best_epoch}",
    )
    yield "Correct", ", ".join(f"{split} {correct_of(results, split)}" for split in SPLITS)


def list_facts(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """Facts by their names."""
    return ((f"Correct, {split}", correct_of(results, split)) for split in SPLITS)


def render(results: LoadedResults) -> str:
    """The test images' confusion matrix."""
    classes, matrix = class_names(results), results.transfer.confusion["test"]
    displayed = classes[:MOST_CLASSES]
    head = "".join(head_cell(label) for label in ["true \\ predicted", *displayed])
    body = [
        f"<tr>{head_cell(label, row=True)}{_counts(matrix[index][: len(displayed)], index)}</tr>"
        for index, label in enumerate(displayed)
    ]
    note = "" if len(displayed) == len(classes) else f"; the first {len(displayed)} of {len(classes)} classes"
    return wrap_table(
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", f"Test images by class{note}"
    )


def _counts(row: Sequence[int], index: int) -> str:
    """A row of counts, the darker the more; what is right is green, what is wrong is red."""
    # Or a class without test images would be a division by zero.
    most = max([*row, 1])
    return "".join(
        cell(
            str(count),
            "right",
            f";background:rgba({_HIT if index == column else _MISS},{0.6 * count / most:.2f})",
        )
        for column, count in enumerate(row)
    )


def correct_of(results: LoadedResults, split: Split) -> str:
    """As in ``5 of 6 (83.3 %)``; 100 % and 0 % are printed only if they are exactly that."""
    correct, total = results.transfer.correct[split], results.transfer.total[split]
    if not total:
        return "0 of 0"
    share = 100 * correct / total
    # 99.96 % must not become 100 %, nor 0.04 % nothing.
    text = f"{share:.0f}" if correct in (0, total) else f"{min(max(share, 0.1), 99.9):.1f}"
    return f"{correct} of {total} ({text} %)"
