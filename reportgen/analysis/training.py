"""Convolutional networks built from data and trained from random weights, the same bytes in every process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.architecture import INPUT_SHAPE, Architecture, Layer, trace_whole

Pixels = NDArray[np.uint8]

Weights = list[NDArray[np.floating[Any]]]
"""In Keras's order and the network's precision."""

State = Mapping[str, NDArray[Any]]
"""Everything that the next epoch depends on, as named arrays."""

# The names of Keras's History.
CURVES: Final = ("loss", "accuracy", "val_loss", "val_accuracy")

_SCALE: Final = 127.5
"""Levels 0 to 255 become −1 to 1. Bytes are kept and turned into floats batch by batch: 250 images take 38 MB
as bytes and four times as much as floats.
"""

LEARNING: Final = "float64"
"""The precision that networks are trained in. Processors sum in different orders, and hundreds of steps
multiply what is rounded there. With float32 three networks on 150 photographs ended with other confusion
matrices, and after other numbers of epochs, on another set of instructions, so that an honest report was not
confirmed.
"""

_EVALUATED: Final = 64
"""Images that are judged at a time, always as many, since the number decides how sums are shared."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: at most ``epochs``, fewer if the validation loss has not fallen for
    ``patience`` of them; Adam with ``learning_rate`` on batches of ``batch_size`` images, each turned left to
    right with probability one half if ``flip``.
    """

    epochs: int
    learning_rate: float
    batch_size: int
    patience: int
    flip: bool
    seed: int


@dataclass(frozen=True)
class Part:
    """One split: pixels (N, H, W, 3) uint8 and class indices (N,), in one order."""

    pixels: Pixels
    labels: NDArray[np.intp]


@dataclass
class Course:
    """The course of a training so far: a value of each curve for every epoch, and the best weights."""

    log: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CURVES})
    best_epoch: int = 0
    best_weights: Weights = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """The epochs that were run."""
        return len(self.log["loss"])

    def finished(self, recipe: Recipe) -> bool:
        """Whether no epoch follows."""
        return self.epochs >= recipe.epochs or self.epochs - self.best_epoch >= recipe.patience


def build_network(
    architecture: Architecture,
    classes: int,
    seed: int,
    shape: tuple[int, int, int] = INPUT_SHAPE,
    *,
    precision: str = "float32",
) -> keras.Sequential:
    """The network from pixels scaled to −1 … 1 to class probabilities (N, classes), in this ``precision``.

    Kernels before a ReLU or ELU are He-normal (He et al. 2015), others Glorot-uniform (Glorot & Bengio 2010),
    each drawn from ``seed`` and the number of its layer; biases are zero.
    """
    layers: list[Any] = [keras.Input(shape, dtype=precision)]
    for number, layer in enumerate(architecture.layers):
        # By these names sections ask for the outputs of convolutions.
        named = {"name": f"{layer.layer}_{number + 1}", "dtype": precision}
        layers += _build_layer(layer, _draw_seed(seed, number), named)
    last = keras.initializers.GlorotUniform(seed=_draw_seed(seed, len(architecture.layers)))
    layers.append(
        keras.layers.Dense(classes, "softmax", kernel_initializer=last, name="softmax", dtype=precision)
    )
    # Named, since Keras numbers unnamed models and writes the number into the weights file.
    return keras.Sequential(layers, name="network")


def _draw_seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)


def _build_layer(layer: Layer, seed: int, named: Mapping[str, Any]) -> list[Any]:
    """The Keras layers of one layer of the settings: two where zeros are put around the maps first."""
    # By what follows: He et al. derive their spread for rectifiers, Glorot and Bengio theirs for symmetric
    # functions.
    initial = (
        keras.initializers.HeNormal(seed=seed)
        if layer.activation in ("relu", "elu")
        else keras.initializers.GlorotUniform(seed=seed)
    )
    made: list[Any] = []
    if layer.layer == "conv":
        # Keras's "same" puts zeros unevenly where the size or stride is even, and knows no other number of
        # them.
        if layer.padding:
            padded = {**named, "name": f"{named['name']}_padding"}
            made.append(keras.layers.ZeroPadding2D(layer.padding, **padded))
        conv = keras.layers.Conv2D(
            layer.filters,
            layer.size,
            strides=layer.stride,
            activation=layer.activation,
            kernel_initializer=initial,
            **named,
        )
        made.append(conv)
    elif layer.layer == "pool":
        made.append(keras.layers.MaxPooling2D(layer.size, strides=layer.stride, **named))
    elif layer.layer == "dense":
        made.append(keras.layers.Dense(layer.units, layer.activation, kernel_initializer=initial, **named))
    elif layer.layer == "batch_norm":
        made.append(keras.layers.BatchNormalization(**named))
    elif layer.layer == "activation":
        made.append(keras.layers.Activation(layer.activation, **named))
    elif layer.layer == "dropout":
        made.append(keras.layers.Dropout(layer.rate, seed=seed, **named))
    else:
        made.append(keras.layers.Flatten(**named))
    return made


def observe_shapes(network: keras.Sequential, architecture: Architecture, classes: int) -> list[list[int]]:
    """The shape that each layer of the settings, and the softmax, gives for one image that goes through."""
    signal = np.zeros((1, *network.input_shape[1:]), np.float32)
    found = []
    for layer in network.layers:
        signal = layer(signal)
        # Zeros around the maps belong to the convolution after them.
        if not layer.name.endswith("_padding"):
            found.append([int(side) for side in signal.shape[1:]])
    if len(found) != len(trace_whole(architecture, classes)):
        raise ValueError(f"{len(found)} layers were built of {len(architecture.layers)} and the softmax")
    return found


def scale_pixels(pixels: Any, precision: str = "float32") -> Any:
    """Levels 0 to 255 as −1 to 1, in this precision."""
    return tf.cast(pixels, precision) / _SCALE - 1.0


def predict(network: keras.Sequential, pixels: Pixels) -> NDArray[np.float32]:
    """Class probabilities (N, classes) of pixels (N, H, W, 3)."""
    found = [
        np.asarray(network(scale_pixels(pixels[start : start + _EVALUATED]), training=False), np.float32)
        for start in range(0, len(pixels), _EVALUATED)
    ]
    return np.concatenate(found)


def train_network(
    network: keras.Sequential,
    parts: Mapping[str, Part],
    recipe: Recipe,
    *,
    resume: State | None = None,
    keep: Callable[[State], None] = lambda _state: None,
    advance: Callable[[int], None] = lambda _epochs: None,
) -> Course:
    """Train with Adam on the cross-entropy, in the precision of ``network``; the weights with the lowest
    validation loss are set at the end.

    ``parts`` has ``train`` and ``val``. ``keep`` is called after each epoch with all that the next depends
    on; one of these states as ``resume`` continues from there, bit for bit as if nothing had happened.
    ``advance`` is called then, too. Validation loss and accuracy are of the whole split after the epoch,
    without dropout; those of training are means over the batches of the epoch, as in Keras: to judge all
    training images once more would take a quarter of the time.
    """
    optimizer = keras.optimizers.Adam(recipe.learning_rate)
    # Its variables are made here: a graph function may make some on its first call only.
    optimizer.build(network.trainable_variables)
    course = _restore(network, optimizer, resume) if resume else Course(best_weights=network.get_weights())
    advance(course.epochs)
    # Not fit(), whose order of images depends on what was drawn before in the process: a resumed training
    # would take another course.
    learn, evaluate = _training_functions(network, optimizer)
    while not course.finished(recipe):
        epoch = course.epochs + 1
        sums = [learn(*batch) for batch in _draw_batches(parts["train"], recipe, epoch)]
        _note(course, "", sums, len(parts["train"].labels))
        _note(course, "val_", [evaluate(*each) for each in _cut(parts["val"])], len(parts["val"].labels))
        # Strictly less, so that of equal epochs the first is kept.
        if not course.best_epoch or course.log["val_loss"][-1] < min(course.log["val_loss"][:-1]):
            course.best_epoch, course.best_weights = epoch, network.get_weights()
        keep(_state_of(network, optimizer, course))
        advance(1)
    network.set_weights(course.best_weights)
    return course


def _draw_batches(part: Part, recipe: Recipe, epoch: int) -> Iterator[tuple[Any, Any]]:
    """The batches of an epoch, images turned at random among them."""
    # From the epoch's number and not from a stream, so that a resumed training draws the same.
    # Stream 4: those before are of the filters and of VGG19's new layer.
    draws = np.random.default_rng([recipe.seed, 4, epoch])
    order = draws.permutation(len(part.labels))
    turned = (draws.random(len(order)) < 0.5) & recipe.flip
    for start in range(0, len(order), recipe.batch_size):
        chosen, over = order[start : start + recipe.batch_size], turned[start : start + recipe.batch_size]
        # By NumPy and as bytes: in TensorFlow's graph turning took as long as the forward pass.
        images = part.pixels[chosen]
        images[over] = images[over, :, ::-1]
        yield tf.constant(images), tf.constant(part.labels[chosen], tf.int32)


def _cut(part: Part) -> Iterator[tuple[Any, Any]]:
    for start in range(0, len(part.labels), _EVALUATED):
        inside = slice(start, start + _EVALUATED)
        yield tf.constant(part.pixels[inside]), tf.constant(part.labels[inside], tf.int32)


def _note(course: Course, prefix: str, sums: Sequence[tuple[Any, Any]], count: int) -> None:
    """Append an epoch's mean loss and accuracy, given sums of losses and of hits by batch."""
    for name, number in (("loss", 0), ("accuracy", 1)):
        # As Python's numbers, in double precision whatever the network's.
        course.log[f"{prefix}{name}"].append(sum(float(each[number]) for each in sums) / count)


