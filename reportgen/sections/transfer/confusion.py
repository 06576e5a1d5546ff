"""From true and predicted classes to confusion matrix, precision and recall."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from reportgen.results import Matrix
from reportgen.sections.transfer.result import ClassScore


def count_confusion(true: NDArray[Any], predicted: NDArray[Any], classes: int) -> Matrix:
    """Count images of true class i (row) that were predicted as class j (column).

    ``true`` and ``predicted`` are class indices (N,). Returns ``classes`` rows of ``classes`` counts.
    """
    counts: Matrix = confusion_matrix(true, predicted, labels=range(classes)).tolist()
    return counts


def score_classes(true: NDArray[Any], predicted: NDArray[Any], labels: list[str]) -> dict[str, ClassScore]:
    """Precision, recall (0 to 1; None where nothing was predicted or present) and count of each class."""
    precision, recall, _, support = precision_recall_fscore_support(
        true, predicted, labels=range(len(labels)), zero_division=np.nan
    )
    return {
        label: ClassScore(precision=_number(precision[i]), recall=_number(recall[i]), support=int(support[i]))
        for i, label in enumerate(labels)
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
