"""Who shares images and words, against counting by pairs; and statistics against Python's own."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reportgen.batch.copies import (
    ALIKE,
    Copy,
    Shared,
    compare_images,
    find_copies,
    find_guests,
    find_shared_images,
    hash_images,
)
from reportgen.batch.job import Author, Outcome, Traits
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


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=4), min_size=2, max_size=3), st.data())
def test_images_that_were_saved_again_are_found_by_few_bits(
    groups: list[list[int]], data: st.DataObject
) -> None:
    """Against the distances of all pairs, counted one by one; every file has bytes of its own."""
    for hashes in groups[1:]:
        if groups[0] and hashes:
            flipped = data.draw(st.sets(st.integers(0, 63), max_size=2 * ALIKE))
            hashes[0] = groups[0][0] ^ sum(1 << bit for bit in flipped)
    named = {f"G{n}": {f"{n}.{i}": value for i, value in enumerate(each)} for n, each in enumerate(groups)}
    images = {name: {f"{file}.jpg": file for file in files} for name, files in named.items()}
    likeness = {name: {file: f"{value:016x}" for file, value in each.items()} for name, each in named.items()}
    told = {each.group: each.shared for each in find_shared_images(images, likeness)}
    for name, files in named.items():
        others = [value for other, each in named.items() if other != name for value in each.values()]
        near = sum(any((mine ^ value).bit_count() <= ALIKE for value in others) for mine in files.values())
        assert told.get(name, 0) == near


def test_a_picture_that_is_saved_again_is_alike_and_another_is_not(tmp_path: Path) -> None:
    for group, seed, suffix in (("a", 1, "png"), ("b", 1, "jpg"), ("c", 2, "png")):
        (tmp_path / group / "cat").mkdir(parents=True)
        smooth = Image.fromarray(np.random.default_rng(seed).integers(0, 255, (9, 9, 3), np.uint8))
        image = smooth.resize((300, 260), Image.Resampling.BICUBIC)
        image.save(tmp_path / group / f"cat/x.{suffix}", quality=70)
    Image.new("RGB", (60, 60), "white").save(tmp_path / "c/cat/blank.png")
    likeness = {group: hash_images(tmp_path / group) for group in "abc"}
    assert [len(hashes) for hashes in likeness.values()] == [1, 1, 1], "a blank image is like no other"
    images = {group: {sha: sha for sha in hashes} for group, hashes in likeness.items()}
    assert find_shared_images(images) == []
    found = find_shared_images(images, likeness)
    assert [(each.group, each.partners) for each in found] == [("a", (("b", 1),)), ("b", (("a", 1),))]


def test_images_are_the_class_s_whatever_bytes_they_were_saved_with(tmp_path: Path) -> None:
    for folder in ("class/cat", "own/cat"):
        (tmp_path / folder).mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 255, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "class/cat/a.png", compress_level=1)
    Image.fromarray(pixels).save(tmp_path / "own/cat/again.png", compress_level=9)
    assert compare_images(tmp_path / "own", tmp_path / "class") == []
    Image.fromarray(255 - pixels).save(tmp_path / "own/cat/other.png")
    assert compare_images(tmp_path / "own", tmp_path / "class") == ["cat/other.png"]


def test_copies_are_papers_words_and_authors_and_never_numbers() -> None:
    ann, ben = Author("Ann Lee", "7"), Author("Ben")
    traits = {
        "A": Traits((ann, ben), {"transfer": "w1", "neurons": "w2"}),
        "B": Traits((Author("ann lee", "8"),), {"transfer": "w1", "neurons": "w2"}),
        "C": Traits((Author("A. Lee", "7"),), {"transfer": "w3"}),
        "D": Traits((Author("BEN", "9"),)),
    }
    assert find_copies({"A": "p", "B": "q", "C": "p", "D": ""}, traits) == [
        Copy("the same PDF, byte for byte", ("A", "C")),
        Copy("the same commentary (transfer, neurons)", ("A", "B")),
        # One roll number is one person, and two of them are two of the same name.
        Copy("the author Ann Lee", ("A", "C")),
        Copy("the author Ben", ("A", "D")),
        Copy("the author A. Lee", ("A", "C")),
    ]


def test_an_author_of_another_group_by_the_roster_is_told() -> None:
    members = {"A": [Author("Ann Lee", "7"), Author("Bo Ek", "8")], "B": [Author("Cy Ay", "9")]}
    traits = {
        "A": Traits((Author("ann lee"), Author("Cy Ay", "9"), Author("Cy Ay", "10"))),
        "B": Traits((Author("Nobody Known"), Author("Bo", "8"))),
    }
    assert find_guests(traits, members) == [
        Copy("the author Cy Ay, by the roster of B", ("A", "B")),
        Copy("the author Bo, by the roster of A", ("B", "A")),
    ]


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
