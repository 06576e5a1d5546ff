"""VGG19 and the provenance of its weights: ImageNet's, the embedded ones, or a user's file."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.errors import WeightsError
from reportgen.models.backend import settle_backend
from reportgen.models.identity import identity_convolution, skip_identities
from reportgen.models.vgg_files import TOP, StoredLayer, StoredLayers, open_layers, require_shapes
from reportgen.store.digests import hash_file
from reportgen.weights import (
    EMBEDDED_REMEDY,
    EMBEDDED_SHA256,
    Weights,
    WeightsFile,
    describe_weights,
    embedded_path,
    published,
)

EXPLAINED_LAYER = "block5_conv4"
FEATURE_LAYER = TOP[-1]
INPUT_SHAPE = (224, 224, 3)
BATCH_SIZE = 4
"""Images that the network is given at a time, always as many: their number decides how a sum is shared among
threads, and so its last bits. A small one, for an image added to thousands costs a whole batch.
"""
_ROWS = 2048
"""Rows of a kernel that are read out of the network at a time."""


@dataclass(frozen=True)
class Sight:
    """What one pass of n images through the network tells: their ``features`` (n, D), and of the C channels
    of ``block5_conv4`` the ``largest`` output (n, C) float32, its ``places`` (n, C) uint16, row × columns +
    column, and how many positions are ``active`` (n, C) uint16, with an output above zero.

    The whole maps of an image take 400 kB, these 4 kB: small enough to be kept for every image.
    """

    features: NDArray[np.float32]
    largest: NDArray[np.float32]
    places: NDArray[np.uint16]
    active: NDArray[np.uint16]


@dataclass(frozen=True)
class Backbone:
    """VGG19 up to the layer below the new head, with all layers frozen.

    ``network`` maps preprocessed images (N, 224, 224, 3) to features (N, D); ``convolutions`` maps them to
    the output of ``block5_conv4`` (N, 14, 14, 512).
    """

    network: keras.Model
    convolutions: keras.Model
    feature_layer: str
    pooled: bool
    weights: Weights

    @property
    def parameters(self) -> int:
        """Number of frozen parameters."""
        return int(self.network.count_params())

    def fingerprint(self) -> str:
        """SHA-256 over the bytes of all weights, in the order of the layers."""
        digest = hashlib.sha256()
        for weight in self.network.weights:
            # In parts: NumPy's copy of the largest has 411 MB.
            for start in range(0, weight.shape[0], _ROWS):
                digest.update(np.ascontiguousarray(weight.value[start : start + _ROWS].numpy()).data)
        return digest.hexdigest()

    def features(self, batches: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Features (n, D) of each batch of n ≤ ``BATCH_SIZE`` images (n, 224, 224, 3) uint8 RGB.

        An image's features are the same, bit for bit, in whatever company it is.
        """
        return (seen.features for seen in self.look(batches))

    def look(self, batches: Iterator[NDArray[np.uint8]]) -> Iterator[Sight]:
        """The features of each batch, and what the same pass tells of the channels of ``block5_conv4``."""
        run = self._compiled
        for batch in batches:
            filled = np.zeros((BATCH_SIZE, *INPUT_SHAPE), np.float32)
            filled[: len(batch)] = preprocess(batch)
            features, maps = (found.numpy()[: len(batch)] for found in run(tf.constant(filled)))
            flat = maps.reshape(len(batch), -1, maps.shape[-1])
            # By NumPy: of equal outputs, as a silent channel has them, it always names the first.
            yield Sight(
                features,
                flat.max(axis=1),
                flat.argmax(axis=1).astype(np.uint16),
                np.count_nonzero(flat > 0, axis=1).astype(np.uint16),
            )

    @functools.cached_property
    def explained(self) -> Callable[[Any], Any]:
        """``convolutions`` for one image (1, 224, 224, 3) as a graph function to take input gradients of.

        The weights pass through ``stop_gradient``, so that a gradient costs one backward pass to the image
        and none to the kernels. Values and gradients equal those of ``convolutions`` bit for bit, although
        convolutions that hand their input on are left out.
        """
        layers = skip_identities(self.convolutions.layers[1:])

        def forward(image: Any) -> Any:
            for layer in layers:
                trainable, fixed = (
                    [tf.stop_gradient(variable.value) for variable in variables]
                    for variables in (layer.trainable_variables, layer.non_trainable_variables)
                )
                image = layer.stateless_call(trainable, fixed, image)[0]
            return image

        return tf.function(forward, input_signature=[tf.TensorSpec([1, *INPUT_SHAPE])], autograph=False)  # type: ignore[no-any-return]

    @functools.cached_property
    def _compiled(self) -> Callable[[Any], Any]:
        # Three of the embedded network's sixteen convolutions hand their input on: a fifth of the work.
        layers = skip_identities(self.network.layers[1:])
        names = [layer.name for layer in self.network.layers]
        below = set(names[: names.index(EXPLAINED_LAYER) + 1])
        # If the explained convolution is left out, its output is that of the last one before it.
        explained = [layer for layer in layers if layer.name in below][-1]

        def forward(images: Any) -> Any:
            maps = images
            for layer in layers:
                images = layer(images)
                maps = images if layer is explained else maps
            return images, maps

        signature = [tf.TensorSpec([BATCH_SIZE, *INPUT_SHAPE])]
        return tf.function(forward, input_signature=signature, autograph=False)  # type: ignore[no-any-return]


