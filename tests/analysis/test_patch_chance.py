"""Patches beside boxes at random places: every box is cut out, and every place counted, one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_results import document, results_of

from reportgen.results import Box
from reportgen.sections.neurons.chance import Scene, judge_flatness, measure_boxes
from reportgen.sections.neurons.claims import decide
from reportgen.sections.neurons.patches import group_overlapping


def box(top: int, left: int, height: int, width: int) -> Box:
    return Box(rows=(top, top + height), cols=(left, left + width))


def as_image(levels: NDArray[np.integer]) -> NDArray[np.uint8]:
    return np.repeat(levels.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


@pytest.fixture(scope="module")
def levels() -> NDArray[np.int64]:
    found = np.random.default_rng(7).integers(0, 256, (9, 8)).astype(np.int64)
    found[:5, :4] = 3  # black, and flat: boxes of equal contrast
    return found


def test_all_boxes_of_a_size_are_those_that_are_cut_out(levels: NDArray[np.int64]) -> None:
    height, width = 3, 2
    cut = {
        (i, j): levels[i : i + height, j : j + width] / 255
        for i, j in product(range(9 - height + 1), range(8 - width + 1))
    }
    found = measure_boxes(levels, height, width)
    assert found.contrast.shape == (7, 7)
    for position, part in cut.items():
        assert found.contrast[position] == pytest.approx(part.std(), abs=1e-12)
        below = sum(other.std() < part.std() - 1e-12 for other in cut.values())
        equal = sum(abs(other.std() - part.std()) <= 1e-12 for other in cut.values())
        assert found.flatter[position] == pytest.approx((below + equal / 2) / len(cut))
    assert found.black == pytest.approx(np.mean([(part < 0.05).mean() for part in cut.values()]))
    reaching = [i in (0, 9 - height) or j in (0, 8 - width) for i, j in cut]
    assert found.at_edge == pytest.approx(np.mean(reaching))


def test_a_patch_of_the_whole_image_has_one_place(levels: NDArray[np.int64]) -> None:
    found = measure_boxes(levels, 9, 8)
    assert (found.flatter.tolist(), found.at_edge) == ([[0.5]], 1.0)


def test_what_chance_gives_is_the_mean_over_all_places(levels: NDArray[np.int64]) -> None:
    patches = [box(0, 0, 3, 2), box(5, 4, 4, 4)]
    image = as_image(levels)
    luma = np.asarray(Image.fromarray(image).convert("L")) / 255
    stds = [
        [
            luma[i : i + h, j : j + w].std()
            for i, j in product(range(9 - h + 1), range(8 - w + 1))
        ]
        for h, w in ((3, 2), (4, 4))
    ]  # fmt: skip
    found = Scene.of(patches, image).describe()
    assert found.contrast == pytest.approx(np.mean([np.mean(each) for each in stds]))
    assert found.flatter == pytest.approx(sum(np.mean(np.array(each) < luma.std()) for each in stds))
    assert found.at_edge == pytest.approx(1 - 5 * 5 / 49 + 1 - 4 * 3 / 30)


def test_overlapping_patches_move_together_and_others_alone(levels: NDArray[np.int64]) -> None:
    """Red if each patch moves by itself, or all of an image do: both give another spread."""
    patches = [box(0, 0, 4, 4), box(0, 1, 4, 4), box(1, 0, 4, 4), box(6, 5, 2, 2)]
    assert group_overlapping(patches)[3] not in group_overlapping(patches)[:3]
    scene = Scene.of(patches, as_image(levels))
    together, alone = measure_boxes(levels, 4, 4).flatter, measure_boxes(levels, 2, 2).flatter
    first = [together[i, j] + together[i, j + 1] + together[i + 1, j] for i, j in product(range(5), range(4))]
    drawn = scene.draw(np.random.default_rng(3), 20_000)
    assert drawn.mean() == pytest.approx(np.mean(first) + alone.mean(), abs=0.02)
    assert drawn.var() == pytest.approx(np.var(first) + alone.var(), rel=0.03)
    assert scene.ranks() == [together[0, 0], together[0, 1], together[1, 0], alone[6, 5]]


@pytest.fixture(scope="module")
def half_flat() -> NDArray[np.uint8]:
    """An image that is nearly flat above, and noise below."""
    rng = np.random.default_rng(5)
    levels = rng.integers(0, 256, (80, 80))
    levels[:40] = 128 + rng.integers(0, 9, (40, 80))
    return as_image(levels)


def grid(top: int) -> list[Box]:
    return [box(top + 10 * (n % 3), 10 * (n // 3), 8, 8) for n in range(18)]


def test_flat_patches_are_flatter_than_chance_and_others_are_not(half_flat: NDArray[np.uint8]) -> None:
    flat, noisy = (judge_flatness([Scene.of(grid(top), half_flat)], 1) for top in (0, 45))
    mixed = judge_flatness([Scene.of(grid(0)[::2] + grid(45)[1::2], half_flat)], 1)
    assert flat.share < flat.expected < noisy.share
    assert max(flat.p_value, noisy.p_value) <= 0.002
    assert mixed.p_value > 0.2
    for each in (flat, noisy, mixed):
        assert each.expected == pytest.approx(0.5, abs=0.02)
        # Half of all boxes, and some of those on the border, are flatter than the whole.
        assert 9 <= each.flatter <= 12


def test_patches_at_one_place_are_one_chance(half_flat: NDArray[np.uint8]) -> None:
    """Twenty patches that show the same pixels: by themselves they would be significant."""
    again = [box(15, 20, 8, 8)] * 20
    assert judge_flatness([Scene.of(again, half_flat)], 1).p_value > 0.05


@pytest.mark.parametrize(
    ("share", "p_value", "passed", "weighs"),
    [(0.1, 0.002, True, True), (0.9, 0.002, False, True), (0.4, 0.1, False, False)],
)
def test_flatness_is_claimed_beside_chance(share: float, p_value: float, passed: bool, weighs: bool) -> None:
    changed = document()
    changed["neurons"]["flatness"] |= {"share": share, "p_value": p_value}
    (claim,) = [each for each in decide(results_of(changed).neurons) if each.name == "patches_flatter"]
    assert (claim.passed, claim.weight > 0) == (passed, weighs)
