"""The result of a stage: its numbers, and the arrays that the figures are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from reportgen.results import ArraySummary

T = TypeVar("T")
NamedArrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Computed(Generic[T]):
    """``numbers`` is a result type of :mod:`reportgen.results`; ``arrays`` are the ones it names."""

    numbers: T
    arrays: NamedArrays


def summarise(section: str, arrays: NamedArrays) -> dict[str, ArraySummary]:
    """Describe each array of a section as it will be stored in ``build/arrays/<section>.npz``.

    Minimum, maximum, mean and Euclidean norm are taken in float64.
    """
    return {key: _summary(section, key, array) for key, array in arrays.items()}


def _summary(section: str, key: str, array: NDArray[Any]) -> ArraySummary:
    # In float32 a sum over millions of elements would depend on their order.
    exact = array.astype(np.float64)
    return ArraySummary(
        file=f"arrays/{section}.npz",
        key=key,
        shape=list(array.shape),
        dtype=str(array.dtype),
        min=float(exact.min()),
        max=float(exact.max()),
        mean=float(exact.mean()),
        norm=float(np.sqrt(np.square(exact).sum())),
    )
