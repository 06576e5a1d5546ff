"""Who shares images and numbers, against counting by pairs; and statistics against Python's own."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reportgen.batch.contents import Shared, find_equal_results, find_shared_images
from reportgen.batch.job import Outcome
from reportgen.batch.tables import spread_of, spread_scores

FILES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12345"), max_size=4)
CLASSES = st.dictionaries(st.sampled_from(["A", "B", "C", "D"]), FILES)


def test_who_shares_how_many() -> None:
    images = {
        "A": {"1.jpg": "x", "2.jpg": "y", "copy.jpg": "x"},
        "B": {"1.jpg": "z"},
        "C": {"9.jpg": "x"},
        "D": {"7.jpg": "x", "8.jpg": "y", "9.jpg": "w"},
    }
    assert find_shared_images(images) == [
        Shared("A", 2, 2, (("D", 2), ("C", 1))),
        Shared("D", 3, 2, (("A", 2), ("C", 1))),
        Shared("C", 1, 1, (("A", 1), ("D", 1))),
    ]


@given(CLASSES)
def test_shared_images_are_those_of_the_pairs(images: dict[str, dict[str, str]]) -> None:
    pairs = {
        (a, b): len(set(images[a].values()) & set(images[b].values()))
        for a, b in itertools.permutations(images, 2)
    }
    found = find_shared_images(images)
    told = {(each.group, name): count for each in found for name, count in each.partners}
    assert told == {pair: count for pair, count in pairs.items() if count}
    for each in found:
        others = {sha for name in images if name != each.group for sha in images[name].values()}
        assert each.shared == len(set(images[each.group].values()) & others)


def test_equal_results() -> None:
    assert find_equal_results({"A": "1", "B": "", "C": "1", "D": "", "E": "2"}) == [("A", "C")]


@given(st.lists(st.integers(0, 8), min_size=1))
def test_mean_median_and_counts(halves: Sequence[int]) -> None:
    scores = [Decimal(half) / 2 for half in halves]
    spread = spread_of("Q1", Decimal(4), scores)
    assert abs(spread.mean - statistics.mean(scores)) <= Decimal("0.005")
    assert spread.median == statistics.median(scores)
    assert spread.full == scores.count(Decimal(4)) == spread.counts[-1]
    assert spread.counts[0] == scores.count(Decimal(0))
    assert sum(spread.counts) == len(scores) == spread.groups
    # 0.5 of 4 is 12.5 %, so the second tenth; 2 of 4 is just 50 %, the fifth.
    assert spread.counts[2] == scores.count(Decimal("0.5"))
    assert spread.counts[5] == scores.count(Decimal(2))


def test_a_bonus_is_counted_among_all_points_and_a_deduction_has_no_share() -> None:
    spread = spread_of("Sum", Decimal(4), [Decimal(5), Decimal("4.6"), Decimal(0)])
    assert (spread.mean, spread.median, spread.full) == (Decimal("3.2"), Decimal("4.6"), 2)
    assert sum(spread.counts) == 3
    assert spread.counts[-1] == 2
    assert spread_of("Late", Decimal(0), [Decimal(-2), Decimal(0)]).counts[0] == 2


def test_a_mean_is_full_only_if_all_are() -> None:
    spread = spread_of("Q1", Decimal(4), [Decimal(4)] * 999 + [Decimal("3.99")])
    assert spread.mean < 4
    assert spread.full == 999


def test_without_grades_there_are_no_statistics() -> None:
    assert spread_scores([Outcome("data", "x")]) is None
