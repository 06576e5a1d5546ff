"""Gradient pictures of neurons while the network is redrawn from the top, block by block.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.1: cascading randomisation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import rank_neurons, receptive_field
from reportgen.dataset.decode import decode
from reportgen.engine.stages.activations import read_activations, read_layer
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section
from reportgen.errors import ExplanationError
from reportgen.results import Box, ImageFile, Position
from reportgen.results.fields import SIDE
from reportgen.sections.randomisation.likeness import compare_with_first
from reportgen.sections.randomisation.network import Chain, View, Whole, find_block_index, open_network
from reportgen.sections.randomisation.result import (
    ExplainedNeuron,
    Likenesses,
    Randomisation,
    Redrawing,
    RedrawnNeuron,
)
from reportgen.store.packing import pack_arrays, unpack_arrays

# That of the tables of guided gradients, so that their pictures can be compared with these.
PERCENTILE = 99.5
ALIKE_FROM, UNLIKE_BELOW = 0.3, 0.1
"""What counts as alike and as unlike: a medium and a small correlation by Cohen's usual names for them."""

Values = NDArray[Any]


def run(context: StageContext) -> Artifacts:
    """Explain the most excited neuron of each of the first example images in all networks."""
    outcome = context.artifacts("activations")
    layer, _, geometry = read_layer(outcome)
    activations = read_activations(outcome, context.examples)
    count, seed = context.setting("randomisation.images"), context.setting("randomisation.seed")
    explainer = _Explainer(context, seed, layer)
    described = explainer.describe_layers()
    # From the top, as Adebayo et al. do: what is redrawn includes all layers above it.
    blocks = range(max(described["blocks"].values()), 0, -1)
    subjects = {}
    for label, image in list(context.examples.items())[:count]:
        position = rank_neurons(activations[label], 1)[0]
        field = receptive_field(geometry, position[0], position[1], SIDE)
        subjects[label] = Subject(image, position, float(activations[label][position]), field)
    with context.progress.stage("Randomised networks", total=len(subjects) * (1 + len(blocks))) as advance:
        pictures = {
            label: [explainer.explain(subject, block, advance) for block in (None, *blocks)]
            for label, subject in subjects.items()
        }
    return pack_section(compare_pictures(subjects, pictures, described, layer=layer, seed=seed, images=count))


@dataclass(frozen=True)
class Subject:
    """A neuron: the image that excites it, its position, its output, and the pixels that it can see."""

    image: ImageFile
    position: Position
    value: float
    field: Box


@dataclass(frozen=True)
class Pictures:
    """The gradients of one neuron in one network: its ``value`` before its ReLU, and the gradients of that,
    ``guided`` and ``plain`` (rows, columns, 3), in R, G, B, per unit of the preprocessed image, in its field.
    """

    value: float
    guided: NDArray[np.float32]
    plain: NDArray[np.float32]


class _Explainer:
    """Pictures by image, neuron and network, computed where they are not kept yet."""

    def __init__(self, context: StageContext, seed: int, layer: str) -> None:
        self._context, self._layer = context, layer
        self._seed = seed
        self._chain: Chain | Whole | None = None
        self._view: tuple[str, Position, Any] | None = None

    def explain(self, subject: Subject, block: int | None, advance: Callable[[int], object]) -> Pictures:
        """The pictures with all blocks from ``block`` on redrawn; None: in the network as it is."""
        # By content, neuron and network alone: a renamed image, or more images to show, costs no pass.
        item = f"{subject.image.sha256} {self._layer} {subject.position}"
        if block is not None:
            item += f" redrawn from block {block} on with seed {self._seed}"
        kept = unpack_arrays(
            self._context.items.obtain(item, lambda: pack_arrays(self._compute(subject, block)))
        )
        advance(1)
        return Pictures(float(kept["value"]), kept["guided"], kept["plain"])

    def describe_layers(self) -> dict[str, Any]:
        """The weights and the block of each layer by name, and the layers that are left as they are."""

        def describe() -> bytes:
            return json.dumps(self._network().describe()).encode()

        # Kept like the pictures, so that a build which has them all loads no network.
        item = f"layers up to {self._layer}"
        described: dict[str, Any] = json.loads(self._context.items.obtain(item, describe))
        return described

    def _network(self) -> Chain | Whole:
        if self._chain is None:
            self._chain = open_network(self._context.network(), self._layer)
        return self._chain

    def _compute(self, subject: Subject, block: int | None) -> dict[str, Values]:
        chain = self._network()
        # The forward pass of the network as it is serves all others of the same image.
        if self._view is None or self._view[:2] != (subject.image.sha256, subject.position):
            from reportgen.models.backbone import preprocess

            image = preprocess(decode(self._context.path(subject.image), subject.image.sha256))
            view = chain.view(image, subject.position)
            _require_same(subject, view)
            self._view = (subject.image.sha256, subject.position, view)
        view = self._view[2]
        # Of the value before the ReLU: in a redrawn network the neuron is often silent, and its output's
        # gradient would be blank.
        value, guided, plain = view.explain({} if block is None else chain.redraw(block, self._seed))
        if not isinstance(view, View):  # of the whole image; beyond the field all is zero
            field = (slice(*subject.field.rows), slice(*subject.field.cols))
            guided, plain = guided[field], plain[field]
        return {
            "value": np.array(value),
            # The network takes B, G, R, a picture R, G, B.
            "guided": np.ascontiguousarray(guided[..., ::-1]),
            "plain": np.ascontiguousarray(plain[..., ::-1]),
        }


