"""Single neurons of networks that are no chains, and decisions of such networks, by running them whole.

Each class here answers as its namesake for chains does (:mod:`reportgen.analysis.chain`, ``occlusion``,
``attribution``), without their savings: branches leave no window in which alone a value can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.analysis.attribution import TOGETHER, Rule, ScoredNetwork, is_known
from reportgen.analysis.chain import GuidedChain, RecordedImage, read_steps
from reportgen.analysis.gradients import (
    RECTIFIERS,
    GuidedNetwork,
    count_overridden,
    differentiate,
    find_rectifiers,
    override_rectifiers,
)
from reportgen.analysis.occlusion import OccludedNetwork, Replaced
from reportgen.errors import ExplanationError
from reportgen.models.backbone import Backbone
from reportgen.models.head import read_head
from reportgen.models.identity import skip_identities
from reportgen.results import Position

Values = NDArray[np.float32]

_TOGETHER = 8
"""Images that are put through the network at a time. ResNet50 holds 100 MB of values for each."""


class WholeImage:
    """The gradients of single neurons of a layer for one preprocessed image (H, W, C)."""

    def __init__(self, explain: Callable[[Any], Any], image: Values) -> None:
        self._explain = explain
        self.image = image

    def gradient(self, position: Position) -> Values:
        """The gradient (H, W, C) of the neuron's output; of a silent one, zero."""
        return differentiate(self._explain, self.image, position)


def record_image(network: Backbone, layer: str, image: Values) -> RecordedImage | WholeImage:
    """What gives the gradients of neurons of a layer for one image (H, W, C), in windows where it can be."""
    chain = find_chain(network, layer)
    return WholeImage(network.explain(layer), image) if chain is None else RecordedImage(chain, image)


def guide_network(network: Backbone, layer: str, neurons: int) -> GuidedChain | GuidedNetwork:
    """What gives the guided gradients of a layer's neurons, so many at a time, in windows where it can be."""
    shape = network.network.input_shape[1:]
    if find_chain(network, layer) is None:
        # A trace builds the forward and the backward graph of the whole network: one serves all images.
        return GuidedNetwork(network.forward(layer), shape, neurons)
    return GuidedChain(network.chain_to(layer) or [], shape[0])


def find_chain(network: Backbone, layer: str) -> Any:
    """The steps up to a layer if they are a chain of convolutions with ReLUs and max poolings, else None."""
    layers = network.chain_to(layer)
    try:
        return layers and read_steps(layers, network.network.input_shape[1])
    # No fault here: what has no rule in windows is computed by running the whole network.
    except ExplanationError:
        return None


class WholeOcclusion:
    """Outputs of a layer for images with boxes of them replaced."""

    def __init__(self, network: Backbone, layer: str) -> None:
        # Of open length, as the last boxes of a neuron may be fewer.
        signature = [tf.TensorSpec([None, *network.network.input_shape[1:]])]
        self._run = tf.function(network.forward(layer), input_signature=signature, autograph=False)

    def record(self, image: Values) -> list[Values]:
        """The preprocessed image (H, W, C) and the layer's output for it."""
        # A chain's record has all layers in between as well; callers use its two ends.
        return [image, self._run(tf.constant(image[np.newaxis]))[0].numpy()]

    def replace(self, images: Sequence[Replaced], position: Position) -> NDArray[np.float64]:
        """The neuron's outputs (images,); what is put into them is preprocessed as what was recorded."""
        found = []
        for start in range(0, len(images), _TOGETHER):
            batch = np.stack([_put_together(image) for image in images[start : start + _TOGETHER]])
            row, column, channel = position
            found.append(self._run(tf.constant(batch))[:, row, column, channel].numpy())
        return np.concatenate(found).astype(np.float64) if found else np.zeros(0)


def _put_together(image: Replaced) -> Values:
    whole = image.base[0].copy()
    here = (slice(*image.box.rows), slice(*image.box.cols))
    whole[here] = image.other[here]
    return whole


def occlude_network(network: Backbone, layer: str, side: int) -> OccludedNetwork | WholeOcclusion:
    """What gives outputs of a layer under occlusion, in windows where it can be."""
    if find_chain(network, layer) is None:
        return WholeOcclusion(network, layer)
    return OccludedNetwork(network.chain_to(layer) or [], side)


