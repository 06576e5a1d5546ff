"""A network with its weights redrawn, and the gradients of one neuron in it, guided and plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.chain import NeuronView, Step, read_steps
from reportgen.analysis.initialisation import kaiming_normal
from reportgen.errors import ExplanationError
from reportgen.models.identity import skip_identities
from reportgen.results import Box, Position

# For annotations alone: the module loads TensorFlow.
if TYPE_CHECKING:
    from reportgen.models.backbone import Backbone

Redrawn = Mapping[Any, Any]
"""What replaces parts of the network: steps by name, or weights by identity."""


def find_block_index(layer: str) -> tuple[int, int]:
    """Block and number of a layer of VGG19, (5, 3) for ``block5_conv3``; a block's pooling is number 0."""
    found = re.fullmatch(r"block(\d+)_(?:conv(\d+)|pool)", layer)
    if found is None:
        raise ExplanationError(
            f"The layer '{layer}' is none of VGG19's.", "Use weights of VGG19, or leave this section out."
        )
    return int(found[1]), int(found[2] or 0)


def find_kept(layers: Sequence[Any]) -> list[str]:
    """The layers of a chain that are no steps of it: they pass on their input."""
    steps = {each.name for each in skip_identities(layers)}
    return [each.name for each in layers if each.name not in steps]


