"""What images have in common: near copies, cosines of features, and a plane to see them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import BITS, NEAR
from reportgen.results.fields import Split
from reportgen.split import SPLITS

_AT_ONCE = 2048
"""Rows of a table of distances that are in memory together."""


def find_twins(hashes: NDArray[np.bool_], splits: Sequence[Split]) -> list[tuple[int, int, int]]:
    """Pairs of images of different splits that are nearly the same: (bits that differ, index, index).

    ``hashes`` (N, 64). The first of a pair is of the earlier split; pairs with fewer bits come first, then
    those of earlier images.
    """
    # So that a matrix product counts the bits that agree; whole numbers up to 64 are exact in float32.
    signs = np.where(hashes, 1, -1).astype(np.float32)
    rank = np.array([SPLITS.index(split) for split in splits])
    found = []
    for start in range(0, len(signs), _AT_ONCE):
        # Bits that agree add 1 to the product of signs, others −1.
        distance = (BITS - signs[start : start + _AT_ONCE] @ signs.T) / 2
        earlier = rank[start : start + _AT_ONCE, np.newaxis] < rank
        rows, columns = np.nonzero((distance <= NEAR) & earlier)
        found += [
            (int(distance[i, j]), start + i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
    return sorted(found)


def compare_features(features: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosines (N, M) of features (N, D) and (M, D); 0 where one of the two is zero everywhere."""
    # A cosine depends most on what is large, such as channels that are loud everywhere; the new layer weighs
    # them in its own way.
    return _to_unit(features) @ _to_unit(others).T


def _to_unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.sqrt(np.square(features.astype(np.float64)).sum(axis=1, keepdims=True))
    return (features / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def find_plane(features: NDArray[Any]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two principal axes (2, D) of features (N, D), and the share of the variance along each.

    Of an axis and its contrary that one is taken whose largest component is positive. An axis is zero, and
    its share too, where there is no variance left.
    """
    # Imported here: verify takes the cosines alone, and importing SciPy takes 0.4 s.
    from scipy.linalg import eigh

    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    wide = centred.shape[1] > centred.shape[0]
    # Of both products the smaller one: they have the same eigenvalues other than zero.
    product = centred @ centred.T if wide else centred.T @ centred
    size = len(product)
    total, axes = float(np.trace(product)), np.zeros((2, centred.shape[1]))
    shares = [0.0, 0.0]
    if total > 0:
        values, vectors = eigh(product, subset_by_index=(max(size - 2, 0), size - 1))
        for k, (value, vector) in enumerate(zip(values[::-1], vectors.T[::-1], strict=True)):
            # Nothing but rounding is left there, and an axis of it would be any one.
            if value <= 1e-12 * total:
                continue
            axis = centred.T @ vector / np.sqrt(value) if wide else vector
            # An eigenvector may come out either way round, on another machine the other one.
            axes[k] = axis * np.sign(axis[np.abs(axis).argmax()])
            shares[k] = min(float(value) / total, 1.0)
    return axes, (shares[0], shares[1])
