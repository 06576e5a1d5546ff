"""The split of a class: sizes by hand, membership against a shuffle written out here."""

from __future__ import annotations

import random

import pytest

from reportgen.split import split_names, take_validation


def names(count: int) -> list[str]:
    return [f"image_{number:04}.jpg" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (3, (1, 1, 1)),
        (4, (2, 1, 1)),
        (8, (6, 1, 1)),
        (9, (5, 2, 2)),
        (18, (10, 4, 4)),
        (86, (48, 19, 19)),
        (89, (51, 19, 19)),
        (90, (50, 20, 20)),
        (91, (50, 20, 20)),
        (435, (50, 20, 20)),
    ],
)
def test_the_sizes_are_those_counted_by_hand(count: int, sizes: tuple[int, int, int]) -> None:
    parts = split_names(names(count), 671, "kangaroo")

    assert (len(parts["train"]), len(parts["val"]), len(parts["test"])) == sizes


@pytest.mark.parametrize("count", [3, 20, 86, 90, 200])
def test_no_image_is_in_two_splits(count: int) -> None:
    parts = split_names(names(count), 671, "kangaroo")
    everything = [name for part in parts.values() for name in part]

    assert len(everything) == len(set(everything)) == min(count, 90)
    assert set(everything) <= set(names(count))


def test_the_shuffle_is_seeded_by_seed_and_label() -> None:
    deck = names(100)
    random.Random("671:butterfly").shuffle(deck)

    parts = split_names(names(100), 671, "butterfly")

    assert parts == {"train": deck[0:50], "val": deck[50:70], "test": deck[70:90]}


def test_the_order_of_the_names_given_does_not_matter() -> None:
    assert split_names(reversed(names(95)), 1, "a") == split_names(names(95), 1, "a")


def test_another_seed_or_label_gives_another_split() -> None:
    first = split_names(names(95), 1, "a")

    assert split_names(names(95), 2, "a") != first
    assert split_names(names(95), 1, "b") != first


def test_the_names_given_are_not_changed() -> None:
    given = names(95)

    split_names(given, 1, "a")

    assert given == names(95)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_class_too_small_to_split_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"'kangaroo' has {count} images; a split needs at least 3"):
        split_names(names(count), 671, "kangaroo")


@pytest.mark.parametrize(
    ("count", "taken"), [(2, 1), (3, 1), (7, 2), (10, 2), (70, 20), (71, 20), (700, 200)]
)
def test_validation_takes_two_of_seven_and_leaves_the_rest(count: int, taken: int) -> None:
    kept, held_out = take_validation(names(count), 671, "kangaroo")
    assert len(held_out) == taken
    assert sorted([*kept, *held_out]) == sorted(names(count))


def test_validation_is_shuffled_by_seed_and_class_alone() -> None:
    first = take_validation(names(30), 1, "a")
    assert take_validation(reversed(names(30)), 1, "a") == first
    assert take_validation(names(30), 2, "a") != first
    assert take_validation(names(30), 1, "b") != first


def test_one_image_cannot_be_taken_from() -> None:
    with pytest.raises(ValueError, match="class 'a' has 1 training images"):
        take_validation(["x"], 1, "a")