class WholeScores(ScoredNetwork):
    """A network of any form and the new layer above it, from images to scores."""

    def __init__(self, network: Backbone, layer: str, kernel: Values, bias: Values) -> None:
        # Without the base class's own, which takes a chain of layers; what its methods read is set here.
        self._network, self._layer = network, network.graph.find_neurons(layer)
        self._kernel, self._bias = kernel, bias
        self._below, self._above = [], []  # the graph is run as one
        self._end = len(network.graph.nodes) - 1
        self._gradients: dict[Rule, Callable[..., Any]] = {}

    def gradient(self, images: Values, index: int, rule: Rule = "plain") -> Values:
        """What the score of the class ``index`` propagates back to images, as :class:`ScoredNetwork` has it.

        Raises ``ExplanationError`` for another rule than ``plain`` where a ReLU would not obey it.
        """
        if rule not in self._gradients:

            def differentiate_all(part: Any, chosen: Any) -> Any:
                source = tf.identity(part)
                with override_rectifiers(rule):
                    features = self._network.graph.run(source, self._end)
                if rule != "plain":
                    rectifiers = find_rectifiers(source, features)
                scores = tf.matmul(features, self._kernel) + self._bias
                # No tape: TensorFlow would ignore the override.
                found = tf.gradients(tf.gather(scores, chosen, axis=1), source)[0]
                if rule != "plain":
                    count_overridden(rectifiers, rule, 1)
                return found

            self._gradients[rule] = tf.function(differentiate_all, autograph=False, reduce_retracing=True)
        run = self._gradients[rule]
        parts = [images[start : start + TOGETHER] for start in range(0, len(images), TOGETHER)]
        return np.concatenate([run(tf.constant(part), tf.constant(index)).numpy() for part in parts])

    def _find_scores(self, images: Values) -> Any:
        return self._score(images)

    def _find_maps(self, batch: Values) -> Any:
        return self._network.graph.run(tf.constant(batch), self._layer)

    def _score_maps(self, batch: Values, maps: Any) -> Any:
        # The maps are given: what is before them is run again only where a branch goes past them.
        seen = tf.constant(batch)
        return self._weigh_features(
            self._network.graph.run(seen, self._end, known_outputs={self._layer: maps})
        )

    def _run(self, images: Any) -> Any:
        return self._weigh_features(self._network.graph.run(images, self._end))


class WholeView:
    """One neuron of one image, and its gradients with the weights as they are or others.

    ``value`` is what the neuron has before its ReLU, of which gradients are taken: a silent one has them,
    too. The first trace of the network serves all weights.
    """

    def __init__(self, network: Backbone, layer: str, image: Values, position: Position) -> None:
        self._graph, self._end = network.graph, network.graph.find_neurons(layer)
        self._forward = network.forward
        self._layer, self._position = layer, position
        self._image = tf.constant(image[np.newaxis])
        self._trained = [weight for node in self._weighed() for weight in node]
        self._weights = {id(weight): k for k, weight in enumerate(self._trained)}
        self._run = tf.function(self._explain, autograph=False)
        self.value = self.explain({})[0]

    def _weighed(self) -> list[list[Any]]:
        # By identity: a layer that is applied twice has its weights once.
        found = {id(node.layer): node.layer for node in self._graph.runs(self._end)}
        return [list(layer.weights) for layer in found.values() if getattr(layer, "weights", None)]

    def explain(self, redrawn: Mapping[int, Values]) -> tuple[float, Values, Values]:
        """The neuron's value, and its guided and plain gradients (H, W, 3), with other weights instead
        of those with these ids.
        """
        weights = [tf.constant(redrawn.get(id(each), each.value)) for each in self._trained]
        value, guided, plain = self._run(self._image, weights)
        return float(value), guided[0].numpy(), plain[0].numpy()

    def _explain(self, image: Any, weights: Sequence[Any]) -> tuple[Any, Any, Any]:
        found = []
        # A forward pass of its own for each: an override holds for operations that are made within it.
        for rule in ("guided", "plain"):
            source = tf.identity(image)
            with override_rectifiers(rule):
                output = self._forward(self._layer, self._apply_with(weights))(source)
            rectifiers = find_rectifiers(source, output)
            value = _before_rectifier(output)[(0, *self._position)]
            found.append((value, tf.gradients(value, source)[0]))
            if rule == "guided":
                # The last ReLU is not on the way: gradients are of what comes before it.
                count_overridden([op for op in rectifiers if op is not _last_rectifier(output)], rule, 1)
        return found[1][0], found[0][1], found[1][1]

    def _apply_with(self, weights: Sequence[Any]) -> Callable[[Any, Any, Any], Any]:
        def apply(node: Any, args: Any, kwargs: Any) -> Any:
            if not getattr(node.layer, "weights", None):
                return node.layer(*args, **kwargs)
            trainable, fixed = (
                [weights[self._weights[id(each)]] for each in variables]
                for variables in (node.layer.trainable_variables, node.layer.non_trainable_variables)
            )
            # Weights are passed and not assigned: the network, which other sections use, stays as it was
            # trained.
            return node.layer.stateless_call(trainable, fixed, *args, **kwargs)[0]

        return apply


def _last_rectifier(output: Any) -> Any:
    op = output.op
    # Keras and tf.function put some behind a layer.
    while op.type == "Identity":
        op = op.inputs[0].op
    return op if op.type in RECTIFIERS else None


def _before_rectifier(output: Any) -> Any:
    last = _last_rectifier(output)
    return output if last is None else last.inputs[0]


def build_scored(backbone: Backbone, head: bytes) -> ScoredNetwork:
    """The network as far as the scores; ``head`` is the content of the file of the new layer's weights."""
    kernel, bias = read_head(head)
    layer = backbone.layers[0]
    below = backbone.chain_to(layer)
    layers = backbone.graph.chain_to(len(backbone.graph.nodes) - 1)
    # A chain up to the layer is not enough, as scores need what is above it, too.
    if below is None or layers is None or not all(map(is_known, layers)):
        return WholeScores(backbone, layer, kernel, bias)
    kept = skip_identities(layers)
    # If the explained convolution is left out, its output is that of the one before it.
    names = {each.name for each in below}
    seen = [each.name for each in kept if each.name in names and each.weights]
    return ScoredNetwork(kept, kernel, bias, seen[-1])
