"""Confusion matrices counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.sections.transfer.analysis import count_confusion, score_classes

#                  a  a  a  a  b  b  c  c  c
TRUE = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])
PREDICTED = np.array([0, 0, 1, 2, 1, 0, 2, 2, 0])


def test_rows_are_true_and_columns_are_predicted_classes() -> None:
    assert count_confusion(TRUE, PREDICTED, 3) == [[2, 1, 1], [1, 1, 0], [1, 0, 2]]
    assert count_confusion(np.array([0, 0, 0]), np.array([1, 1, 0]), 2) == [[1, 2], [0, 0]]


def test_absent_classes_keep_their_place() -> None:
    assert count_confusion(np.array([1, 1]), np.array([1, 3]), 4) == [
        [0, 0, 0, 0],
        [0, 1, 0, 1],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]


def test_counts_are_plain_integers() -> None:
    assert all(type(count) is int for row in count_confusion(TRUE, PREDICTED, 3) for count in row)


def test_precision_is_by_column_and_recall_by_row() -> None:
    scores = score_classes(TRUE, PREDICTED, ["a", "b", "c"])

    assert list(scores) == ["a", "b", "c"]
    wanted = {"a": (2 / 4, 2 / 4, 4), "b": (1 / 2, 1 / 2, 2), "c": (2 / 3, 2 / 3, 3)}
    for label, (precision, recall, support) in wanted.items():
        assert scores[label].precision == pytest.approx(precision)
        assert scores[label].recall == pytest.approx(recall)
        assert scores[label].support == support


def test_precision_and_recall_are_not_mixed_up() -> None:
    scores = score_classes(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), ["a", "b"])

    assert [scores["a"].precision, scores["b"].recall] == [1, 1]
    assert [scores["a"].recall, scores["b"].precision] == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.filterwarnings("error")
def test_a_rate_without_a_denominator_is_none_and_a_rate_of_zero_is_zero() -> None:
    true, predicted = np.array([0, 0, 1]), np.array([0, 3, 0])

    scores = score_classes(true, predicted, ["right", "never predicted", "nowhere", "never true"])

    assert (scores["never predicted"].precision, scores["never predicted"].recall) == (None, 0)
    assert (scores["nowhere"].precision, scores["nowhere"].recall) == (None, None)
    assert (scores["never true"].precision, scores["never true"].recall) == (0, None)
    assert [score.support for score in scores.values()] == [2, 1, 0, 0]
