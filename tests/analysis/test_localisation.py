"""Where maps point, beside plain loops over pixels, boxes and places."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.results import Box
from reportgen.sections.methods.localisation import (
    MEASURES,
    Sample,
    centre_energy,
    localise,
    measure_maps,
)

SIDE = 224
ANIMAL = Box(rows=(20, 80), cols=(100, 180))


def spread(rows: tuple[int, int], cols: tuple[int, int], value: float = 1.0) -> NDArray[np.float32]:
    """A map that is even in a box and zero elsewhere."""
    values = np.zeros((SIDE, SIDE), np.float32)
    values[slice(*rows), slice(*cols)] = value
    return values


def mask(rows: tuple[int, int], cols: tuple[int, int]) -> NDArray[np.bool_]:
    return spread(rows, cols) > 0


def union_share(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def measured(values: NDArray[np.float32], animal: Box = ANIMAL) -> dict[str, float]:
    return dict(zip(MEASURES, measure_maps(values[None], animal)[0].tolist(), strict=True))


def test_a_map_on_half_of_the_animal() -> None:
    # Negative values count by their size, and decide where the map points.
    values = spread((20, 50), (100, 180), -2.0) + spread((150, 180), (0, 80), 1.0)
    found = measured(values)
    assert found["hit"] == 1
    assert found["energy"] == pytest.approx(2 / 3)
    assert measured(-values) == found
    assert (
        measured(spread((150, 180), (0, 80)))["hit"] == measured(spread((150, 180), (0, 80)))["energy"] == 0
    )


def test_overlaps_are_those_of_pixels_and_of_all_places() -> None:
    small = Box(rows=(10, 40), cols=(190, 224))
    found = measured(spread((0, 200), (20, 220)), small)
    # From the 5 % to the 95 % quantile of 200 even rows, both ends included.
    patch = mask((9, 190), (29, 210))
    animal = mask(small.rows, small.cols)
    assert found["overlap"] == pytest.approx(union_share(patch, animal))
    assert found["centre_overlap"] == pytest.approx(union_share(mask((21, 202), (21, 202)), animal))
    locations = [
        union_share(mask((row, row + 181), (col, col + 181)), animal)
        for row in range(0, SIDE - 180)
        for col in range(0, SIDE - 180)
    ]
    assert found["random_overlap"] == pytest.approx(np.mean(locations))


def test_a_map_of_nothing_points_nowhere() -> None:
    assert set(measured(np.zeros((SIDE, SIDE), np.float32)).values()) == {0.0}


def test_the_energy_of_the_middle_is_what_two_boxes_share() -> None:
    centred = mask((82, 142), (72, 152))
    assert centre_energy(ANIMAL) == 0.0
    box = Box(rows=(100, 160), cols=(100, 180))
    assert centre_energy(box) == pytest.approx((centred & mask(box.rows, box.cols)).sum() / (60 * 80))


def sample(hit: float, energy: float, animal: Box = ANIMAL) -> Sample:
    return Sample(
        "test/x.png", np.array([[hit, energy, 0.3, 0.1, 0.2], [1 - hit, 0.1, 0.3, 0.1, 0.2]]), animal
    )


def test_intervals_hold_what_chance_leaves_open() -> None:
    samples = [sample(n % 2, 0.2 + 0.6 * (n % 2)) for n in range(40)]
    found = localise(samples, ["a", "b"], 1)
    assert found is not None
    first, second = found.methods
    area = 60 * 80 / SIDE**2
    assert first.energy.mean == pytest.approx(0.5)
    assert (first.hits.mean, found.images) == (0.5, 40)
    # The standard error of a mean of forty is half over √40; a normal interval is 1.96 of it.
    assert first.hits.low == pytest.approx(0.5 - 1.96 * 0.5 / 40**0.5, abs=0.03)
    assert first.hits.high == pytest.approx(0.5 + 1.96 * 0.5 / 40**0.5, abs=0.03)
    assert first.gain.mean == pytest.approx(0.5 - area)
    assert [second.gain.low, second.gain.high] == pytest.approx([0.1 - area] * 2)
    assert found.random == pytest.approx(area)
    assert (found.better, found.shown_better) == (2, 2)
    assert localise(samples, ["a", "b"], 1) == found
    assert localise([], ["a"], 1) is None


def test_below_so_many_images_an_interval_of_chance_lies_above_zero_too_often() -> None:
    """Of maps that gain nothing one interval in forty lies above zero, if it keeps its promise."""
    rng = np.random.default_rng(3)
    area, trials, cases = 60 * 80 / SIDE**2, 250, 40

    def count(images: int) -> tuple[int, int]:
        """Of all the methods' intervals those above zero, and those that are shown to be."""
        energies = area + rng.uniform(-area, area, (trials // cases + 1, images, cases))
        measured = np.stack([np.zeros_like(energies), energies, *[np.zeros_like(energies)] * 3], axis=-1)
        found = [localise([Sample("x", row, ANIMAL) for row in each], ["a"] * cases, 1) for each in measured]
        known = [each for each in found if each is not None]
        return sum(each.better for each in known), sum(each.shown_better or 0 for each in known)

    few, enough = count(3), count(20)
    assert few[0] > 2 * 0.025 * 280
    assert few[1] == 0
    assert enough[0] == enough[1] < 2 * 0.025 * 280 + 8


def test_chance_counts_image_by_image() -> None:
    whole = Box(rows=(0, SIDE), cols=(0, SIDE))
    found = localise([sample(1, 1.0, whole)] * 5, ["a", "b"], 1)
    assert found is not None
    # All of every map lies on an animal that fills the image, which is no merit.
    assert (found.methods[0].energy.mean, found.methods[0].gain.low) == (1.0, 0.0)
    assert (found.better, found.centre_hits, found.random) == (0, 1.0, 1.0)
    assert found.better_than_centre == 0
