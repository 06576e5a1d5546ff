"""Training the head: on toy features, judged by NumPy, the base left alone."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.models.backbone import Backbone
from reportgen.results import SPLITS, ImageFile, Split
from reportgen.sections.transfer.analysis import (
    FrozenBase,
    LabelledFeatures,
    TrainedHead,
    retrain,
    train_head,
)

LABELS = ["ant", "bee", "cat"]
BASE = FrozenBase("block5_conv4", pooled=True, parameters=1234, fingerprint=lambda: "a" * 64)
Parts = dict[Split, LabelledFeatures]


def part(split: Split, features: NDArray[Any], labels: NDArray[Any]) -> LabelledFeatures:
    images = tuple(
        ImageFile(file=f"{split}/{LABELS[y]}/{n}.png", split=split, label=LABELS[y], sha256=f"{n:064}")
        for n, y in enumerate(labels)
    )
    return LabelledFeatures(features.astype(np.float32), labels.astype(np.intp), images)


def toy_parts(noise: float, *, shuffled: bool = False, size: int = 24) -> Parts:
    """Features of which number y is raised for class y, about a hundred as VGG19's are; unequal splits."""
    rng = np.random.default_rng(8)
    parts: Parts = {}
    for split, count in zip(SPLITS, (60, 30, 150), strict=True):
        labels = np.arange(count) * 7 % 3
        features = np.abs(rng.normal(0, noise, (count, size)))
        features[np.arange(count), labels] += 1
        parts[split] = part(split, 100 * features, rng.permutation(labels) if shuffled else labels)
    return parts


def softmax(features: NDArray[Any], head: TrainedHead) -> NDArray[np.float64]:
    kernel, bias = (weights.astype(np.float64) for weights in head.layer.get_weights())
    logits = features.astype(np.float64) @ kernel + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def loss_and_accuracy(data: LabelledFeatures, head: TrainedHead) -> tuple[float, float]:
    p = softmax(data.features, head)
    hits = [p[n].argmax() == y for n, y in enumerate(data.labels)]
    return float(-np.mean([np.log(p[n, y]) for n, y in enumerate(data.labels)])), sum(hits) / len(hits)


def test_separable_features_are_learnt_whole() -> None:
    result, _ = retrain(BASE, toy_parts(0.1), LABELS, seed=1)

    assert result.numbers.confusion == {
        "train": [[20, 0, 0], [0, 20, 0], [0, 0, 20]],
        "val": [[10, 0, 0], [0, 10, 0], [0, 0, 10]],
        "test": [[50, 0, 0], [0, 50, 0], [0, 0, 50]],
    }
    assert result.numbers.accuracy == {"train": 1, "val": 1, "test": 1}
    assert result.numbers.misclassified == []


def test_shuffled_labels_cannot_be_foretold() -> None:
    """The training labels can be learnt by heart, but the test images are then a matter of luck."""
    parts = toy_parts(3, shuffled=True, size=80)
    parts["val"] = parts["train"]  # nothing stops the learning by heart

    result, _ = retrain(BASE, parts, LABELS, seed=1)

    assert result.numbers.accuracy["train"] > 0.95
    assert abs(result.numbers.accuracy["test"] - 1 / 3) < 4 * (1 / 3 * 2 / 3 / 150) ** 0.5


def test_the_same_seed_gives_the_same_head() -> None:
    parts = toy_parts(3)
    one, same, other = (train_head(parts["train"], parts["val"], 3, seed) for seed in (5, 5, 6))

    for n, weights in enumerate(one.layer.get_weights()):
        np.testing.assert_array_equal(weights, same.layer.get_weights()[n])
        assert (weights != other.layer.get_weights()[n]).any()
    assert one.history == same.history != other.history


@pytest.mark.parametrize(("noise", "shuffled"), [(1.0, False), (3.0, True)])
def test_the_kept_head_is_that_of_the_best_epoch(noise: float, shuffled: bool) -> None:
    parts = toy_parts(noise, shuffled=shuffled)

    head = train_head(parts["train"], parts["val"], 3, seed=2)

    history, best = head.history, head.training.best_epoch - 1
    assert history.val_loss[best] == min(history.val_loss)
    assert history.val_loss.index(min(history.val_loss)) == best
    loss, accuracy = loss_and_accuracy(parts["train"], head)
    assert history.loss[best] == pytest.approx(loss, rel=1e-4)
    assert history.accuracy[best] == pytest.approx(accuracy)
    loss, accuracy = loss_and_accuracy(parts["val"], head)
    assert history.val_loss[best] == pytest.approx(loss, rel=1e-4)
    assert history.val_accuracy[best] == pytest.approx(accuracy)
    assert abs(history.val_loss[-1] - loss) > 1e-3 * loss  # the last epoch's head would show


