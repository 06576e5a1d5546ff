"""The split of a class's images into training, validation and test images."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Literal

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

TRAIN, HELD_OUT = 50, 20
"""Images for training, and for each of validation and testing, in a class that has enough of them."""

FEWEST = 3
"""The smallest class that can be split: one image for each part."""

FEWEST_TRAINED = 2
"""The smallest class of a training split from which an image can be taken for validation."""


def split_names(names: Iterable[str], seed: int, label: str) -> dict[Split, list[str]]:
    """Split the file names of class ``label`` into train, val and test, each in shuffled order.

    The sorted names are shuffled by a generator seeded with ``seed`` and ``label``, so neither the order of
    ``names`` nor the other classes matter. With 90 names or more, 50, 20 and 20 are taken and the rest is
    left out; with fewer, val and test get two ninths each (rounded down, at least one), train the rest.
    Raises ``ValueError`` if there are fewer than three names.
    """
    shuffled = _shuffle(names, seed, label)
    count = len(shuffled)
    if count < FEWEST:
        raise ValueError(f"class '{label}' has {count} images; a split needs at least {FEWEST}")
    if count >= TRAIN + 2 * HELD_OUT:
        train, held_out = TRAIN, HELD_OUT
    else:
        # As 20 of 90.
        held_out = max(1, count * 2 // 9)
        train = count - 2 * held_out
    return {
        "train": shuffled[:train],
        "val": shuffled[train : train + held_out],
        "test": shuffled[train + held_out : train + 2 * held_out],
    }


def take_validation(names: Iterable[str], seed: int, label: str) -> tuple[list[str], list[str]]:
    """Split the training files of class ``label`` into training and validation, for data without the latter.

    The names are shuffled as by :func:`split_names`. Of seven images two become validation images, as in a
    split of 50 and 20, rounded down, and at least one. Raises ``ValueError`` if there are fewer than two.
    """
    shuffled = _shuffle(names, seed, label)
    count = len(shuffled)
    if count < FEWEST_TRAINED:
        raise ValueError(f"class '{label}' has {count} training images; at least {FEWEST_TRAINED} are needed")
    taken = max(1, count * HELD_OUT // (TRAIN + HELD_OUT))
    return shuffled[taken:], shuffled[:taken]


def _shuffle(names: Iterable[str], seed: int, label: str) -> list[str]:
    shuffled = sorted(names)
    # Python seeds with a text by way of SHA-512, so that PYTHONHASHSEED has no part in it.
    random.Random(f"{seed}:{label}").shuffle(shuffled)  # noqa: S311 - not for secrets
    return shuffled
