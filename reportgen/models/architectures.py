"""Networks beside VGG19: those that Keras Applications builds, and ``.keras`` files of the user's own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from reportgen.errors import WeightsError
from reportgen.models.backbone import INPUT_SHAPE, Backbone
from reportgen.models.backend import configure_backend
from reportgen.models.embedded import fill_with_embedded
from reportgen.models.graph import LayerGraph, count_inputs, walk_layers
from reportgen.networks import NetworkChoice
from reportgen.store.digests import hash_file
from reportgen.text import plural
from reportgen.weights import WeightsFile, describe_network

_MEAN = (123.68, 116.779, 103.939)
"""ImageNet's mean colour, R, G, B, as Keras subtracts it."""

_TORCH_MEAN = (0.485, 0.456, 0.406)
"""The same as torchvision has it, of values from 0 to 1: up to half a step of 255 from Keras's."""

_DEVIATION = (0.229, 0.224, 0.225)
"""Its standard deviations, of values from 0 to 1."""

# No more of a stranger's file is read; what is cut off is no JSON any more, and is refused.
_CONFIG, _CONFIG_BYTES = "config.json", 10**8

_REMEDY = "Save it with model.save() from layers of Keras, or register your own before you build."


def load_network(choice: NetworkChoice, file: WeightsFile) -> Backbone:
    """Build a network and fill it with the weights of ``file``, or with random ones.

    Its features are the means of its last feature maps, or what its own output layer is fed with. Raises
    ``WeightsError`` for weights that do not fit, and for a ``.keras`` file that holds anything but layers.
    """
    configure_backend()
    model = _build(choice)
    if file.source == "random":
        _fill_at_random(model, choice.seed)
        digest = file.sha256
    else:
        # Hashed again as it is read, whatever the cache remembers of the file by its size and times.
        digest = hash_file(file.path).sha256
        _fill(model, choice, file, digest)
    trunk = _end_with_features(_begin_with_preprocessing(model, choice), choice)
    graph = LayerGraph.read(trunk)
    pooled = graph.nodes[-1].kind == "GlobalAveragePooling2D"
    # The pooling is only looked through: the layer that it averages is the one whose channels the features
    # are.
    below = graph.nodes[graph.nodes[-1].inputs[0].node] if pooled else graph.nodes[-1]
    usual = choice.known.layer if choice.known else graph.convolutions()[-1].name
    weights = describe_network(WeightsFile(file.source, file.path, digest), choice)
    end = graph.nodes[graph.nodes[-1].inputs[0].node].name
    # Nobody runs it but what counts layers of a chain; the graph has the layers of nested models, too.
    return Backbone(trunk, trunk, below.name if pooled else end, pooled, weights, choice.layers or (usual,))


def _build(choice: NetworkChoice) -> keras.Model:
    if choice.known is None:
        return open_model(Path(choice.architecture))
    build: Callable[..., keras.Model] = getattr(keras.applications, choice.architecture)
    model = build(weights=None, include_top=False, input_shape=INPUT_SHAPE)
    # VGG16's last pooling is left out, as VGG19's is where there is no classifier part.
    return keras.Model(model.input, model.get_layer(choice.known.layer).output, name=model.name)


def _fill(model: keras.Model, choice: NetworkChoice, file: WeightsFile, digest: str) -> None:
    # A .keras file brought its weights along when it was opened.
    if choice.known is None and file.path == Path(choice.architecture):
        return
    if file.source == "embedded":
        fill_with_embedded(model, file.path, digest)
        return
    try:
        model.load_weights(file.path)
    except Exception as error:  # Keras documents none; each format raises others
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"{file.path}: no weights of {choice.name} without its classifier part: {reason}",
            "Give a .weights.h5, .h5 or .keras file with the weights of exactly its layers.",
        ) from None


