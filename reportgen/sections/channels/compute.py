"""What question 4 leaves open: excited channels need not be those that decide, nor excited by this image."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import effective_field, receptive_field
from reportgen.analysis.usual import QUANTILE, divide_by_usual, floor_of, rank_channels, usual_outputs
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, find_boxes
from reportgen.engine.stages.features import PEAKS
from reportgen.engine.stages.outcomes import NUMBERS, pack_section, read_arrays
from reportgen.models.head import read_head
from reportgen.results import Box, FieldGeometry, ImageFile, Patch, Position, Split
from reportgen.results.fields import SIDE
from reportgen.sections.channels.over_data import Peaks, choose_channels, describe_data
from reportgen.sections.channels.result import Channel, Channels, ImageChannels, OnAnimal
from reportgen.sections.channels.strength import compare_strength, rank_by_size
from reportgen.store.packing import unpack_arrays

# For annotations alone: the last two load TensorFlow.
if TYPE_CHECKING:
    from reportgen.analysis.chain import RecordedImage
    from reportgen.analysis.whole import WholeImage
    from reportgen.models.backbone import Backbone

SPLIT: Final[Split] = "train"
"""The largest split. The frozen layers have not learnt from it, so it is as good as any."""

ROUGH: Final = 16

Look = Callable[[Position], Patch]
"""The effective receptive field of the neuron at a position."""


@dataclass(frozen=True)
class Evidence:
    """What each channel adds to each class's score: ``contributions`` (classes, channels); ``biases``
    (classes,) are the rest.

    The score of a class is its output before the softmax; ``predicted`` is the index of the largest.
    """

    contributions: NDArray[np.float64]
    biases: NDArray[np.float64]
    predicted: int


@dataclass(frozen=True)
class Example:
    """One class's image: ``outputs`` (rows, columns, channels) of the layer, and what they add up to."""

    file: str
    outputs: NDArray[np.float32]
    evidence: Evidence
    look: Look
    animal: Box | None = None


