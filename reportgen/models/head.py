"""The weights of the new output layer, as they are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray


def read_head(head: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (features, classes) and bias (classes,) from a Keras ``.weights.h5`` file's content."""
    found: list[NDArray[np.float32]] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "head.weights.h5"
        file.write_bytes(head)
        with h5py.File(file) as stored:
            stored.visititems(
                lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None
            )
    kernel, bias = (next(each for each in found if each.ndim == n) for n in (2, 1))
    return kernel, bias