def _fill_at_random(model: keras.Model, seed: int) -> None:
    """Kernels by the rule of He et al. 2015, each from a generator of its own; all else as Keras begins it.

    Keras's own initialisers draw from a seed of the process, and would not give the same twice.
    """
    # A generator for each: another layer at the end changes none of the weights before it.
    owners = {id(weight): layer for layer in walk_layers(model) for weight in layer.weights}
    for number, weight in enumerate(model.weights):
        if len(weight.shape) > 1:
            deviation = np.sqrt(2 / count_inputs(owners[id(weight)], weight))
            drawn = np.random.default_rng([seed, number]).normal(0, deviation, weight.shape)
            weight.assign(drawn.astype(np.float32))


def _begin_with_preprocessing(model: keras.Model, choice: NetworkChoice) -> keras.Model:
    """The network as a function of images that are prepared for VGG19: B, G, R, less ImageNet's mean."""
    wanted = choice.preprocessing or (choice.known.preprocessing if choice.known else "pixels")
    # That is what VGG19's own preprocessing gives.
    if wanted == "caffe":
        return model
    image = keras.Input(INPUT_SHAPE)
    # Back to R, G, B; what arrives is B, G, R.
    colours = keras.ops.flip(image, axis=-1)
    mean = np.array(_MEAN)
    scale, offset = {
        "pixels": (np.ones(3), mean),
        # (x + mean) / 127.5 − 1, since the mean has been subtracted from what arrives.
        "tf": (np.full(3, 1 / 127.5), mean / 127.5 - 1),
        "torch": (
            1 / (255 * np.array(_DEVIATION)),
            (mean / 255 - np.array(_TORCH_MEAN)) / np.array(_DEVIATION),
        ),
    }[wanted]
    # As a layer: gradients pass through it, and a network that is saved has it.
    prepared = keras.layers.Rescaling(scale.tolist(), offset.tolist(), name="as_the_network_wants_it")
    return keras.Model(image, model(prepared(colours)), name=f"prepared_{model.name}")


def _end_with_features(model: keras.Model, choice: NetworkChoice) -> keras.Model:
    """The network without its output layer: to features (N, D), the means of the last maps if it has maps."""
    output = model.output
    if len(output.shape) == 4:
        output = keras.layers.GlobalAveragePooling2D(name="average")(output)
    elif len(output.shape) != 2:
        raise WeightsError(
            f"{choice.name}: its output has the shape {tuple(output.shape)}, neither classes nor maps.",
            "Give a network that classifies images, or its part before the classifier.",
        )
    trunk = keras.Model(model.input, output, name="network")
    # Frozen, by which Keras also has normalisations take their stored means, and not those of a batch.
    trunk.trainable = False
    return trunk


