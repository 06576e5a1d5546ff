"""Reads VGG19's layers from a Keras file without Keras, one at a time, as plain data."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reportgen.errors import WeightsError

DEPTHS = (2, 2, 4, 4, 4)
"""Convolutions in each block of VGG19."""

CONVOLUTIONS = tuple(f"block{b}_conv{n}" for b, depth in enumerate(DEPTHS, 1) for n in range(1, depth + 1))
_FILTERS = (64, 128, 256, 512, 512)
TOP = ("fc1", "fc2")
TOP_SHAPES = ((7 * 7 * 512, 4096), (4096, 4096))
"""The kernels of the two hidden layers behind VGG19's convolutions."""

REMEDY = "Give a Keras .h5, .weights.h5 or .keras file of VGG19, with its top, without, or with your own."
_INSIDE_KERAS = "model.weights.h5"
_ALIGNMENT = 64
_ROWS = 2048
_UNORDERED_NORMS = 5
"""Where a file does not store the order of its layers, so many normalisations cannot all be behind VGG19's
convolutions: it has five blocks.
"""

_UNFIT = (OSError, KeyError, ValueError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""The errors of h5py, NumPy and zipfile on damaged or encrypted files, and on those of other programs."""


@dataclass(frozen=True)
class StoredLayer:
    """A convolution or dense layer in an open file; ``kernel`` and ``bias`` are datasets of HDF5."""

    path: Path
    name: str
    kernel: Any
    bias: Any

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Those of kernel and bias."""
        return [tuple(self.kernel.shape), tuple(self.bias.shape)]

    def read(self) -> Iterator[NDArray[np.float32]]:
        """Kernel, then bias.

        Raises ``WeightsError`` for what cannot be read or is no finite numbers.
        """
        for dataset in (self.kernel, self.bias):
            array = _aligned(dataset.shape)
            try:
                dataset.read_direct(array)
            except _UNFIT as error:
                problem = f"{self.path}: layer {self.name} cannot be read: {error}."
                raise WeightsError(problem, REMEDY) from None
            if not all(
                # In parts: the truth values of fc1 at once are 103 MB.
                np.isfinite(array[start : start + _ROWS]).all()
                for start in range(0, len(array), _ROWS)
            ):
                raise WeightsError(
                    f"{self.path}: layer {self.name} has weights that are no finite numbers.", REMEDY
                )
            yield array


def _aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Memory for an array, aligned so that TensorFlow adopts it without copying its 411 MB."""
    size = 4 * int(np.prod(shape))
    room = np.empty(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size].view(np.float32).reshape(shape)


@dataclass(frozen=True)
class StoredLayers:
    """The layers of a file, in the order of the network: convolutions, then dense layers."""

    convolutions: tuple[StoredLayer, ...]
    dense: tuple[StoredLayer, ...]

    @property
    def top(self) -> tuple[StoredLayer, ...]:
        """VGG19's two hidden layers; () if there are none, or others of the user's own."""
        named = _by_name(self.dense, TOP)
        # Files without VGG19's names list their layers in the network's order.
        first = named or self.dense[: len(TOP)]
        return first if tuple(tuple(layer.kernel.shape) for layer in first) == TOP_SHAPES else ()


@contextmanager
def open_layers(path: Path) -> Iterator[StoredLayers]:
    """Find the convolution layers and the dense layers of a Keras file, which is open while the block lasts.

    ``.h5`` as written by Keras 2 and 3, ``.weights.h5``, and ``.keras`` (the weights inside it), of VGG19
    itself or of a model that it is a part of. Nothing in the file is executed. The order is that of the
    network: from VGG19's own names, or as the file lists its layers, or by their numbers. Raises
    ``WeightsError`` if it is none of these, holds no convolutions, or normalises between them.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_open(path, stack))
            found = _find_listed(file) or _find_all(file)
            layers = [_as_layer(path, *entry) for entry in found]
        except _UNFIT as error:
            raise WeightsError(f"{path}: not a Keras weights file: {error}.", REMEDY) from None
        convolutions = tuple(layer for layer in layers if layer and layer.kernel.ndim == 4)
        if not convolutions:
            raise WeightsError(f"{path}: holds no convolution layers.", REMEDY)
        _refuse_normalised(path, found, ordered="layer_names" in _root(file).attrs)
        dense = tuple(layer for layer in layers if layer and layer.kernel.ndim == 2)
        yield StoredLayers(_by_name(convolutions, CONVOLUTIONS) or convolutions, dense)


Shapes = Sequence[tuple[int, ...]]
"""Those of a layer's kernel and bias."""


def require_vgg19(stored: StoredLayers) -> None:
    """Raise ``WeightsError`` if these are not VGG19's convolutions, judging by their shapes."""
    wanted: dict[str, Shapes] = {}
    channels = 3
    for name in CONVOLUTIONS:
        filters = _FILTERS[int(name[5]) - 1]
        wanted[name] = [(3, 3, channels, filters), (filters,)]
        channels = filters
    require_shapes(stored.convolutions, wanted)


def require_shapes(layers: Sequence[StoredLayer], wanted: Mapping[str, Shapes]) -> None:
    """Raise ``WeightsError`` unless these are the convolutions that are wanted, in their order, by shape."""
    if len(layers) != len(wanted):
        raise WeightsError(
            f"{layers[0].path}: {len(layers)} convolution layers, VGG19 has {len(wanted)}.", REMEDY
        )
    for found, (name, shapes) in zip(layers, wanted.items(), strict=True):
        if found.shapes != list(shapes):
            raise WeightsError(
                f"{found.path}: layer {name} ({found.name} in the file) has kernel {found.shapes[0]} and "
                f"bias {found.shapes[1]}; VGG19 has {shapes[0]} and {shapes[1]}.",
                REMEDY,
            )


