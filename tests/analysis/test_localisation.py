"""Where maps point, beside plain loops over pixels, boxes and places."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.results import Box
from reportgen.sections.methods.localisation import (
    MEASURES,
    InOutline,
    Sample,
    centre_energy,
    localise,
    measure_maps,
    measure_outline,
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


ROWS, COLS = np.mgrid[:SIDE, :SIDE]
DISC = (ROWS - 50) ** 2 + (COLS - 140) ** 2 <= 30**2
"""An outline within the animal's box, which has corners that lie outside it."""


def test_maps_are_measured_inside_the_outline_and_not_its_box() -> None:
    # In the box's corner, on the disc, and beyond both; by size each a third.
    corner, middle = spread((20, 24), (110, 115), 2.0), spread((50, 60), (140, 144), -1.0)
    beyond = spread((200, 205), (0, 8))
    maps = np.stack([corner + middle + beyond, -middle, beyond, np.zeros((SIDE, SIDE), np.float32)])
    assert not DISC[20:24, 110:115].any()
    assert DISC[50:60, 140:144].all()
    found = measure_outline(maps, DISC, ANIMAL)
    assert found.measured == pytest.approx(np.array([[0, 1 / 3], [1, 1], [0, 0], [0, 0]]))
    # The box holds two thirds of the first, and its peak.
    assert measured(maps[0])["energy"] == pytest.approx(2 / 3)
    assert measured(maps[0])["hit"] == 1
    assert found.area == pytest.approx(np.pi * 30**2 / SIDE**2, rel=0.01)
    assert (found.centre_hit, found.centre_energy) == (False, 0.0)


def test_the_middle_is_measured_inside_the_outline_too() -> None:
    square = mask((90, 130), (100, 124))
    found = measure_outline(np.ones((1, SIDE, SIDE), np.float32), square, ANIMAL)
    assert found.centre_hit
    # Of 60 × 80 even pixels in the middle 40 × 24 lie inside.
    assert found.centre_energy == pytest.approx(40 * 24 / (60 * 80))
    assert found.measured == pytest.approx(np.array([[0, 40 * 24 / SIDE**2]]))


def outlined(n: int, energies: tuple[float, float], area: float) -> Sample:
    inside = InOutline(np.array([[1, energies[0]], [n % 2, energies[1]]], float), area, n % 4 == 0, 0.125)
    made = sample(1, 0.5)
    return Sample(made.file, made.measured, made.animal, inside)


def test_outlines_are_estimated_over_the_images_that_have_one() -> None:
    # The second method has what chance gives it, image by image, though more than chance gives on average.
    samples = [outlined(n, (0.5, 0.1 + 0.01 * n), 0.1 + 0.01 * n) for n in range(20)]
    found = localise([*samples, sample(0, 0.0), sample(1, 1.0)], ["a", "b"], 1)
    assert found is not None
    assert found.images == 22
    inside = found.outlined
    assert inside is not None
    first, second = inside.methods
    assert inside.images == 20
    assert inside.random == pytest.approx(0.195)
    assert (inside.centre_hits, inside.centre_energy) == (0.25, 0.125)
    assert (first.hits.mean, second.hits.mean) == (1.0, 0.5)
    assert second.hits.low == pytest.approx(0.5 - 1.96 * 0.5 / 20**0.5, abs=0.05)
    assert first.gain.mean == pytest.approx(0.305)
    assert first.gain.low > 0.27
    assert [second.gain.low, second.gain.high] == pytest.approx([0, 0])
    assert inside.shown_better == 1
    few = localise(samples[:19], ["a", "b"], 1)
    assert few is not None
    assert few.outlined is not None
    assert few.outlined.shown_better is None
    without = localise([sample(1, 0.5)] * 20, ["a", "b"], 1)
    assert without is not None
    assert without.outlined is None