def open_model(path: Path) -> keras.Model:
    """The network of a ``.keras`` file, without the output layer that it has of its own.

    The configuration is looked through before Keras sees it: nothing but layers, operations, initialisers and
    the like of Keras, or what was registered with Keras in this process; no ``Lambda``, no function but
    activations. Keras then reads it in its safe mode. Raises ``WeightsError`` naming what is not allowed,
    and for a network that takes anything but one image, has several outputs or no convolution.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_CONFIG) as stored:
            config = json.loads(stored.read(_CONFIG_BYTES))
    # KeyError for an archive without a configuration, ValueError for one that is no JSON.
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: no .keras file: {error}.", _REMEDY) from None
    # Keras's safe mode only refuses lambdas; looking for a class it imports modules of keras_hub and the
    # like.
    for fault in _find_strangers(config):
        raise WeightsError(f"{path}: {fault}, which is not loaded.", _REMEDY)
    try:
        # What it was trained with is not needed, and might be a loss of the user's own.
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever a file may lead Keras to raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"{path}: Keras cannot load it: {reason}", _REMEDY) from None
    _require_image(model, path)
    network = _without_output(model)
    if not (graph := LayerGraph.read(network)).convolutions():
        kinds = ", ".join(dict.fromkeys(node.kind for node in graph.nodes[1:])) or "nothing"
        raise WeightsError(
            f"{path}: has no convolution of images below its output layer, but {kinds}.",
            "A report explains neurons of a convolution: give a network with Conv2D layers.",
        )
    return network


def _require_image(model: Any, path: Path) -> None:
    """Raise ``WeightsError`` unless a network takes one image of a report and has one output."""
    inputs, outputs = (getattr(model, ends, None) or [] for ends in ("inputs", "outputs"))
    if len(inputs) != 1 or len(outputs) != 1:
        found = f"{plural(len(inputs), 'input', 'inputs')} and {plural(len(outputs), 'output', 'outputs')}"
        raise WeightsError(
            f"{path}: has {found}; the network of a report has one of each.",
            "Build it with keras.Model(image, output), or with keras.Sequential and a keras.Input in front.",
        )
    shape = tuple(inputs[0].shape[1:])
    sizes = zip(shape, INPUT_SHAPE, strict=False)
    # None stands for any size, which _without_output() fixes.
    if len(shape) != len(INPUT_SHAPE) or any(size not in (None, wanted) for size, wanted in sizes):
        raise WeightsError(
            f"{path}: takes inputs of the shape {shape}; the images of a report have {INPUT_SHAPE}.",
            "Build it for images of 224 × 224 pixels in three colours, or of any size.",
        )


def _without_output(model: keras.Model) -> keras.Model:
    """The network up to what its output layer reads, for images of the size that reports have."""
    # Private parts of Keras, whose version pyproject.toml bounds; tests/test_private_parts.py names them.
    history = model.outputs[0]._keras_history
    layer = history.operation
    tensor = model.outputs[0]
    # What others put between the last features and the classes, as layers of their own.
    while type(layer).__name__ in ("Softmax", "Activation", "Dropout"):
        tensor = layer._inbound_nodes[tensor._keras_history.node_index].input_tensors[0]
        layer = tensor._keras_history.operation
    # Only then were they those of an output layer; otherwise the network is left as it is.
    if type(layer).__name__ == "Dense" and len(tensor.shape) == 2:
        tensor = layer._inbound_nodes[tensor._keras_history.node_index].input_tensors[0]
        model = keras.Model(model.inputs, tensor, name=model.name)
    if None not in model.input_shape[1:]:
        return model
    image = keras.Input(INPUT_SHAPE)
    return keras.Model(image, model(image), name=f"sized_{model.name}")


_PLAIN = frozenset({"__tuple__", "__numpy__", "__tensor__", "__keras_tensor__", "__ellipsis__", "__slice__"})
"""Values that Keras writes like objects."""


def _find_strangers(node: Any) -> Iterator[str]:
    """What in a configuration is none of Keras's layers and the like, each in words."""
    if isinstance(node, Mapping):
        if "class_name" in node and node["class_name"] not in _PLAIN and not _is_allowed(node):
            config = node.get("config")
            name = config.get("name", "") if isinstance(config, Mapping) else config
            yield f"it holds '{node.get('module') or ''}.{node['class_name']}' ({name})"
        for value in node.values():
            yield from _find_strangers(value)
    elif isinstance(node, list):
        for value in node:
            yield from _find_strangers(value)


def _is_allowed(node: Mapping[str, Any]) -> bool:
    name, module = str(node["class_name"]), str(node.get("module") or "")
    registered = keras.saving.get_custom_objects()
    # Whoever registered a class in this process has run its code already.
    if node.get("registered_name") in registered:
        return True
    if name == "function":
        # By name, as an argument of a layer; what it names is looked for among activations alone.
        return module == "builtins" and callable(getattr(keras.activations, str(node.get("config")), None))
    # With the dot, as keras_hub and others begin with the same letters.
    if name == "Lambda" or not (module == "keras" or module.startswith("keras.")):
        return False
    found = _find_class(module, name)
    kinds = (
        # A model that was saved after its training names its optimiser, losses and metrics as well.
        *(keras.Operation, keras.Initializer, keras.Regularizer, keras.constraints.Constraint),
        *(keras.DTypePolicy, keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric),
    )
    return isinstance(found, type) and issubclass(found, kinds)


def _find_class(module: str, name: str) -> Any:
    """What a configuration names, among what is imported already; nothing is imported for it."""
    import sys

    if (loaded := sys.modules.get(module)) is not None and hasattr(loaded, name):
        return getattr(loaded, name)
    found: Any = keras
    for part in [*module.split(".")[1:], name]:
        found = getattr(found, part, None)
    return found