Found = tuple[str, Sequence[Any]]
"""A layer's path in the file, ending in its name, and its datasets."""


def _open(path: Path, stack: ExitStack) -> Any:
    if not zipfile.is_zipfile(path):
        # Some network disks have no locks, and HDF5 would refuse the file there.
        return h5py.File(path, locking=False)
    archive = stack.enter_context(zipfile.ZipFile(path))
    entry = archive.getinfo(_INSIDE_KERAS)
    # HDF5 jumps about in its file, and what is compressed can be read from front to back only.
    if entry.compress_type != zipfile.ZIP_STORED:
        return h5py.File(io.BytesIO(archive.read(entry)))
    with archive.open(entry):
        pass  # zipfile checks the entry's own header
    return h5py.File(stack.enter_context(_Part(path, entry)))


class _Part(io.RawIOBase):
    """An entry of an archive that is not compressed, as a file: its 574 MB need not be copied to be read."""

    def __init__(self, path: Path, entry: zipfile.ZipInfo) -> None:
        self._file: IO[bytes] = path.open("rb")
        # The local header has 30 bytes and ends with the lengths of name and extra field. These may differ
        # from those of the directory, so they are read here.
        self._file.seek(entry.header_offset + 26)
        lengths = [int.from_bytes(self._file.read(2), "little") for _ in ("name", "extra")]
        self._start = entry.header_offset + 30 + sum(lengths)
        self._size = entry.file_size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer)[: max(0, self._size - self._at)]
        self._file.seek(self._start + self._at)
        count = self._file.readinto(wanted)  # type: ignore[attr-defined]
        self._at += count
        return int(count)

    def close(self) -> None:
        self._file.close()
        super().close()


def _root(file: Any) -> Any:
    """The group with the layers; a whole model has others beside it."""
    return file.get("model_weights", file)


def _find_listed(file: Any) -> list[Found]:
    """The layers of a file that lists them in order, as ``.h5`` files do; [] if it does not."""
    root = _root(file)
    found: dict[str, list[Any]] = {}
    for layer in map(_text, root.attrs.get("layer_names", ())):
        for weight in map(_text, root[layer].attrs.get("weight_names", ())):
            # A model inside the model is one layer of many, each with its own prefix.
            group = f"{layer}/{weight.rpartition('/')[0]}".rstrip("/")
            found.setdefault(group, []).append(root[layer][weight])
    return list(found.items())


def _find_all(file: Any) -> list[Found]:
    """Every group that holds numbers, those with numbers in their names in the order of these."""
    found: list[Found] = []

    def visit(path: str, node: Any) -> None:
        # An optimiser keeps moments of the same shapes as the weights.
        if isinstance(node, h5py.Group) and not path.startswith("optimizer"):
            weights = [item for item in node.values() if isinstance(item, h5py.Dataset)]
            if weights:
                own = _text(node.attrs.get("name", ""))
                group = path.removesuffix("/vars")
                found.append((f"{group}/{own}" if own else group, weights))

    _root(file).visititems(visit)
    return sorted(found, key=lambda entry: _natural(entry[0]))


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _as_layer(path: Path, group: str, weights: Sequence[Any]) -> StoredLayer | None:
    """The layer, if it is one with kernel and bias, else None."""
    # Normalisations have four arrays, layers without a bias one: VGG19 has neither.
    if len(weights) != 2:
        return None
    # By their dimensions, for files name them kernel and bias, or 0 and 1.
    kernel, bias = sorted(weights, key=lambda dataset: -dataset.ndim)
    # Of any floating type: HDF5 converts it to single precision as it is read.
    if bias.ndim != 1 or kernel.dtype.kind != "f" or bias.dtype.kind != "f":
        return None
    return StoredLayer(path, group.rpartition("/")[2], kernel, bias)


def _by_name(layers: Sequence[StoredLayer], names: Sequence[str]) -> tuple[StoredLayer, ...]:
    """The layers with these names, in this order; () unless each is there once."""
    found = {name: [layer for layer in layers if layer.name == name] for name in names}
    if any(len(same) != 1 for same in found.values()):
        return ()
    return tuple(same[0] for same in found.values())


def _refuse_normalised(path: Path, found: Sequence[Found], *, ordered: bool) -> None:
    """Raise if there is a normalisation between the convolutions: without it the network computes something
    else.
    """
    kinds = [max(dataset.ndim for dataset in weights) for _, weights in found]
    convolutions = [n for n, kind in enumerate(kinds) if kind == 4]
    norms = [n for n, (_, weights) in enumerate(found) if _is_normalisation(weights)]
    if ordered:
        # Behind the last convolution it belongs to layers of the user's own, which are not read.
        between = [n for n in norms if n < convolutions[-1]]
    else:
        base = _container(found[convolutions[0]][0])
        inside = [n for n in norms if _container(found[n][0]) == base]
        # A model within a model has VGG19's layers alone. In a flat one a few normalisations may belong to
        # the user's own layers behind the convolutions.
        between = inside if base.count("layers") > 1 or len(inside) >= _UNORDERED_NORMS else []
    if between:
        raise WeightsError(
            f"{path}: has normalisations between its convolutions ({found[between[0]][0]}), VGG19 has none.",
            REMEDY,
        )


def _container(group: str) -> str:
    """The path up to the list of layers that contains a layer."""
    return group.rpartition("layers/")[0] + "layers" if "layers/" in group else ""


def _is_normalisation(weights: Sequence[Any]) -> bool:
    """Batch normalisation has four vectors of one length: scale, shift, mean and variance."""
    return len(weights) == 4 and len({dataset.shape for dataset in weights}) == 1 and weights[0].ndim == 1


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key under which conv2d comes before conv2d_2, and that before conv2d_10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
