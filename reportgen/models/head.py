"""The weights of the new output layer, as they are kept: a Keras ``.weights.h5`` file."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray


def write_head(head: Any) -> bytes:
    """The weights of a Keras model, the new layer alone, as the content of the file."""
    with tempfile.TemporaryDirectory() as folder:
        # Keras writes paths only.
        path = Path(folder) / "head.weights.h5"
        head.save_weights(path)
        return path.read_bytes()


def read_head(head: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (features, classes) and bias (classes,) from the content of the file."""
    found: list[NDArray[np.float32]] = []
    with h5py.File(io.BytesIO(head)) as stored:
        stored.visititems(lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    # By their dimensions, since Keras only numbers the arrays in the file.
    kernel, bias = (next(each for each in found if each.ndim == n) for n in (2, 1))
    return kernel, bias
