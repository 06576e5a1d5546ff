"""Question 5: guided backpropagation, a table of neurons for each class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import GuidedGradients, area_share, energy_inside, rank_neurons
from reportgen.analysis.usual import divide_by_usual, rank_channels, usual_outputs
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import find_boxes
from reportgen.engine.stages.features import FEATURES
from reportgen.engine.stages.outcomes import pack_section
from reportgen.errors import ExplanationError, SettingsError
from reportgen.results import Box, Position
from reportgen.sections.guided_backprop.result import BoxShares, GuidedBackprop, GuidedRow, Signs
from reportgen.sections.guided_backprop.settings import NeuronChoice, parse_choice
from reportgen.store.packing import pack_arrays, unpack_arrays

# For annotations alone: the latter loads TensorFlow. Imported here, before it is set, it once printed its
# notices in a quiet build that had nothing else to compute.
if TYPE_CHECKING:
    from reportgen.analysis.chain import GuidedChain
    from reportgen.analysis.gradients import GuidedNetwork


# With the largest value as the limit, a single pixel would decide how faint all others are.
PERCENTILE = 99.5


@dataclass(frozen=True)
class Example:
    """One class's example image: the explained layer's output for it (rows, columns, channels), and the
    annotated boxes of the animal and its head, if there are any.
    """

    file: str
    activations: NDArray[np.float32]
    animal: Box | None = None
    head: Box | None = None


Explain = Callable[[str, Sequence[Position]], GuidedGradients]
"""The guided gradients of neurons of the layer for a class's image."""