def centre_scores(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Scores (classes, …) less their mean over the classes.

    A softmax gives the same probabilities if a number is added to all scores. So only differences between the
    classes are evidence for one of them.
    """
    found: NDArray[np.float64] = scores - scores.mean(axis=0, dtype=np.float64)
    return found


def compare_channels(
    examples: Mapping[str, Example],
    usual: NDArray[np.float32] | None,
    *,
    layer: str,
    geometry: FieldGeometry,
    count: int,
    exact: bool,
    images: int,
    seed: int,
) -> Computed[Channels]:
    """The ``count`` leading channels of each image by output, by contribution, and by unusual output.

    ``usual`` (channels,) are the mean outputs over ``images`` training images, None if they are not known.
    ``seed``: of the permutations that show what loud channels contribute by chance.
    """
    labels = list(examples)
    described = {
        label: _describe(example, usual, labels, geometry, count) for label, example in examples.items()
    }
    arrays: dict[str, NDArray[Any]] = {
        "contributions": np.stack([_centred(each.evidence)[0] for each in examples.values()])
    }
    loud = [[each.position[2] for each in image.loud] for image in described.values()]
    if usual is not None:
        arrays["usual"] = usual
    numbers = Channels(
        layer=layer,
        channels=arrays["contributions"].shape[1],
        exact=exact,
        images=images if usual is not None else 0,
        floor=None if usual is None else float(floor_of(usual)),
        quantile=QUANTILE,
        classes=described,
        strength=compare_strength(arrays["contributions"], loud, count, seed=seed),
        arrays=summarise("channels", arrays),
    )
    return Computed(numbers, arrays)


def _centred(evidence: Evidence) -> tuple[NDArray[np.float64], float, float]:
    """Contributions (channels,) to the predicted class's score, the bias's, and the score, all centred."""
    contributions = centre_scores(evidence.contributions)[evidence.predicted]
    bias = float(centre_scores(evidence.biases)[evidence.predicted])
    return contributions, bias, float(contributions.sum() + bias)


def _describe(
    example: Example,
    usual: NDArray[np.float32] | None,
    labels: Sequence[str],
    geometry: FieldGeometry,
    count: int,
) -> ImageChannels:
    flat = example.outputs.reshape(-1, example.outputs.shape[-1])
    peaks, values = flat.argmax(axis=0), flat.max(axis=0)
    contributions, bias, score = _centred(example.evidence)
    ratios = None if usual is None else divide_by_usual(values, usual)
    strengths = rank_by_size(contributions)

    def describe(channel: int) -> Channel:
        row, column = divmod(int(peaks[channel]), example.outputs.shape[1])
        position = (row, column, channel)
        return Channel(
            position=position,
            value=float(values[channel]),
            # Of equal channels all have the last of their ranks, so that the order of channels decides
            # nothing.
            value_rank=int(np.count_nonzero(values >= values[channel])),
            contribution=float(contributions[channel]),
            contribution_rank=int(np.count_nonzero(contributions >= contributions[channel])),
            strength_rank=int(strengths[channel]),
            ratio=None if ratios is None else float(ratios[channel]),
            patch=example.look(position),
        )

    loud, decisive = ([describe(c) for c in rank_channels(by, count)] for by in (values, contributions))
    unusual = [] if ratios is None else [describe(c) for c in rank_channels(ratios, count)]
    return ImageChannels(
        file=example.file,
        predicted=labels[example.evidence.predicted],
        score=score,
        bias=bias,
        loud=loud,
        decisive=decisive,
        unusual=unusual,
        on_animal=_locate(example, geometry, loud, decisive, unusual),
    )


def _locate(
    example: Example,
    geometry: FieldGeometry,
    loud: Sequence[Channel],
    decisive: Sequence[Channel],
    unusual: Sequence[Channel],
) -> OnAnimal | None:
    animal = example.animal
    if animal is None:
        return None
    rows, columns = example.outputs.shape[:2]

    def lies_on(row: int, column: int) -> bool:
        return all(
            span[0] <= _middle(geometry, index) < span[1]
            for index, span in ((row, animal.rows), (column, animal.cols))
        )

    def count(channels: Sequence[Channel]) -> int:
        return sum(lies_on(*each.position[:2]) for each in channels)

    return OnAnimal(
        loud=count(loud),
        decisive=count(decisive),
        unusual=count(unusual) if unusual else None,
        total=len(loud),
        # Every position counts the same: what a neuron chosen blindly would have.
        chance=sum(lies_on(i, j) for i in range(rows) for j in range(columns)) / (rows * columns),
    )


def _middle(geometry: FieldGeometry, index: int) -> float:
    """The pixel in the middle of the receptive field of the neurons at an index, along one axis."""
    return index * geometry.stride - geometry.padding + geometry.size / 2


def find_evidence(
    network: Backbone,
    head: bytes,
    output: NDArray[np.float32],
    image: NDArray[np.float32] | None = None,
) -> Evidence:
    """What the channels of the first layer's ``output`` (rows, columns, channels) add to the classes' scores.

    The part of a channel is the sum over its positions of output × gradient of the score, which is exact
    where what follows is linear, as the average of the embedded network is; above ``fc1`` and ``fc2`` it is
    of first order (Simonyan et al. 2014). ``head`` is the content of the file of the head's weights.
    ``image`` (H, W, 3), preprocessed, is needed where branches of the network pass the layer by; what they
    add belongs to no channel.
    """
    import tensorflow as tf

    kernel, bias = read_head(head)
    graph = network.graph
    end = graph.find_neurons(network.layers[0])
    seen = tf.constant(output[np.newaxis])
    # Of a chain nothing below the layer is run, as its output is given: any input will do.
    below = tf.constant(np.zeros((1, 1, 1, 3), np.float32) if image is None else image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(seen)
        signal = graph.run(below, len(graph.nodes) - 1, known_outputs={end: seen})
        # Without the head's bias, which depends on no channel; it is part of what is left below.
        scores = tf.linalg.matvec(kernel, signal[0], transpose_a=True)
    # Of all classes in one pass, for contributions are centred over the classes.
    gradients = tape.jacobian(scores, seen)[:, 0].numpy().astype(np.float64)
    # In double precision, as what no channel explains is found by subtraction.
    contributions = np.einsum("kijc,ijc->kc", gradients, output.astype(np.float64))
    # What is left: the biases, of fc1 and fc2 as well.
    biases = scores.numpy().astype(np.float64) + bias - contributions.sum(axis=1)
    return Evidence(contributions, biases, int((scores.numpy() + bias).argmax()))


def run(context: StageContext) -> Artifacts:
    """Set the loud channels of each example image beside the decisive ones and the unusually loud ones."""
    outcome, transfer = context.artifacts("activations"), context.artifacts("transfer")
    layer, geometry, as_run = read_layer(outcome)
    outputs, files = read_activations(outcome, context.examples), example_files(context)
    animals = {label: animal for label, (animal, _) in find_boxes(context).items()}
    # As JSON: no section imports the types of another.
    seen = json.loads(context.artifacts("neurons")[NUMBERS])
    network = context.network()
    averaged = network.averages(layer)
    # Only then is an image's feature the average of a channel, and the mean over images its usual output.
    features = read_arrays(transfer)["features_train"] if averaged else None
    with context.progress.stage("Decisive channels", total=len(files)) as advance:
        examples = {}
        for label, image in context.examples.items():
            pixels = None if network.graph.chain else _prepare(context, image)
            evidence = find_evidence(network, transfer["head.weights.h5"], outputs[label], pixels)
            # The loudest channels are those of the neurons that were looked at before, each a backward pass.
            known = {
                tuple(each["position"]): each["patch"]
                for table in ("top", "top_distinct")
                for each in seen[table][label]
            }
            look = _look(context, image, as_run, layer, known)
            examples[label] = Example(files[label], outputs[label], evidence, look, animals[label])
            advance(1)
        compared = compare_channels(
            examples,
            None if features is None else usual_outputs(features),
            layer=layer,
            geometry=geometry,
            count=context.setting("show.neurons"),
            exact=averaged,
            images=0 if features is None else len(features),
            seed=context.setting("seed"),
        )
    with context.progress.stage("Channels over the data"):
        return pack_section(_add_data(context, compared, next(iter(outputs.values())).shape, as_run))


def _add_data(
    context: StageContext, compared: Computed[Channels], shape: tuple[int, ...], geometry: FieldGeometry
) -> Computed[Channels]:
    """The same with what excites the channels over the training images; the network is not run for that."""
    peaks = _read_peaks(context, shape)
    lists = [[each.position[2] for each in image.loud] for image in compared.numbers.classes.values()]
    found = describe_data(
        peaks,
        choose_channels(lists, context.setting("show.neurons")),
        geometry,
        _usual_side(compared.numbers),
        split=SPLIT,
        seed=context.setting("seed"),
    )
    images = {image.file: image for image in peaks.images}
    decoded: dict[str, NDArray[np.uint8]] = {}

    def cut(file: str, patch: Box) -> NDArray[np.uint8]:
        # One image often excites several channels most.
        if file not in decoded:
            decoded[file] = decode(context.path(images[file]), images[file].sha256)
        return decoded[file][slice(*patch.rows), slice(*patch.cols)]

    patches = [[cut(each.file, each.patch) for each in channel.images] for channel in found.channels]
    # Patches are squares of one side, and so one array.
    arrays = {**compared.arrays, "largest": peaks.largest, "patches": np.array(patches, np.uint8)}
    complete = {"over_data": found, "arrays": summarise("channels", arrays)}
    return Computed(compared.numbers.model_copy(update=complete), arrays)


def _read_peaks(context: StageContext, shape: tuple[int, ...]) -> Peaks:
    """What the pass for the features noted of the training images, each content once."""
    known = unpack_arrays(context.artifacts("features")[PEAKS])
    first: dict[str, int] = {}
    for n, image in enumerate(context.images):
        if image.split == SPLIT:
            first.setdefault(image.sha256, n)
    rows = list(first.values())
    largest, argmax, active = (known[name][rows] for name in ("largest", "argmax", "active"))
    images = [context.images[n] for n in rows]
    return Peaks(images, largest, argmax, active, positions=shape[0] * shape[1], columns=shape[1])


def _usual_side(numbers: Channels) -> int:
    """The median side of the patches of the loudest channels, in steps of ``ROUGH`` pixels.

    The patch of each image would take a backward pass, 45 of them some ten seconds; the squares take none.
    In steps, so that a gradient that is rounded otherwise on another machine gives the same squares.
    """
    patches = [each.patch for image in numbers.classes.values() for each in image.loud]
    sides = [stop - start for patch in patches for start, stop in (patch.rows, patch.cols)]
    return min(max(ROUGH * round(float(np.median(sides)) / ROUGH), ROUGH), SIDE)


def _look(
    context: StageContext, image: ImageFile, geometry: FieldGeometry, layer: str, known: Mapping[Any, Any]
) -> Look:
    """Finds patches in one image; the network runs on it for the first that is neither known nor kept."""
    recorded: list[RecordedImage | WholeImage] = []

    def look(position: Position) -> Patch:
        def compute() -> bytes:
            if not recorded:
                recorded.append(_record(context, image))
            field = receptive_field(geometry, *position[:2])
            patch = effective_field(recorded[0].gradient(position), fallback=field)
            return json.dumps(patch.model_dump()).encode()

        if position in known:
            return Patch.model_validate(known[position])
        item = f"{image.sha256} {layer} {position}"
        return Patch.model_validate(json.loads(context.items.obtain(item, compute)))

    return look


def _record(context: StageContext, image: ImageFile) -> RecordedImage | WholeImage:
    # Before this import, which loads TensorFlow: network() configures it first.
    network = context.network()
    from reportgen.analysis.whole import record_image

    return record_image(network, network.layers[0], _prepare(context, image))


def _prepare(context: StageContext, image: ImageFile) -> NDArray[np.float32]:
    from reportgen.models.backbone import preprocess

    return preprocess(decode(context.path(image), image.sha256))