def test_training_stops_twenty_epochs_after_the_best() -> None:
    parts = toy_parts(3, shuffled=True)

    head = train_head(parts["train"], parts["val"], 3, seed=2)

    assert head.training.epochs_run == head.training.best_epoch + 20 < head.training.max_epochs
    for series in head.history.model_dump().values():
        assert len(series) == head.training.epochs_run
    assert head.history.loss[-1] < head.history.loss[0]


def test_the_head_stands_on_raw_features() -> None:
    parts = toy_parts(1)

    head = train_head(parts["train"], parts["val"], 3, seed=2)

    assert head.training.feature_scale == pytest.approx(parts["train"].features.mean(), rel=1e-5)
    assert head.training.feature_scale > 50  # else a missing division would not show
    np.testing.assert_allclose(
        head.probabilities(parts["test"].features), softmax(parts["test"].features, head), atol=1e-5
    )


def test_features_that_are_all_zero_teach_nothing_and_break_nothing() -> None:
    labels = np.arange(6) % 3
    data = part("train", np.zeros((6, 4)), labels)

    head = train_head(data, data, 3, seed=1)

    assert head.training.feature_scale == 1
    np.testing.assert_allclose(head.probabilities(data.features), 1 / 3, atol=0.05)


def test_the_numbers_follow_from_the_probabilities() -> None:
    parts = toy_parts(1)

    result, head = retrain(BASE, parts, LABELS, seed=3)

    numbers = result.numbers
    for split, data in parts.items():
        np.testing.assert_array_equal(result.arrays[f"features_{split}"], data.features)
        probabilities = result.arrays[f"probabilities_{split}"]
        np.testing.assert_allclose(probabilities, softmax(data.features, head), atol=1e-5)
        counts = [[0] * 3 for _ in LABELS]
        for n, true in enumerate(data.labels):
            counts[true][int(probabilities[n].argmax())] += 1
        assert numbers.confusion[split] == counts
        assert numbers.correct[split] == counts[0][0] + counts[1][1] + counts[2][2]
        for i, label in enumerate(LABELS):
            score = numbers.per_class[split][label]
            assert score.support == sum(counts[i]) == list(data.labels).count(i)
            assert score.recall == pytest.approx(counts[i][i] / sum(counts[i]))
            assert score.precision == pytest.approx(counts[i][i] / sum(row[i] for row in counts))
    assert numbers.confusion["test"] != [list(row) for row in zip(*numbers.confusion["test"], strict=True)]


def test_misclassified_test_images_are_listed_with_their_probabilities() -> None:
    parts = toy_parts(1)

    result, _ = retrain(BASE, parts, LABELS, seed=3)

    probabilities = result.arrays["probabilities_test"]
    wrong = [n for n, true in enumerate(parts["test"].labels) if probabilities[n].argmax() != true]
    found = result.numbers.misclassified
    assert len(wrong) == result.numbers.total["test"] - result.numbers.correct["test"] > 3
    assert [item.file for item in found] == [parts["test"].images[n].file for n in wrong]
    for n, item in zip(wrong, found, strict=True):
        assert item.true == item.file.split("/")[1] != item.predicted
        assert item.probabilities == dict(zip(LABELS, map(float, probabilities[n]), strict=True))
        assert max(item.probabilities, key=lambda label: item.probabilities[label]) == item.predicted


def test_what_is_said_of_base_and_head() -> None:
    numbers = retrain(BASE, toy_parts(3, size=10), LABELS, seed=1)[0].numbers

    assert numbers.trainable_parameters == 10 * 3 + 3
    assert (numbers.feature_size, numbers.frozen_parameters) == (10, 1234)
    assert (numbers.feature_layer, numbers.feature_pooling) == ("block5_conv4", "global_average")
    assert numbers.classes == LABELS
    assert (numbers.training.optimizer, numbers.training.learning_rate) == ("Adam", 0.01)


def test_a_base_that_changed_is_reported() -> None:
    before, after = "b" * 64, "a" * 64
    hashes = cycle([before, after])
    base = FrozenBase("fc2", pooled=False, parameters=1, fingerprint=lambda: next(hashes))

    numbers = retrain(base, toy_parts(3), LABELS, seed=1)[0].numbers

    assert (numbers.frozen_sha256.before, numbers.frozen_sha256.after) == (before, after)
    assert numbers.feature_pooling == "none"


@pytest.mark.slow
def test_training_leaves_vgg19_untouched(backbone: Backbone) -> None:
    before = [weight.numpy().copy() for weight in backbone.network.weights]
    base = FrozenBase("block5_conv4", True, backbone.parameters, backbone.fingerprint)

    numbers = retrain(base, toy_parts(3), LABELS, seed=1)[0].numbers

    assert numbers.frozen_sha256.before == numbers.frozen_sha256.after == backbone.fingerprint()
    assert len(numbers.frozen_sha256.before) == 64
    for old, weight in zip(before, backbone.network.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    assert backbone.network.trainable_weights == []
    assert numbers.frozen_parameters == sum(old.size for old in before) == 20_024_384