def choose_neuron(
    activations: NDArray[np.float32], choice: NeuronChoice, usual: NDArray[np.float32] | None = None
) -> Position | None:
    """Find the neuron that a rule means in a layer's output (rows, columns, channels) ≥ 0.

    ``zero``: (0, 0, 0) if its output is zero, else the first zero one in row, column, channel order;
    ``percentile:P``: the positive neuron nearest to the P-th percentile of the positive ones;
    ``median``: their lower median; ``top:N``: the N-th largest; ``unusual:N``: the most excited neuron of
    the channel that exceeds its ``usual`` output (channels,) N-th most. Ties go to the first position.
    None if the image has no such neuron. Raises ``SettingsError`` for a position outside the layer.
    """
    if not isinstance(choice, str):
        # Those below zero the settings have refused.
        if any(index >= size for index, size in zip(choice, activations.shape, strict=True)):
            raise SettingsError(
                f"guided_backprop.neurons: {list(choice)} lies outside the layer's "
                f"{'×'.join(map(str, activations.shape))} neurons",
                "Name a row, a column and a channel inside the layer; they count from 0.",
            )
        return choice
    name, number = parse_choice(choice)
    flat = activations.ravel()
    if name == "top":
        ranked = rank_neurons(activations, int(number))
        # An image with fewer neurons has none of that number, and its last one is another one.
        return ranked[-1] if len(ranked) == int(number) else None
    if name == "unusual":
        return None if usual is None else _find_unusual(activations, usual, int(number))
    if name == "zero":
        return _position(np.flatnonzero(flat == 0)[:1], activations.shape)
    positive = flat[flat > 0]
    if not positive.size:
        return None
    if name == "median":
        # The lower of the two in the middle, since their mean need not be the output of any neuron.
        wanted = np.sort(positive)[(positive.size - 1) // 2]
    else:
        wanted = np.percentile(positive.astype(np.float64), number)
    # float64, or positive values that are close together could be equally far away.
    distance = np.where(flat > 0, np.abs(flat.astype(np.float64) - wanted), np.inf)
    return _position(np.array([np.argmin(distance)]), activations.shape)


def _find_unusual(
    activations: NDArray[np.float32], usual: NDArray[np.float32], number: int
) -> Position | None:
    """As the ranking by unusual output has it, where channels are silent for no reason to be shown."""
    ratios = divide_by_usual(activations.max(axis=(0, 1)), usual)
    ranked = [channel for channel in rank_channels(ratios, number) if ratios[channel] > 0]
    if len(ranked) < number:
        return None
    row, column = divmod(int(activations[..., ranked[-1]].argmax()), activations.shape[1])
    return row, column, ranked[-1]


def _position(indices: NDArray[np.intp], shape: tuple[int, ...]) -> Position | None:
    if not indices.size:
        return None
    row, column, channel = (int(i) for i in np.unravel_index(indices[0], shape))
    return row, column, channel


def explain_neurons(
    explain: Explain,
    examples: Mapping[str, Example],
    *,
    layer: str,
    choices: Sequence[NeuronChoice],
    shared_scale: bool,
    usual: NDArray[np.float32] | None = None,
) -> Computed[GuidedBackprop]:
    """Make the table of neurons and guided gradients for each class's example image.

    ``explain`` computes guided gradients of neurons for a class's image. Gradients are kept in R, G, B
    order, per unit of the preprocessed image (which is in B, G, R order). A picture shows −limit … +limit,
    the limit being the 99.5th percentile of |gradient| of its own row, or of the whole table with
    ``shared_scale``. A rule that finds no neuron in an image (no zero neuron, fewer than N neurons)
    leaves its row out. ``usual`` (channels,) are the outputs that are unusual to exceed, None if they are
    not known. Raises ``ExplanationError`` if that leaves a table without any row.
    """
    arrays: dict[str, NDArray[Any]] = {}
    rows: dict[str, list[GuidedRow]] = {}
    for i, (label, example) in enumerate(examples.items()):
        found = [(choice, choose_neuron(example.activations, choice, usual)) for choice in choices]
        chosen = [(choice, position) for choice, position in found if position is not None]
        if not chosen:
            raise ExplanationError(
                f"{example.file}: {layer} has no neuron such as {', '.join(map(str, choices))}.",
                "Add another rule to guided_backprop.neurons in your settings, such as top:1.",
            )
        explained = explain(label, [position for _, position in chosen])
        # The network takes B, G, R, a picture R, G, B.
        gradients = np.ascontiguousarray(explained.gradients[..., ::-1])
        arrays[f"gradients_{i}"] = gradients
        limits = _scale_limits(gradients, shared=shared_scale)
        rows[label] = [
            _row(choice, position, k, explained, limits[k], example)
            for k, (choice, position) in enumerate(chosen)
        ]
    # Both are there although the rule drops what is negative: below the first ReLU a convolution remains.
    signs = Signs(
        negative=sum(int((gradients < 0).sum()) for gradients in arrays.values()),
        positive=sum(int((gradients > 0).sum()) for gradients in arrays.values()),
    )
    if usual is not None:
        arrays["usual"] = usual
    annotated = any(example.animal or example.head for example in examples.values())
    areas = {
        label: BoxShares(animal=area_share(example.animal), head=area_share(example.head))
        for label, example in examples.items()
    }
    numbers = GuidedBackprop(
        layer=layer,
        files={label: example.file for label, example in examples.items()},
        percentile=PERCENTILE,
        shared_scale=shared_scale,
        rows=rows,
        area_share=areas if annotated else None,
        signs=signs,
        arrays=summarise("guided_backprop", arrays),
    )
    return Computed(numbers, arrays)


def _scale_limits(gradients: NDArray[np.float32], *, shared: bool) -> list[float]:
    size = np.abs(gradients.astype(np.float64))
    if shared:
        return [_limit(size)] * len(gradients)
    return [_limit(each) for each in size]


def _limit(size: NDArray[np.float64]) -> float:
    # A gradient on less than 0.5 % of the pixels has a percentile of zero but is not blank.
    return float(np.percentile(size, PERCENTILE)) or float(size.max())


def _row(
    choice: NeuronChoice,
    position: Position,
    k: int,
    explained: GuidedGradients,
    limit: float,
    example: Example,
) -> GuidedRow:
    gradient = explained.gradients[k]
    largest = float(np.abs(gradient).max())
    shares = None
    # A share of nothing is no number.
    if (example.animal or example.head) and largest > 0:
        shares = BoxShares(
            animal=energy_inside(gradient, example.animal), head=energy_inside(gradient, example.head)
        )
    return GuidedRow(
        choice=choice if isinstance(choice, str) else "position",
        position=position,
        value=float(explained.values[k]),
        gradient_max_abs=largest,
        blank=largest == 0,
        relu_total=explained.relu_total,
        relu_guided=explained.relu_guided,
        scale_limit=limit,
        energy_share=shares,
    )


def run(context: StageContext) -> Artifacts:
    """Make the tables of neurons and guided gradients."""
    outcome = context.artifacts("activations")
    activations, boxes = read_activations(outcome, context.examples), find_boxes(context)
    layer = read_layer(outcome)[0]
    with context.progress.stage("Guided backpropagation"):
        return pack_section(
            explain_neurons(
                _Explainer(context, layer).explain,
                {
                    label: Example(image.file, activations[label], *boxes[label])
                    for label, image in context.examples.items()
                },
                layer=layer,
                choices=context.setting("guided_backprop.neurons"),
                shared_scale=context.setting("guided_backprop.shared_scale"),
                usual=_find_usual(context, activations),
            )
        )


def _find_usual(
    context: StageContext, activations: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32] | None:
    """The mean output of each channel over the training images; None where the features are no such means."""
    features = unpack_arrays(context.artifacts("features")[FEATURES])["features"]
    # By content: the features of equal images are the same.
    numbers = {image.sha256: n for n, image in enumerate(context.images)}
    # Seen from the numbers, as the network need not be loaded where all gradients are kept.
    if not all(
        are_averages(features[numbers[image.sha256]], activations[label])
        for label, image in context.examples.items()
    ):
        return None
    return usual_outputs(features[[n for n, image in enumerate(context.images) if image.split == "train"]])


def are_averages(features: NDArray[np.float32], output: NDArray[np.float32]) -> bool:
    """Whether an image's features (D,) are the means of a layer's output (rows, columns, channels) for it."""
    means = output.mean(axis=(0, 1), dtype=np.float64)
    # As much as float32 sums of the same values may differ by.
    return means.shape == features.shape and bool(np.allclose(features, means, rtol=1e-3, atol=1e-5))


class _Explainer:
    """Guided gradients by image and position, computed where they are not kept yet."""

    def __init__(self, context: StageContext, layer: str) -> None:
        self._context, self._layer = context, layer
        self._guided: GuidedChain | GuidedNetwork | None = None

    def explain(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        image = self._context.examples[label]
        # By content, layer and position alone: a renamed image, or another scale, costs no pass.
        items = {position: f"{image.sha256} {self._layer} {position}" for position in positions}
        kept = {position: self._context.items.get(item) for position, item in items.items()}
        if missing := [position for position, data in kept.items() if data is None]:
            fresh = self._compute(label, missing)
            for k, position in enumerate(missing):
                kept[position] = _pack(fresh, k)
                # One by one: a further neuron in the settings costs its own backward pass and not that of the
                # whole table.
                self._context.items.put(items[position], kept[position] or b"")
        # By now every neuron has its gradient; the empty bytes are for the type checker.
        return _join([unpack_arrays(kept[position] or b"") for position in positions])

    def _compute(self, label: str, positions: Sequence[Position]) -> GuidedGradients:
        # Before these imports, which load TensorFlow: network() configures it first.
        network = self._context.network()
        from reportgen.analysis.whole import guide_network
        from reportgen.models.backbone import preprocess

        # As many at a time as the first image needs; others are filled up or cut into parts.
        self._guided = self._guided or guide_network(network, self._layer, len(positions))
        image = self._context.examples[label]
        return self._guided(preprocess(decode(self._context.path(image), image.sha256)), positions)


def _pack(gradients: GuidedGradients, k: int) -> bytes:
    return pack_arrays(
        {
            "value": gradients.values[k],
            "gradient": gradients.gradients[k],
            # With each neuron, so that what is kept proves as much as what has just been computed.
            "relus": np.array([gradients.relu_total, gradients.relu_guided]),
        }
    )


def _join(rows: Sequence[dict[str, np.ndarray]]) -> GuidedGradients:
    relus = rows[0]["relus"]
    return GuidedGradients(
        np.stack([row["value"] for row in rows]),
        np.stack([row["gradient"] for row in rows]),
        int(relus[0]),
        int(relus[1]),
    )
