"""Question 3: are the accuracies those of the predictions, and was nothing but the head trained?"""

from __future__ import annotations

from typing import Final

import numpy as np

from reportgen.grading.checks import NamedCheck, splits, whole
from reportgen.grading.report import Report, require


def judge_frozen(report: Report, _case: str) -> None:
    """The hash over the base's weights is the same before and after training."""
    hashes = report.results.transfer.frozen_sha256
    require(hashes.before == hashes.after, "/transfer/frozen_sha256: the base was changed by training")


def judge_head_size(report: Report, _case: str) -> None:
    """The trained parameters are those of one dense layer: features × classes weights and classes biases."""
    transfer = report.results.transfer
    classes = len(transfer.classes)
    expected = transfer.feature_size * classes + classes
    require(
        transfer.trainable_parameters == expected,
        f"/transfer/trainable_parameters: found {transfer.trainable_parameters}, expected {expected}",
    )


def judge_accuracy(report: Report, split: str) -> None:
    """The accuracy that is written for a split is the trace over the sum of its confusion matrix, whose rows
    add up to the images of each class.
    """
    results = report.results
    # By pointers, as it is written: attributes are derived from the matrix again, and could not disagree with
    # it.
    matrix = results.at(f"/transfer/confusion/{split}")
    correct, total = sum(row[i] for i, row in enumerate(matrix)), sum(map(sum, matrix))
    for name, expected in (("correct", correct), ("total", total)):
        found = results.at(f"/transfer/{name}/{split}")
        require(found == expected, f"/transfer/{name}/{split}: found {found}, the matrix says {expected}")
    found = results.at(f"/transfer/accuracy/{split}")
    expected = correct / total if total else 0.0
    require(
        abs(found - expected) <= 1e-9,
        f"/transfer/accuracy/{split}: found {found}, the matrix says {correct} of {total}, {expected:.6g}",
    )
    counts = results.dataset.counts[split]  # type: ignore[index]
    rows = {label: sum(row) for label, row in zip(results.transfer.classes, matrix, strict=False)}
    require(
        rows == dict(counts),
        f"/transfer/confusion/{split}: its rows add up to {rows}, there are {dict(counts)}",
    )


def judge_matrix(report: Report, split: str) -> None:
    """The confusion matrix of a split counts the largest probability of each of its images."""
    results = report.results
    labels = list(results.transfer.classes)
    truth = [labels.index(image.label) for image in results.dataset.images if image.split == split]
    probabilities = report.array("transfer", f"probabilities_{split}")
    require(
        probabilities.shape == (len(truth), len(labels)),
        f"there are probabilities of shape {probabilities.shape} for {len(truth)} images",
    )
    counted = np.zeros((len(labels), len(labels)), int)
    # Not counted[...] += 1, which counts an index that comes up again once only.
    np.add.at(counted, (truth, probabilities.argmax(axis=1)), 1)
    found = results.at(f"/transfer/confusion/{split}")
    require(
        found == counted.tolist(),
        f"/transfer/confusion/{split}: found {found}, the probabilities say {counted.tolist()}",
    )


def judge_best_epoch(report: Report, _case: str) -> None:
    """The kept epoch is the first with the lowest validation loss, and the history has a value for each."""
    training, history = report.results.transfer.training, report.results.transfer.history
    lengths = {
        len(values) for values in (history.loss, history.accuracy, history.val_loss, history.val_accuracy)
    }
    require(
        lengths == {training.epochs_run},
        f"the history has {sorted(lengths)} values for {training.epochs_run} epochs",
    )
    best = 1 + history.val_loss.index(min(history.val_loss))
    require(
        training.best_epoch == best,
        f"/transfer/training/best_epoch: found {training.best_epoch}, expected {best}",
    )


# What users read of a check is the docstring of its function.
CHECKS: Final = {
    "base_frozen": NamedCheck(whole, judge_frozen),
    "head_size": NamedCheck(whole, judge_head_size),
    "accuracy_true": NamedCheck(splits, judge_accuracy),
    "matrix_true": NamedCheck(splits, judge_matrix),
    "best_epoch": NamedCheck(whole, judge_best_epoch),
}
