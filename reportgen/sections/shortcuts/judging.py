"""How well a simple classifier separates the classes by a cue: cross-validated logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_FOLDS, FEWEST_IMAGES = 5, 4
"""Cross-validation has five folds, fewer if a class has fewer images; with fewer than four there is none."""

REGULARISATION = 0.1
"""scikit-learn's C, the inverse strength of the L2 penalty; the inputs are standardised."""


def deal_folds(labels: NDArray[Any], names: Sequence[str], folds: int) -> NDArray[np.intp]:
    """The fold (N,) of each image, 0 to ``folds`` − 1: those of a class are dealt in turn.

    They are dealt in the order of their ``names``, which are hashes and so as good as shuffled: neither the
    order of the files nor another image changes much. Each class goes on where the last one stopped.
    """
    dealt = np.empty(len(labels), np.intp)
    start = 0
    for label in np.unique(labels):
        members = sorted(np.flatnonzero(labels == label).tolist(), key=lambda n: names[n])
        dealt[members] = (start + np.arange(len(members))) % folds
        # Or the first fold would have all the images that are left over.
        start += len(members)
    return dealt


def judge_cue(
    values: NDArray[np.float32], labels: NDArray[Any], folds: NDArray[np.intp], classes: int
) -> NDArray[np.float64]:
    """Class probabilities (N, classes) of each image, by a model fitted to the other folds only.

    ``values`` (N, D) are standardised by the mean and standard deviation of the images that are fitted to.
    The same input gives the same output.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    probabilities = np.zeros((len(labels), classes))
    # Threads would wait for each other twenty times as long as they compute, so small are the matrices.
    with threadpool_limits(1):
        for fold in np.unique(folds):
            fitted, judged = folds != fold, folds == fold
            # In one pipeline: means and deviations come from the fitted images alone, and reveal nothing of
            # the judged ones.
            model = make_pipeline(
                StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=2000, tol=1e-6)
            )
            model.fit(values[fitted].astype(np.float64), labels[fitted])
            # By the model's own classes, which are those that it was fitted to.
            probabilities[np.ix_(judged, model.classes_)] = model.predict_proba(
                values[judged].astype(np.float64)
            )
    return probabilities
