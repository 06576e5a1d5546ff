"""VGG19 and the provenance of its weights: ImageNet's, the embedded ones, or a user's file."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.errors import WeightsError
from reportgen.models.backend import configure_backend
from reportgen.models.embedded import fill_with_embedded
from reportgen.models.graph import LayerGraph, Node, is_rectified
from reportgen.models.identity import skip_identities
from reportgen.models.vgg_files import TOP, StoredLayer, StoredLayers, open_layers, require_shapes
from reportgen.store.digests import hash_file
from reportgen.weights import (
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
class PassOutputs:
    """The outputs of one pass of n images through the network: their ``features`` (n, D), and of the C
    channels of ``block5_conv4`` the ``largest`` output (n, C) float32, its ``argmax`` (n, C) uint16, row ×
    columns + column, and how many positions are ``active`` (n, C) uint16, with an output above zero.

    The whole maps of an image take 400 kB, these 4 kB: small enough to be kept for every image.
    """

    features: NDArray[np.float32]
    largest: NDArray[np.float32]
    argmax: NDArray[np.uint16]
    active: NDArray[np.uint16]


@dataclass(frozen=True)
class Backbone:
    """A network up to the layer below the new head, with all layers frozen.

    ``network`` maps preprocessed images (N, 224, 224, 3) to features (N, D); ``convolutions`` maps them to
    the output of the last layer with rows and columns, ``block5_conv4`` (N, 14, 14, 512) of VGG19.
    ``pooled``: the features are the means of the outputs of ``feature_layer`` over all positions. ``layers``
    names those whose neurons are explained, the first of which sections take that explain a single one.

    Images are preprocessed as VGG19 wants them, whatever the architecture: one that wants them otherwise
    begins with layers that change them. So a gradient has the same unit everywhere, and zero is the mean
    colour of ImageNet.
    """

    network: keras.Model
    convolutions: keras.Model
    feature_layer: str
    pooled: bool
    weights: Weights
    layers: tuple[str, ...] = (EXPLAINED_LAYER,)

    @functools.cached_property
    def graph(self) -> LayerGraph:
        """The network's layers, those of nested models among them."""
        return LayerGraph.read(self.network)

    def chain_to(self, layer: str) -> list[Any] | None:
        """The layers up to one if they are a chain that ends with a ReLU, else None."""
        end = self.graph.find_neurons(layer)
        return self.graph.chain_to(end) if is_rectified(self.graph.nodes[end]) else None

    def averages(self, layer: str) -> bool:
        """Whether the features are the means of this layer's outputs, channel by channel."""
        return self.pooled and layer == self.feature_layer

    def shape_of(self, layer: str) -> tuple[int, ...]:
        """Rows, columns and channels of a layer."""
        return tuple(int(size or 0) for size in self.graph.nodes[self.graph.find_neurons(layer)].shape)

    def forward(
        self, layer: str, apply: Callable[[Node, Any, Any], Any] | None = None
    ) -> Callable[[Any], Any]:
        """A function of a batch of images that gives a layer's outputs, every layer run, none negative.

        Of a layer without a ReLU, such as the last convolution of a residual block, the neurons' outputs are
        the positive part: what is above zero is what "excited" means for all others.
        """
        graph, end = self.graph, self.graph.find_neurons(layer)

        def run(images: Any) -> Any:
            output = graph.run(images, end, apply=apply)
            return output if is_rectified(graph.nodes[end]) else tf.nn.relu(output)

        return run

    @property
    def parameters(self) -> int:
        """Number of frozen parameters."""
        return int(self.network.count_params())

    def fingerprint(self) -> str:
        """SHA-256 over the bytes of all weights, in the order of the layers."""
        digest = hashlib.sha256()
        for weight in self.network.weights:
            # A layer that counts has a weight without any axis.
            values = weight.value if len(weight.shape) else weight.value[None]
            # In parts: NumPy's copy of the largest has 411 MB.
            for start in range(0, values.shape[0], _ROWS):
                digest.update(np.ascontiguousarray(values[start : start + _ROWS].numpy()).data)
        return digest.hexdigest()

    def features(self, batches: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Features (n, D) of each batch of n ≤ ``BATCH_SIZE`` images (n, 224, 224, 3) uint8 RGB.

        An image's features are the same, bit for bit, in whatever company it is.
        """
        return (seen.features for seen in self.look(batches))

    def look(self, batches: Iterator[NDArray[np.uint8]]) -> Iterator[PassOutputs]:
        """The features of each batch, and what the same pass gives for the channels of ``block5_conv4``."""
        run = self._compiled
        for batch in batches:
            filled = np.zeros((BATCH_SIZE, *INPUT_SHAPE), np.float32)
            filled[: len(batch)] = preprocess(batch)
            # A batch that is not full goes through with images of zeros, the mean colour, whose outputs are
            # dropped.
            features, maps = (found.numpy()[: len(batch)] for found in run(tf.constant(filled)))
            flat = maps.reshape(len(batch), -1, maps.shape[-1])
            # By NumPy: of equal outputs, as a silent channel has them, it always names the first.
            yield PassOutputs(
                features,
                flat.max(axis=1),
                # 16 bits are enough for any layer: an image has 224 × 224 = 50,176 positions.
                flat.argmax(axis=1).astype(np.uint16),
                np.count_nonzero(flat > 0, axis=1).astype(np.uint16),
            )

    @functools.cached_property
    def explained(self) -> Callable[[Any], Any]:
        """The outputs of the first explained layer, as :meth:`explain` gives them."""
        return self.explain(self.layers[0])

    def explain(self, layer: str) -> Callable[[Any], Any]:
        """A layer's outputs for one image (1, 224, 224, 3) as a graph function to take input gradients of.

        The weights pass through ``stop_gradient``, so that a gradient costs one backward pass to the image
        and none to the kernels. Values and gradients equal those of :meth:`forward` bit for bit, although
        of a chain identity convolutions are left out.
        """
        chain = self.chain_to(layer)
        if chain is None:
            forward = self.forward(layer, _apply_frozen)
        else:
            layers = skip_identities(chain)

            def forward(image: Any) -> Any:
                for each in layers:
                    image = _call_frozen(each, (image,), {})
                return image

        return tf.function(forward, input_signature=[tf.TensorSpec([1, *INPUT_SHAPE])], autograph=False)  # type: ignore[no-any-return]

    @functools.cached_property
    def _compiled(self) -> Callable[[Any], Any]:
        # Three of the embedded network's sixteen convolutions are identities: a fifth of the work.
        graph, end = self.graph, len(self.graph.nodes) - 1
        # The same pass gives the explained layer's outputs, whose peaks are kept.
        neurons = graph.nodes[graph.find_neurons(self.layers[0])]
        chain = graph.without_identities(end)
        if chain is None:
            forward = self._forward_graph(neurons, end)
        else:
            forward = _forward_chain(chain, graph.chain_to(graph.nodes.index(neurons)) or [])

        def run(images: Any) -> tuple[Any, Any]:
            features, maps = forward(images)
            return features, maps if is_rectified(neurons) else tf.nn.relu(maps)

        signature = [tf.TensorSpec([BATCH_SIZE, *INPUT_SHAPE])]
        return tf.function(run, input_signature=signature, autograph=False)  # type: ignore[no-any-return]

    def _forward_graph(self, neurons: Node, end: int) -> Callable[[Any], tuple[Any, Any]]:
        def forward(images: Any) -> tuple[Any, Any]:
            # Filled while the function is traced, which is when the graph learns of the tensor.
            maps = []

            def apply(node: Node, args: Any, kwargs: Any) -> Any:
                output = node.layer(*args, **kwargs)
                if node is neurons:
                    maps.append(output)
                return output

            features = self.graph.run(images, end, apply=apply)
            return features, maps[0]

        return forward


def _forward_chain(layers: Sequence[Any], below: Sequence[Any]) -> Callable[[Any], tuple[Any, Any]]:
    """A function that gives the output of the last layer, and that of the last one that is among ``below``.

    If the explained convolution passes its input on unchanged and is left out, its output is that of the one
    before it.
    """
    # By identity, for layers of nested models may share a name.
    explained = [layer for layer in layers if any(layer is each for each in below)][-1]

    def forward(images: Any) -> tuple[Any, Any]:
        maps = images
        for layer in layers:
            images = layer(images)
            maps = images if layer is explained else maps
        return images, maps

    return forward


def _apply_frozen(node: Node, args: Any, kwargs: Any) -> Any:
    return _call_frozen(node.layer, args, kwargs)


def _call_frozen(layer: Any, args: Any, kwargs: Any) -> Any:
    if not getattr(layer, "weights", None):
        return layer(*args, **kwargs)
    trainable, fixed = (
        [tf.stop_gradient(variable.value) for variable in variables]
        for variables in (layer.trainable_variables, layer.non_trainable_variables)
    )
    return layer.stateless_call(trainable, fixed, *args, **kwargs)[0]


def preprocess(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Keras's VGG preprocessing: RGB (…, 3) to BGR minus the ImageNet mean, values about −124 to 152."""
    # A copy: from an array of floats Keras would subtract the mean in place.
    prepared = keras.applications.vgg19.preprocess_input(images.astype(np.float32))
    # Keras turns the channels round as a view of negative stride.
    return np.ascontiguousarray(prepared, dtype=np.float32)


def load_backbone(source: str) -> Backbone:
    """Build VGG19 with the weights named by ``source``, one of ``weights.SOURCES`` but ``auto``, or a path.

    ImageNet's file must already be in Keras's cache. What is read is hashed, whatever is remembered of the
    file. Raises ``WeightsError`` naming file, layer and remedy.
    """
    configure_backend()
    if source in ("imagenet", "imagenet-notop"):
        return _imagenet(source)
    if source == "embedded":
        return _embedded()
    path = Path(source)
    return _from_file(WeightsFile("file", path, hash_file(path).sha256))


def _imagenet(source: str) -> Backbone:
    file = published(source)
    digests = hash_file(file.path)
    # By MD5, since that is what Keras publishes of its files.
    if digests.md5 != file.md5:
        raise WeightsError(
            f"{file.path}: not the published VGG19 weights (its MD5 differs).",
            "Delete the file and run: reportgen fetch vgg19",
        )
    return _from_file(WeightsFile("imagenet", file.path, digests.sha256))


def _embedded() -> Backbone:
    path = embedded_path()
    sha256 = hash_file(path).sha256
    network = _empty_vgg19(include_top=False)
    fill_with_embedded(network, path, sha256)
    weights = describe_weights(WeightsFile("embedded", path, sha256), with_top=False)
    return _without_top(network, weights)


def _from_file(file: WeightsFile) -> Backbone:
    with open_layers(file.path) as stored:
        top = stored.top
        network = _empty_vgg19(include_top=bool(top))
        _fill_convolutions(network, stored)
        # Not strict: without the classifier part there is nothing to fill.
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
    # Of the last convolution, not of the pooling behind it: each feature is then the mean of an
    # explained channel.
    average = keras.layers.GlobalAveragePooling2D(name="average")
    return _backbone(network, average(network.get_layer(EXPLAINED_LAYER).output), EXPLAINED_LAYER, weights)


def _backbone(network: keras.Model, feature: Any, layer: str, weights: Weights) -> Backbone:
    # Named, for Keras numbers models without a name by how many there were before.
    trunk = keras.Model(network.input, feature, name="vgg19")
    trunk.trainable = False
    convolutions = keras.Model(network.input, network.get_layer(EXPLAINED_LAYER).output)
    return Backbone(trunk, convolutions, layer, layer == EXPLAINED_LAYER, weights)


def compose(backbone: Backbone, head: keras.Sequential) -> keras.Model:
    """The whole network: preprocessed images (N, 224, 224, 3) to class probabilities (N, classes)."""
    # The name says who wrote the file, and has been this one since there was no other architecture.
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