def _require_same(subject: Subject, view: Any) -> None:
    """Fail if the chain of layers is not the network: the neuron must have its output and its field there."""
    other = isinstance(view, View) and view.field != subject.field
    # A ReLU that is cut off at 6 gives less than it gets.
    if (
        min(abs(max(view.value, 0) - subject.value), abs(min(view.value, 6) - subject.value))
        > (1e-3 * subject.value)
        or other
    ):
        raise ExplanationError(
            f"{subject.image.file}: the neuron {subject.position} has the output {subject.value:.6g} in the "
            f"network, but {view.value:.6g} in its layers one after the other, or sees other pixels there.",
            "Use a network built from ordinary Keras layers; its gradients would be those of another one.",
        )


def compare_pictures(
    subjects: Mapping[str, Subject],
    pictures: Mapping[str, Sequence[Pictures]],
    layers: Mapping[str, Any],
    *,
    layer: str,
    seed: int,
    images: int,
) -> Computed[Randomisation]:
    """Compare each class's pictures in the redrawn networks with those in the network as it is, the first.

    ``layers``: the number of weights of each layer by name, and the names of the kept ones. A picture shows
    −limit … +limit, the limit being the 99.5th percentile of its sizes in the whole image.
    """
    arrays: dict[str, NDArray[Any]] = {}
    neurons = {}
    for i, (label, subject) in enumerate(subjects.items()):
        neurons[label], guided, plain = _compare(subject, pictures[label])
        arrays |= {f"guided_{i}": guided, f"plain_{i}": plain}
    numbers = Randomisation(
        layer=layer,
        seed=seed,
        images=images,
        percentile=PERCENTILE,
        alike_from=ALIKE_FROM,
        unlike_below=UNLIKE_BELOW,
        kept=layers["kept"],
        networks=_describe_networks(layers["weights"], layers.get("blocks", {})),
        neurons=neurons,
        arrays=summarise("randomisation", arrays),
    )
    return Computed(numbers, arrays)


def _compare(
    subject: Subject, pictures: Sequence[Pictures]
) -> tuple[ExplainedNeuron, NDArray[np.float32], NDArray[np.float32]]:
    """What is to be said of one neuron, and its guided and plain pictures (N, 224, 224, 3) in their units."""
    guided, guided_limits = _scale([own.guided for own in pictures], subject.field)
    plain, plain_limits = _scale([own.plain for own in pictures], subject.field)
    # Outside of it every picture is zero, which would make any two of them alike.
    field = (slice(None), slice(*subject.field.rows), slice(*subject.field.cols))
    likenesses = zip(compare_with_first(guided[field]), compare_with_first(plain[field]), strict=True)
    neuron = ExplainedNeuron(
        file=subject.image.file,
        position=subject.position,
        value=subject.value,
        field=subject.field,
        guided_limit=guided_limits[0],
        plain_limit=plain_limits[0],
        redrawn=[
            RedrawnNeuron(
                value=pictures[k].value,
                guided_limit=guided_limits[k],
                plain_limit=plain_limits[k],
                likeness=Likenesses(guided=of_guided, plain=of_plain),
            )
            for k, (of_guided, of_plain) in enumerate(likenesses, 1)
        ],
    )
    return neuron, guided, plain


def _scale(gradients: Sequence[NDArray[np.float32]], field: Box) -> tuple[NDArray[np.float32], list[float]]:
    """Gradients in the field as pictures of the whole image in units of their limits, and the limits.

    The limit is that of the tables of guided gradients. A picture without any value stays zero.
    """
    whole = np.zeros((len(gradients), SIDE, SIDE, gradients[0].shape[-1]), np.float32)
    whole[:, slice(*field.rows), slice(*field.cols)] = gradients
    limits = [_limit(each) for each in whole]
    return whole / np.array([limit or 1 for limit in limits], np.float32)[:, None, None, None], limits


def _limit(gradient: Values) -> float:
    size = np.abs(gradient.astype(np.float64))
    # A gradient on less than 0.5 % of the pixels has a percentile of zero but is not blank.
    return float(np.percentile(size, PERCENTILE)) or float(size.max())


def _describe_networks(weights: Mapping[str, int], blocks: Mapping[str, int]) -> list[Redrawing]:
    """From the top, one block more each time."""
    own = {name: blocks[name] if name in blocks else find_block_index(name)[0] for name in weights}
    networks = []
    for first in range(max(own.values(), default=0), 0, -1):
        redrawn = [count for name, count in weights.items() if own[name] >= first]
        networks.append(Redrawing(first_block=first, layers=len(redrawn), weights=sum(redrawn)))
    return networks