def preprocess(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Keras's VGG preprocessing: RGB (…, 3) to BGR minus the ImageNet mean, values about −124 to 152."""
    prepared = keras.applications.vgg19.preprocess_input(images.astype(np.float32))
    return np.ascontiguousarray(prepared, dtype=np.float32)


def load_backbone(source: str) -> Backbone:
    """Build VGG19 with the weights named by ``source``, one of ``weights.SOURCES`` but ``auto``, or a path.

    ImageNet's file must already be in Keras's cache. What is read is hashed, whatever is remembered of the
    file. Raises ``WeightsError`` naming file, layer and remedy.
    """
    settle_backend()
    if source in ("imagenet", "imagenet-notop"):
        return _imagenet(source)
    if source == "embedded":
        return _embedded()
    path = Path(source)
    return _from_file(WeightsFile("file", path, hash_file(path).sha256))


def _imagenet(source: str) -> Backbone:
    file = published(source)
    digests = hash_file(file.path)
    if digests.md5 != file.md5:
        raise WeightsError(
            f"{file.path}: not the published VGG19 weights (its MD5 differs).",
            "Delete the file and run: reportgen fetch vgg19",
        )
    return _from_file(WeightsFile("imagenet", file.path, digests.sha256))


def _embedded() -> Backbone:
    path = embedded_path()
    sha256 = hash_file(path).sha256
    if sha256 != EMBEDDED_SHA256:
        raise WeightsError(
            f"{path}: damaged or of another version: its SHA-256 is {sha256}, not {EMBEDDED_SHA256}.",
            EMBEDDED_REMEDY,
        )
    network = _empty_vgg19(include_top=False)
    # Without a lock, which some network disks do not have: HDF5 would refuse the file there.
    with h5py.File(path, locking=False) as file:
        # The convolutions of VGG16's blocks.
        for block, depth in enumerate((2, 2, 3, 3, 3), 1):
            for n in range(depth):
                group = file[f"block{block}/layers/conv2d{f'_{n}' if n else ''}/vars"]
                network.get_layer(f"block{block}_conv{n + 1}").set_weights([group["0"][()], group["1"][()]])
            # The file is of VGG16, which has three convolutions where VGG19 has four. A fourth that hands its
            # input on changes nothing, since ReLU leaves alone what is not negative.
            if depth == 3:
                layer = network.get_layer(f"block{block}_conv4")
                layer.set_weights(identity_convolution(layer.filters))
    weights = describe_weights(WeightsFile("embedded", path, sha256), with_top=False)
    return _without_top(network, weights)


def _from_file(file: WeightsFile) -> Backbone:
    with open_layers(file.path) as stored:
        top = stored.top
        network = _empty_vgg19(include_top=bool(top))
        _fill_convolutions(network, stored)
        for layer, found in zip(TOP, top, strict=False):
            _fill(network.get_layer(layer), found)
        weights = describe_weights(file, with_top=bool(top), own_head=bool(stored.dense))
    return _with_top(network, weights) if top else _without_top(network, weights)


def _fill_convolutions(network: keras.Model, stored: StoredLayers) -> None:
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    wanted = {layer.name: [tuple(weight.shape) for weight in layer.weights] for layer in layers}
    require_shapes(stored.convolutions, wanted)
    for layer, found in zip(layers, stored.convolutions, strict=True):
        _fill(layer, found)


def _fill(layer: Any, found: StoredLayer) -> None:
    # Handed over, not copied: on the way from NumPy TensorFlow would hold the 411 MB of fc1 three times.
    # And not in parts: a variable that was once assigned in parts is copied whenever it is read.
    for weight, array in zip(layer.weights, found.read(), strict=True):
        weight.assign(tf.experimental.dlpack.from_dlpack(array.__dlpack__()))


def _empty_vgg19(*, include_top: bool) -> keras.Model:
    """VGG19 up to its last pooling, or up to fc2, in Keras's own layers and names."""
    # Empty: weights are read by our own code, as data with a hash. Keras would download its own.
    network = keras.applications.VGG19(weights=None, include_top=False, input_shape=INPUT_SHAPE)
    if not include_top:
        return network
    signal = keras.layers.Flatten(name="flatten")(network.output)
    for name in TOP:
        # Zeros: random numbers for these 119 million weights take a second, and twice their memory.
        dense = keras.layers.Dense(4096, activation="relu", kernel_initializer="zeros", name=name)
        signal = dense(signal)
    return keras.Model(network.input, signal, name="vgg19")


def _with_top(network: keras.Model, weights: Weights) -> Backbone:
    return _backbone(network, network.get_layer(FEATURE_LAYER).output, FEATURE_LAYER, weights)


def _without_top(network: keras.Model, weights: Weights) -> Backbone:
    average = keras.layers.GlobalAveragePooling2D(name="average")
    return _backbone(network, average(network.get_layer(EXPLAINED_LAYER).output), EXPLAINED_LAYER, weights)


def _backbone(network: keras.Model, feature: Any, layer: str, weights: Weights) -> Backbone:
    trunk = keras.Model(network.input, feature, name="vgg19")
    trunk.trainable = False
    convolutions = keras.Model(network.input, network.get_layer(EXPLAINED_LAYER).output)
    return Backbone(trunk, convolutions, layer, layer == EXPLAINED_LAYER, weights)


def compose(backbone: Backbone, head: keras.Sequential) -> keras.Model:
    """The whole network: preprocessed images (N, 224, 224, 3) to class probabilities (N, classes)."""
    return keras.Model(backbone.network.input, head(backbone.network.output), name="reportgen_vgg19")


def model_file(backbone: Backbone, head: bytes, classes: list[str]) -> bytes:
    """The whole network with a head's weights as the content of a ``.keras`` file."""
    with tempfile.TemporaryDirectory() as folder:
        # Keras reads and writes paths only.
        stored = Path(folder) / "head.weights.h5"
        stored.write_bytes(head)
        features = int(backbone.network.output.shape[-1])
        dense = keras.layers.Dense(len(classes), activation="softmax", name="head")
        layer = keras.Sequential([keras.Input((features,)), dense])
        layer.load_weights(stored)
        path = Path(folder) / "model.keras"
        compose(backbone, layer).save(path)
        return path.read_bytes()
