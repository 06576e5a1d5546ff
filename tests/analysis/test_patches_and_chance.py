"""Tests of patches and of found boxes: by enumeration, by another library, and on data without any effect."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binomtest
from small_results import small_results

from reportgen.results import Box
from reportgen.results.inference import rank_sum_tail, sign_p_value
from reportgen.sections.occlusion.chance import group_overlapping, rank_tail
from reportgen.sections.occlusion.claims import decide
from reportgen.sections.occlusion.result import OccludedNeuron, Occlusion


@pytest.mark.parametrize(("ranks", "most"), [(1, 4), (2, 5), (3, 6), (4, 3), (6, 2)])
def test_sums_of_ranks_are_counted_one_by_one(ranks: int, most: int) -> None:
    sums = [sum(each) for each in itertools.product(range(most + 1), repeat=ranks)]
    for total in (-1, *range(ranks * most + 2)):
        # A mean may lie between two whole numbers.
        for part in (Fraction(0), Fraction(1, 3)):
            wanted = sum(each <= total + part for each in sums) / len(sums)
            assert rank_sum_tail(total + part, ranks, most) == pytest.approx(wanted, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("above", "below"), [(0, 0), (3, 0), (9, 2), (6, 3), (13, 2), (40, 70)])
def test_signs_of_ones_are_those_of_a_fair_coin(above: int, below: int) -> None:
    wanted = binomtest(above, above + below).pvalue if above + below else 1.0
    assert sign_p_value([1] * above + [-1] * below) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("differences", [[3, 1, 1], [1, 4, -3, 1], [1, 2, 1, 3], [0, 0, 2], [5, 5, -5, 2, 1]])
def test_signs_of_groups_are_turned_in_all_ways(differences: list[int]) -> None:
    sums = [
        abs(sum(sign * each for sign, each in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    wanted = sum(each >= abs(sum(differences)) for each in sums) / len(sums)
    assert sign_p_value(differences) == pytest.approx(wanted, rel=1e-12)


def box(top: int, left: int, side: int = 10) -> Box:
    return Box(rows=(top, top + side), cols=(left, left + side))


def test_boxes_that_overlap_are_at_one_place_be_it_by_way_of_others() -> None:
    # The first and the third touch nothing but the fourth; the second only shares an edge with the first.
    boxes = [[box(0, 0)], [box(10, 0)], [box(0, 18)], [box(0, 9)], [box(50, 50), box(100, 0)], [box(105, 5)]]
    found = {frozenset(group) for group in group_overlapping(boxes)}
    assert found == {frozenset({0, 2, 3}), frozenset({1}), frozenset({4, 5})}
    assert group_overlapping([]) == []


def section_of(images: Sequence[Sequence[tuple[int, int, Box]]], random_boxes: int = 30) -> Occlusion:
    """Images by their neurons: the boxes as bad as the patch, those that are worse, and the patch."""
    section = small_results().occlusion
    given = section.neurons["cat"][0]
    neurons = {
        str(k): [
            OccludedNeuron.model_validate(
                given.model_dump()
                | {
                    "harming": as_bad,
                    "harming_more": worse,
                    "patch": given.patch.model_dump() | {"box": own.model_dump()},
                }
            )
            for as_bad, worse, own in image
        ]
        for k, image in enumerate(images)
    }
    copied: Occlusion = section.model_copy(update={"neurons": neurons, "random_boxes": random_boxes})
    return copied


def test_patches_at_one_place_count_once() -> None:
    apart = section_of([[(6, 6, box(20 * n, 0)) for n in range(5)]])
    together = section_of([[(6, 6, box(n, 0)) for n in range(5)]])
    assert (apart.patch_places, together.patch_places) == (5, 1)
    # The distribution of a sum of five ranks, one after the other; and a single rank of at most 6 of 30.
    sums = functools.reduce(np.convolve, [np.full(31, 1 / 31)] * 5)
    assert apart.patch_p_value == pytest.approx(2 * sums[:31].sum())
    assert together.patch_p_value == pytest.approx(2 * 7 / 31)
    assert apart.patch_harm == "more"
    assert together.patch_harm is None


def test_boxes_as_bad_as_the_patch_count_against_both() -> None:
    """Where every box silences the neuron no patch can be told from it."""
    silenced = section_of([[(30, 0, box(20 * n, 0)) for n in range(8)]])
    assert silenced.patch_p_value == 1.0
    assert silenced.patch_harm is None
    assert section_of([[(30, 28, box(20 * n, 0)) for n in range(8)]]).patch_harm == "less"
    # Older documents do not tell how many are worse.
    old = section_of([[(30, 30, box(20 * n, 0)) for n in range(8)]])
    forgotten = {
        label: [each.model_copy(update={"harming_more": None}) for each in own]
        for label, own in old.neurons.items()
    }
    assert old.model_copy(update={"neurons": forgotten}).patch_harm is None


@pytest.mark.parametrize("together", [pytest.param(False, marks=pytest.mark.long), True])
def test_of_patches_without_effect_one_in_twenty_is_claimed_to_differ(together: bool) -> None:
    """Random ranks, in an image all alike or each by itself: more than half of them is no claim."""
    rng = np.random.default_rng(5)
    reported, most_of_them, trials = 0, 0, 600
    for _ in range(trials):
        ranks = rng.integers(0, 31, (3, 5))
        if together:
            ranks[:] = ranks[:, :1]
        positions = [box(n if together else 20 * n, 0) for n in range(5)]
        images = [[(int(r), int(r), own) for r, own in zip(row, positions, strict=True)] for row in ranks]
        section = section_of(images)
        reported += section.patch_harm is not None
        most_of_them += 2 * section.harming > section.measured
        assert {each.name: each.passed for each in decide(section)}["patches_harm"] is (
            section.patch_harm == "more"
        )
    # Four standard deviations of a share of one in twenty.
    assert reported <= trials * 0.05 + 4 * (trials * 0.05 * 0.95) ** 0.5
    assert most_of_them > 0.35 * trials


def test_the_tail_of_groups_is_that_of_their_means() -> None:
    assert rank_tail([[1, 2], [3]], 4) == rank_sum_tail(Fraction(9, 2), 2, 4)
    assert rank_tail([], 4) == 1.0
