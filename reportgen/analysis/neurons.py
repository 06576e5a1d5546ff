"""Question 4: the most excited neurons of a layer, and the image patches they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.receptive_field import effective_field, overlaps, receptive_field
from reportgen.results import Box, FieldGeometry, HeadOverlap, Neuron, Neurons, Position


def rank_neurons(activations: NDArray[np.float32], count: int, *, distinct: bool = False) -> list[Position]:
    """Positions of the ``count`` largest outputs of a layer (rows, columns, channels), largest first.

    Ties go to the first position in row, column, channel order; with ``distinct`` only the largest neuron
    of each channel counts. Fewer positions are returned if the layer has fewer.
    """
    if distinct:
        by_channel = activations.reshape(-1, activations.shape[-1])
        flat = np.ravel_multi_index(
            (by_channel.argmax(axis=0), np.arange(by_channel.shape[1])), by_channel.shape
        )
        flat = np.sort(flat)
    else:
        flat = np.arange(activations.size)
    order = np.argsort(-activations.ravel()[flat], kind="stable")[:count]
    return [_as_position(index, activations.shape) for index in flat[order]]


def _as_position(index: np.intp, shape: tuple[int, ...]) -> Position:
    row, column, channel = (int(i) for i in np.unravel_index(index, shape))
    return row, column, channel


class RecordedPass:
    """One forward pass of one image, recorded so that plain gradients of single neurons can follow.

    ``network`` maps a batch (1, H, W, C) to (1, rows, columns, channels); ``activations`` is its output
    for ``image`` (H, W, C), float32. A network traced as one graph function, its weights held constant, is
    far faster to differentiate than an eager one (see ``Backbone.explained``).
    """

    def __init__(self, network: Callable[[Any], Any], image: NDArray[np.float32]) -> None:
        self._image = tf.constant(image[np.newaxis])
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as self._tape:
            self._tape.watch(self._image)
            self._output = network(self._image)
        self.activations: NDArray[np.float32] = self._output[0].numpy()

    def gradient(self, position: Position) -> NDArray[np.float32]:
        """The gradient (H, W, C) of the neuron at ``position`` with respect to the image."""
        seed = np.zeros(self._output.shape, np.float32)
        seed[(0, *position)] = 1
        gradient = self._tape.gradient(self._output, self._image, output_gradients=tf.constant(seed))
        return np.asarray(gradient[0], dtype=np.float32)


def describe_neurons(
    recorded: RecordedPass, geometry: FieldGeometry, count: int
) -> tuple[list[Neuron], list[Neuron]]:
    """The ``count`` most excited neurons, over all and over distinct channels, with what they see.

    The patch is the effective receptive field, from the neuron's plain input gradient.
    """
    activations = recorded.activations
    rankings = [rank_neurons(activations, count, distinct=distinct) for distinct in (False, True)]
    # Most positions stand in both rankings; each costs a backward pass, so it is described once.
    described = {
        position: _describe(recorded, geometry, position) for position in dict.fromkeys(chain(*rankings))
    }
    top, distinct = ([described[position] for position in ranking] for ranking in rankings)
    return top, distinct


def _describe(recorded: RecordedPass, geometry: FieldGeometry, position: Position) -> Neuron:
    gradient = recorded.gradient(position)
    field = receptive_field(geometry, position[0], position[1], side=gradient.shape[0])
    return Neuron(
        position=position,
        value=float(recorded.activations[position]),
        receptive_field=field,
        patch=effective_field(gradient, fallback=field),
    )


def find_excited_neurons(
    passes: Mapping[str, Callable[[], RecordedPass]],
    images: Mapping[str, NDArray[np.uint8]],
    files: Mapping[str, str],
    *,
    layer: str,
    geometry: FieldGeometry,
    count: int,
    heads: Mapping[str, Box | None],
) -> Computed[Neurons]:
    """Find each class's most excited neurons of ``layer`` and the patches of its image they see.

    ``passes`` runs the network on a class's image when called, so that one recording at a time is held;
    ``images`` are the same images as (224, 224, 3) uint8. ``heads`` are annotated boxes, None where there
    is none. Arrays: ``image_<i>``, ``activations_<i>``.
    """
    arrays: dict[str, NDArray[Any]] = {}
    top, distinct, positive = {}, {}, {}
    for i, (label, run) in enumerate(passes.items()):
        recorded = run()
        top[label], distinct[label] = describe_neurons(recorded, geometry, count)
        positive[label] = float(np.count_nonzero(recorded.activations > 0) / recorded.activations.size)
        arrays |= {f"image_{i}": images[label], f"activations_{i}": recorded.activations}
    numbers = Neurons(
        layer=layer,
        layer_shape=list(arrays["activations_0"].shape),
        geometry=geometry,
        files=dict(files),
        top=top,
        top_distinct=distinct,
        positive_share=positive,
        head_overlap=_count_overlaps(top, heads),
        arrays=summarise("neurons", arrays),
    )
    return Computed(numbers, arrays)


def _count_overlaps(
    top: Mapping[str, list[Neuron]], heads: Mapping[str, Box | None]
) -> dict[str, HeadOverlap] | None:
    counted = {
        label: HeadOverlap(
            overlapping=sum(overlaps(n.patch, head) for n in top[label]), total=len(top[label])
        )
        for label, head in heads.items()
        if head is not None
    }
    return counted or None
