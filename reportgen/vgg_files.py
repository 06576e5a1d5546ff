"""Convolution and dense layers out of a Keras weights file, read as plain data."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reportgen.errors import WeightsError

_REMEDY = "Give a Keras .h5, .weights.h5 or .keras file of VGG19, with its top or without."
_INSIDE_KERAS = "model.weights.h5"
_UNFIT = (OSError, KeyError, ValueError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What h5py, NumPy and zipfile raise on damaged files, on encrypted ones and on those of other programs."""


@dataclass(frozen=True)
class LayerWeights:
    """One layer as found in a file: kernel and bias, float32."""

    name: str
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def read_layers(path: Path) -> tuple[list[LayerWeights], list[LayerWeights]]:
    """Read the convolution layers and the dense layers of a Keras file, each in the order of the network.

    ``.h5`` as written by Keras 2 and 3, ``.weights.h5``, and ``.keras`` (the weights inside it). Nothing in
    the file is executed. Raises ``WeightsError`` if it is none of these or holds no such layers.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(_INSIDE_KERAS) as inner:
                layers = _read_hdf5(io.BytesIO(inner.read()))
        else:
            layers = _read_hdf5(path)
    except _UNFIT as error:
        raise WeightsError(f"{path}: not a Keras weights file: {error}.", _REMEDY) from None
    convolutions = [layer for layer in layers if layer.kernel.ndim == 4]
    dense = [layer for layer in layers if layer.kernel.ndim == 2]
    if not convolutions:
        raise WeightsError(f"{path}: holds no convolution layers.", _REMEDY)
    return convolutions, dense


def has_top(dense: list[LayerWeights]) -> bool:
    """Whether these dense layers begin with VGG19's classifier part.

    A head of the user's own on the convolution base is no such part.
    """
    return len(dense) >= 2 and dense[0].kernel.shape[0] == 7 * 7 * 512


def _read_hdf5(source: Path | IO[bytes]) -> list[LayerWeights]:
    with h5py.File(source) as file:
        pairs: list[tuple[str, list[Any]]] = []

        def visit(name: str, node: Any) -> None:
            if isinstance(node, h5py.Group):
                weights = [item for item in node.values() if isinstance(item, h5py.Dataset)]
                if len(weights) == 2:
                    pairs.append((name, weights))

        file.visititems(visit)
        pairs.sort(key=lambda pair: _natural(pair[0]))
        return [_as_layer(name, weights) for name, weights in pairs if "optimizer" not in name]


def _as_layer(name: str, weights: list[Any]) -> LayerWeights:
    kernel, bias = sorted((np.asarray(w[()], dtype=np.float32) for w in weights), key=lambda w: -w.ndim)
    return LayerWeights(name.removesuffix("/vars").rsplit("/", 1)[-1], kernel, bias)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key under which conv2d comes before conv2d_2, and that before conv2d_10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
