"""The section's results in short, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary_page import (
    MOST_CLASSES,
    cell,
    head_cell,
    wrap_table,
)
from reportgen.results import SPLITS, Split
from reportgen.sections.transfer.tables import class_names

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
    shown = classes[:MOST_CLASSES]
    head = "".join(head_cell(label) for label in ["true \\ predicted", *shown])
    body = [
        f"<tr>{head_cell(label, row=True)}{_counts(matrix[place][: len(shown)], place)}</tr>"
        for place, label in enumerate(shown)
    ]
    note = "" if len(shown) == len(classes) else f"; the first {len(shown)} of {len(classes)} classes"
    return wrap_table(
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", f"Test images by class{note}"
    )


def _counts(row: Sequence[int], place: int) -> str:
    """A row of counts, the darker the more; what is right is green, what is wrong is red."""
    most = max([*row, 1])
    return "".join(
        cell(
            str(count),
            "right",
            f";background:rgba({_HIT if place == at else _MISS},{0.6 * count / most:.2f})",
        )
        for at, count in enumerate(row)
    )


def correct_of(results: LoadedResults, split: Split) -> str:
    """As in ``5 of 6 (83.3 %)``; 100 % and 0 % are printed only if they are exactly that."""
    correct, total = results.transfer.correct[split], results.transfer.total[split]
    if not total:
        return "0 of 0"
    share = 100 * correct / total
    shown = f"{share:.0f}" if correct in (0, total) else f"{min(max(share, 0.1), 99.9):.1f}"
    return f"{correct} of {total} ({shown} %)"
