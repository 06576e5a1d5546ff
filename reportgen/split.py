"""Which images of a class are for training, which for validation and which for testing."""

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


def split_names(names: Iterable[str], seed: int, label: str) -> dict[Split, list[str]]:
    """Split the file names of class ``label`` into train, val and test, each in shuffled order.

    The sorted names are shuffled by a generator seeded with ``seed`` and ``label``, so neither the order of
    ``names`` nor the other classes matter. With 90 names or more, 50, 20 and 20 are taken and the rest is
    left out; with fewer, val and test get two ninths each (rounded down, at least one), train the rest.
    Raises ``ValueError`` if there are fewer than three names.
    """
    shuffled = sorted(names)
    count = len(shuffled)
    if count < FEWEST:
        raise ValueError(f"class '{label}' has {count} images; a split needs at least {FEWEST}")
    random.Random(f"{seed}:{label}").shuffle(shuffled)  # noqa: S311 - not for secrets
    if count >= TRAIN + 2 * HELD_OUT:
        train, held_out = TRAIN, HELD_OUT
    else:
        held_out = max(1, count * 2 // 9)
        train = count - 2 * held_out
    return {
        "train": shuffled[:train],
        "val": shuffled[train : train + held_out],
        "test": shuffled[train + held_out : train + 2 * held_out],
    }
