"""Errors and what they resemble, judged by SciPy, scikit-learn and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from reportgen.dataset.decode import NEAR, grey, hash_image
from reportgen.results import ImageFile
from reportgen.results.inference import weigh_sample, weigh_share
from reportgen.sections.errors.claims import decide, list_figures
from reportgen.sections.errors.compute import ImageFeatures, find_errors
from reportgen.sections.errors.likeness import compare_features, find_plane, find_twins
from reportgen.sections.errors.result import Errors
from reportgen.split import SPLITS, Split

CLASSES = ("ant", "bee", "cat")
Features = NDArray[np.float32]


def scene(seed: int) -> NDArray[np.uint8]:
    """A smooth picture (224, 224, 3) of blocks that run into each other."""
    blocks = np.random.default_rng(seed).integers(30, 200, (7, 7, 3)).astype(float)
    grid = np.linspace(0, 6, 224)
    low, part = np.minimum(grid.astype(int), 5), (grid - np.minimum(grid.astype(int), 5))[:, None, None]
    rows = blocks[low] * (1 - part) + blocks[low + 1] * part
    across = part.transpose(1, 0, 2)
    found: NDArray[np.uint8] = np.rint(rows[:, low] * (1 - across) + rows[:, low + 1] * across).astype(
        np.uint8
    )
    return found


def distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int((hash_image(one) != hash_image(other)).sum())


def test_the_hash_is_that_of_the_cosine_transform() -> None:
    pixels = scene(1)
    small = grey(pixels).astype(float).reshape(32, 7, 32, 7).mean((1, 3))
    # By its definition (DCT-II); the factors of each frequency decide no sign, but the median.
    n, scale = np.arange(32), np.where(np.arange(8) == 0, np.sqrt(1 / 32), np.sqrt(2 / 32))
    wave = [scale[k] * np.cos(np.pi * (n + 0.5) * k / 32) for k in range(8)]
    lowest = np.array([(np.outer(one, other) * small).sum() for one in wave for other in wave])
    expected = lowest > np.median(np.delete(lowest, 0))
    assert hash_image(pixels).tolist() == expected.tolist()


def test_a_scene_is_near_itself_in_another_light_and_far_from_others() -> None:
    pixels = scene(1)
    assert distance(pixels, pixels) == 0
    assert distance(pixels, (pixels * 0.8 + 20).astype(np.uint8)) <= NEAR
    assert distance(pixels, np.roll(pixels, 2, axis=1)) <= NEAR
    others = [distance(scene(i), scene(j)) for i in range(8) for j in range(i)]
    assert min(others) > NEAR


def test_twins_are_those_of_brute_force_and_of_two_splits_only() -> None:
    rng = np.random.default_rng(3)
    hashes = rng.random((30, 64)) < 0.5
    splits: list[Split] = [SPLITS[n % 3] for n in range(30)]
    for n, other in ((4, 0), (8, 1), (9, 0), (20, 1)):  # 9 and 0 are of one split
        hashes[n] = hashes[other]
        hashes[n, : n % 5] ^= True
    hashes[11] = hashes[10]
    hashes[11, :NEAR] ^= True  # as far as they may be
    hashes[13] = hashes[12]
    hashes[13, : NEAR + 1] ^= True  # one too far
    expected = sorted(
        (int((hashes[i] != hashes[j]).sum()), i, j)
        for i in range(30)
        for j in range(30)
        if SPLITS.index(splits[i]) < SPLITS.index(splits[j]) and (hashes[i] != hashes[j]).sum() <= NEAR
    )
    assert find_twins(hashes, splits) == expected
    assert {(10, 11), (11, 10)} & {(i, j) for _, i, j in expected}
    assert not {(12, 13), (13, 12), (0, 9)} & {(i, j) for _, i, j in expected}


def test_cosines_are_those_of_scikit_learn_and_zero_for_nothing() -> None:
    rng = np.random.default_rng(4)
    one, other = (rng.random((n, 7)).astype(np.float32) for n in (4, 5))
    np.testing.assert_allclose(compare_features(one, other), cosine_similarity(one, other), atol=1e-6)
    one[2] = 0
    assert compare_features(one, other)[2].tolist() == [0] * 5


@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
def test_the_plane_is_that_of_principal_components(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(5).normal(size=shape).astype(np.float32) * np.arange(1, shape[1] + 1)
    axes, shares = find_plane(features)
    model = PCA(2, svd_solver="full").fit(features.astype(float))
    np.testing.assert_allclose(shares, model.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(np.abs(np.sum(axes * model.components_, axis=1)), 1, rtol=1e-5)
    assert all(axis[np.abs(axis).argmax()] > 0 for axis in axes)


@pytest.mark.parametrize("features", [np.ones((5, 3)), np.ones((1, 4)), np.zeros((2, 1))])
def test_without_any_variance_all_is_one_point(features: NDArray[np.float64]) -> None:
    axes, shares = find_plane(features)
    assert (np.abs(axes).max(), shares) == (0, (0.0, 0.0))


def made(
    wrong: dict[int, int], *, like: int | None = None, twins: bool = False, dimensions: int = 3
) -> Errors:
    """Four training and three test images of each class along its own axis.

    ``wrong``: test image → class that it is taken for; with ``like`` the features of these are of that class.
    """
    images: list[ImageFile] = []
    features: list[NDArray[Any]] = []
    probabilities: list[NDArray[Any]] = []
    rng = np.random.default_rng(6)
    for split, count in (("test", 3), ("train", 4), ("val", 1)):
        for i, label in enumerate(CLASSES):
            for n in range(count):
                described = {"file": f"{split}/{label}/{n}", "split": split, "label": label}
                images.append(ImageFile.model_validate({**described, "sha256": "0" * 64}))
                number = len(probabilities)
                axis = like if split == "test" and number in wrong and like is not None else i
                features.append(np.eye(dimensions)[axis] + 0.02 * rng.random(dimensions))
                if split == "test":
                    taken = wrong.get(number, i)
                    probabilities.append(np.where(np.arange(3) == taken, 0.5 + 0.05 * number, 0.01))
    hashes = rng.random((len(images), 64)) < 0.5
    if twins:
        hashes[-1] = hashes[0]  # validation and test
        hashes[9] = hashes[10] = hashes[1]  # two training images and a test image
    seen = ImageFeatures(images, np.array(features, np.float32), hashes)
    return find_errors(seen, np.array(probabilities, np.float32), CLASSES).numbers


def reported(numbers: Errors) -> dict[str, tuple[bool, float]]:
    return {claim.name: (claim.passed, claim.weight) for claim in decide(numbers)}


def test_errors_are_beside_training_images_of_the_class_they_resemble() -> None:
    numbers = made({1: 2, 4: 0, 8: 0}, like=0)
    assert [(each.file, each.true, each.predicted) for each in numbers.mistakes] == [
        ("test/ant/1", "ant", "cat"), ("test/bee/1", "bee", "ant"), ("test/cat/2", "cat", "ant"),
    ]  # fmt: skip
    for mistake in numbers.mistakes:
        assert [one.file.rpartition("/")[0] for one in mistake.nearest] == ["train/ant"] * 3
        assert mistake.nearest[0].similarity >= mistake.nearest[1].similarity >= mistake.nearest[2].similarity
    assert (numbers.near_taken, numbers.near_own, numbers.total, numbers.agreeing) == (2, 1, 9, 7)
    assert [(c.true, c.predicted, c.count) for c in numbers.confusions] == [
        ("ant", "cat", 1), ("bee", "ant", 1), ("cat", "ant", 1),
    ]  # fmt: skip
    assert "errors_resemble" not in reported(numbers)  # two of three may be chance


def test_errors_that_resemble_their_own_class_are_told_as_such() -> None:
    numbers = made({0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 2})
    assert (numbers.near_taken, numbers.near_own) == (0, 6)
    assert numbers.faultless == ["cat"]
    assert [(c.true, c.predicted, c.count) for c in numbers.confusions] == [
        ("ant", "bee", 3), ("bee", "cat", 3),
    ]  # fmt: skip
    assert binomtest(0, 6).pvalue < 0.05 < binomtest(0, 5).pvalue
    passed, weight = reported(numbers)["errors_resemble"]
    assert not passed
    assert weight == pytest.approx(1 - 2 * float(binomtest(0, 6).proportion_ci(method="wilson").high))


@pytest.mark.parametrize("dimensions", [3, 4096])
def test_without_an_error_nothing_is_claimed_of_errors(dimensions: int) -> None:
    numbers = made({}, dimensions=dimensions)
    assert (len(numbers.mistakes), len(numbers.confusions)) == (0, 0)
    assert numbers.faultless == list(CLASSES)
    assert reported(numbers) == {"splits_apart": (True, 0.0)}
    assert list(list_figures(numbers)) == ["map"]
    assert [each.file for each in numbers.surest] == ["test/cat/2", "test/cat/1", "test/cat/0"]
    assert [each.file for each in numbers.least_sure] == ["test/ant/0", "test/ant/1", "test/ant/2"]


def test_near_duplicates_are_counted_by_pair_and_by_test_image() -> None:
    numbers = made({}, twins=True)
    assert numbers.pairs == 3
    assert numbers.leaked == 2
    assert {(each.first, each.second) for each in numbers.twins} == {
        ("val/cat/0", "test/ant/0"), ("train/ant/0", "test/ant/1"), ("train/ant/1", "test/ant/1"),
    }  # fmt: skip
    assert reported(numbers)["splits_apart"] == (False, 2 / 9)


@pytest.mark.parametrize(
    ("count", "total", "expected"), [(45, 50, 0.5), (5, 50, 0.5), (26, 50, 0.5), (9, 9, 1)]
)
def test_a_sample_weighs_by_the_nearer_end_of_its_interval(count: int, total: int, expected: float) -> None:
    interval = binomtest(count, total).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    wanted = 0.0
    if low > expected:
        wanted = (low - expected) / (1 - expected)
    elif high < expected:
        wanted = (expected - high) / expected
    assert weigh_sample(count, total, expected) == pytest.approx(wanted)


def test_a_share_weighs_as_far_as_it_could_be_off() -> None:
    assert weigh_share(1, 0.25) == weigh_share(0, 0.25) == 1
    assert weigh_share(0.25, 0.25) == weigh_share(1, 1) == weigh_sample(0, 0, 0.5) == 0
    assert weigh_share(0.625, 0.25) == pytest.approx(0.5)