class Chain:
    """The steps of a chain up to the explained layer. ``kept`` names convolutions that pass their input on
    unchanged: nothing is learnt in them, they are not redrawn, and leaving them out changes nothing.
    ``block_indices``: block and number of each layer; without them, those in VGG19's names.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        kept: Sequence[str] = (),
        block_indices: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self.steps = list(steps)
        self.kept = list(kept)
        self._block_indices = dict(block_indices or {})
        self._redrawn: dict[tuple[str, int], Step] = {}

    @property
    def convolutions(self) -> list[Step]:
        """Those with weights."""
        return [step for step in self.steps if step.kernel is not None]

    @classmethod
    def read(cls, model: Any, side: int) -> Chain:
        """The layers of a Keras model for square images; raises as :func:`read_steps`."""
        return cls(read_steps(model.layers, side), find_kept(model.layers))

    def block_index(self, layer: str) -> tuple[int, int]:
        """Block and number of a layer."""
        return self._block_indices[layer] if layer in self._block_indices else find_block_index(layer)

    def describe(self) -> dict[str, Any]:
        """The number of weights and the block of each layer that is redrawn, and the layers that are kept."""
        layers = {step.name: int(np.prod(step.kernel.shape)) for step in self.convolutions}
        blocks = {name: self.block_index(name)[0] for name in layers}
        return {"weights": layers, "blocks": blocks, "kept": self.kept}

    def view(self, image: NDArray[np.float32], position: Position) -> View:
        """One neuron of an image (H, W, 3)."""
        return View(self, image, position)

    def redraw(self, first_block: int, seed: int) -> dict[str, Step]:
        """New steps for the convolutions of ``first_block`` and all above it, by name.

        Each kernel is drawn by the rule of He et al. 2015 from a generator of its own, made of the seed, the
        block and the number of the layer: a layer is redrawn alike whatever else is. Biases are zero.
        """
        return {
            step.name: self._redraw(step, seed)
            for step in self.convolutions
            if self.block_index(step.name)[0] >= first_block
        }

    def _redraw(self, step: Step, seed: int) -> Step:
        # Kept, as all subjects are explained in the same redrawn networks.
        if (step.name, seed) not in self._redrawn:
            rng = np.random.default_rng([seed, *self.block_index(step.name)])
            kernel = kaiming_normal(tuple(step.kernel.shape), rng)
            self._redrawn[step.name, seed] = replace(
                step, kernel=kernel, bias=np.zeros(kernel.shape[3], np.float32)
            )
        return self._redrawn[step.name, seed]


class View:
    """What one neuron sees of one image (H, W, 3), and its gradients with the weights as they are or others.

    Only its ``field``, the box of all that reaches the neuron, is put through the network. ``value`` is what
    the neuron has before its ReLU. Where that is positive its gradient is the output's; where it is not, the
    output's is zero.
    """

    def __init__(self, chain: Chain, image: NDArray[np.float32], position: Position) -> None:
        self._chain = chain
        self._view = NeuronView(chain.steps, position)
        rows, cols = self._view.windows[0]
        self.field = Box(rows=rows, cols=cols)
        self._signals = self._view.run(chain.steps, [image[np.newaxis, slice(*rows), slice(*cols)]])
        self.value = self._view.value(self._signals)

    def explain(self, redrawn: Mapping[str, Step]) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
        """The neuron's value, and its guided and plain gradients (rows, columns, 3) in its field, with other
        steps replacing those of the same name.
        """
        steps = [redrawn.get(step.name, step) for step in self._chain.steps]
        # Blocks are redrawn from the top, so all signals below the first of them are those of before.
        unchanged = next((k for k, step in enumerate(steps) if step.name in redrawn), len(steps))
        signals = self._view.run(steps, self._signals[: unchanged + 1])
        guided, plain = self._view.differentiate(steps, signals, ["guided", "plain"]).numpy()
        return self._view.value(signals), guided, plain


class Whole:
    """A network that is no chain, up to the explained layer.

    Kernels are redrawn as a chain's are; of normalisations in the same blocks everything is as it is before
    training, for what they have learnt fits the kernels that are gone.
    """

    kept: tuple[str, ...] = ()

    def __init__(self, network: Backbone, layer: str) -> None:
        self._network, self._layer = network, layer
        self._end = network.graph.find_neurons(layer)
        self._block_indices = network.graph.block_indices(self._end)

    def describe(self) -> dict[str, Any]:
        """As :meth:`Chain.describe`."""
        nodes = [node for node in self._network.graph.runs(self._end) if node.name in self._block_indices]
        layers = {
            node.name: sum(int(np.prod(each.shape)) for each in node.layer.weights if len(each.shape) > 1)
            for node in nodes
        }
        return {
            "weights": layers,
            "blocks": {n: index[0] for n, index in self._block_indices.items()},
            "kept": [],
        }

    def view(self, image: NDArray[np.float32], position: Position) -> Any:
        """One neuron of an image (H, W, 3)."""
        from reportgen.analysis.whole import WholeView

        return WholeView(self._network, self._layer, image, position)

    def redraw(self, first_block: int, seed: int) -> dict[int, NDArray[np.float32]]:
        """New weights of the blocks from ``first_block`` on, by the identity of those that they replace."""
        found: dict[int, NDArray[np.float32]] = {}
        block = 1
        for node in self._network.graph.runs(self._end):
            # What has no kernel belongs to the block of the last layer that has one.
            block = self._block_indices.get(node.name, (block, 0))[0]
            if block >= first_block:
                # A node without a kernel draws nothing from it.
                rng = np.random.default_rng([seed, *self._block_indices.get(node.name, (0, 0))])
                for weight in getattr(node.layer, "weights", ()):
                    found[id(weight)] = _redraw_weight(node.layer, weight, rng)
        return found


def _redraw_weight(layer: Any, weight: Any, rng: np.random.Generator) -> NDArray[np.float32]:
    from reportgen.models.graph import count_inputs

    shape = tuple(weight.shape)
    if len(shape) > 1:
        return rng.normal(0.0, np.sqrt(2.0 / count_inputs(layer, weight)), shape).astype(np.float32)
    # As Keras begins a normalisation: it is then the identity but for ε.
    ones = weight.path.rpartition("/")[2] in ("gamma", "moving_variance")
    return np.full(shape, 1.0 if ones else 0.0, np.float32)


def open_network(network: Backbone, layer: str) -> Chain | Whole:
    """What redraws a network up to a layer: a chain in windows, anything else whole."""
    from reportgen.analysis.whole import find_chain

    steps = find_chain(network, layer)
    if steps is None:
        return Whole(network, layer)
    layers = network.chain_to(layer) or []
    return Chain(steps, find_kept(layers), network.graph.block_indices(network.graph.find_neurons(layer)))