def _training_functions(network: Any, optimizer: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A step and a judgement of a batch; both give the sums of its losses and of its hits."""
    precision = network.inputs[0].dtype
    each_loss = keras.losses.SparseCategoricalCrossentropy(reduction=None, dtype=precision)

    def judge(p: Any, labels: Any) -> tuple[Any, Any]:
        hits = tf.cast(tf.argmax(p, axis=1, output_type=tf.int32) == labels, precision)
        return tf.reduce_sum(each_loss(labels, p)), tf.reduce_sum(hits)

    def learn(pixels: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            p = network(scale_pixels(pixels, precision), training=True)
            loss, hits = judge(p, labels)
            # The gradient is the mean's and the log has the sum: batches of different sizes then count by
            # their images.
            mean = loss / tf.cast(tf.size(labels), precision)
        optimizer.apply(tape.gradient(mean, network.trainable_variables))
        return loss, hits

    def evaluate(pixels: Any, labels: Any) -> tuple[Any, Any]:
        return judge(network(scale_pixels(pixels, precision), training=False), labels)

    # The last batch is smaller; one graph of open length serves them all.
    return tf.function(learn, reduce_retracing=True), tf.function(evaluate, reduce_retracing=True)


def _state_of(network: Any, optimizer: Any, course: Course) -> State:
    """All variables, those of dropout's random numbers among them, and the course."""
    variables = [*network.variables, *optimizer.variables]
    # By number, since every layer has a variable called kernel.
    state = {f"variable_{n}": np.asarray(each) for n, each in enumerate(variables)}
    state |= {f"best_{n}": each for n, each in enumerate(course.best_weights)}
    state |= {name: np.array(values) for name, values in course.log.items()}
    return {**state, "best_epoch": np.array(course.best_epoch)}


def _restore(network: Any, optimizer: Any, state: State) -> Course:
    for n, variable in enumerate([*network.variables, *optimizer.variables]):
        variable.assign(state[f"variable_{n}"])
    count = len(network.get_weights())
    return Course(
        log={name: [float(value) for value in state[name]] for name in CURVES},
        best_epoch=int(state["best_epoch"]),
        best_weights=[state[f"best_{n}"] for n in range(count)],
    )


def outputs_of(network: keras.Sequential, names: Sequence[str]) -> Callable[[Any], list[Any]]:
    """A function from scaled pixels to the outputs of the layers of these names, in one pass."""
    wanted = [network.get_layer(name).output for name in names]
    model = keras.Model(network.inputs, wanted)

    def run(pixels: Any) -> list[Any]:
        found = model(pixels, training=False)
        # Keras does not put a single output into a list.
        return list(found) if isinstance(found, list | tuple) else [found]

    return run
