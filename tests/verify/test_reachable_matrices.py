"""Which confusion matrices ties between classes allow for: tried against every way to break them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reportgen.sections.transfer.comparison import Guess, _is_reachable

Matrix = list[list[int]]


def count(guesses: list[Guess], choices: tuple[int, ...], classes: int) -> Matrix:
    matrix = [[0] * classes for _ in range(classes)]
    for guess, chosen in zip(guesses, choices, strict=True):
        matrix[guess.true][chosen] += 1
    return matrix


def reachable(guesses: list[Guess], classes: int) -> list[Matrix]:
    """Every matrix that comes of one choice for each image, by trying all."""
    return [
        count(guesses, choices, classes)
        for choices in product(*((guess.best, *guess.ties) for guess in guesses))
    ]


def draw(seed: int) -> list[Guess]:
    rng = np.random.default_rng(seed)
    guesses = []
    for _ in range(5):
        true, best, *others = (int(each) for each in (rng.integers(2), *rng.permutation(4)))
        guesses.append(Guess(true, best, tuple(others[: rng.integers(3)])))
    return guesses


@pytest.mark.parametrize("seed", range(30))
def test_just_what_some_choice_gives_is_reachable(seed: int) -> None:
    """Red with images moved one by one to the first class that takes them, and with ties of other rows."""
    guesses = draw(seed)
    wanted = count(guesses, tuple(guess.best for guess in guesses), 4)
    can = reachable(guesses, 4)
    assert all(_is_reachable(matrix, wanted, guesses) for matrix in can)
    rng = np.random.default_rng(seed + 1000)
    for _ in range(40):
        other = count(guesses, tuple(int(each) for each in rng.integers(0, 4, len(guesses))), 4)
        assert _is_reachable(other, wanted, guesses) == (other in can)


def test_an_image_with_two_ties_leaves_room_for_one_with_one() -> None:
    guesses = [Guess(0, 0, (1, 2)), Guess(0, 0, (1,))]
    assert _is_reachable([[0, 1, 1], [0, 0, 0], [0, 0, 0]], [[2, 0, 0], [0, 0, 0], [0, 0, 0]], guesses)


@pytest.mark.parametrize("wrong", [[[1, 0]], [[3, 0], [0, 0]], [[10**30, 2 - 10**30], [0, 0]], "no matrix"])
def test_other_images_and_other_numbers_of_them_are_not(wrong: object) -> None:
    assert not _is_reachable(wrong, [[2, 0], [0, 0]], [Guess(0, 0, (1,))])
