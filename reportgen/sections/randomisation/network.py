"""VGG19 step by step: its weights redrawn, and the gradients of one neuron, guided and plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.chain import NeuronView, Step, read_steps
from reportgen.analysis.initialisation import kaiming_normal
from reportgen.errors import ExplanationError
from reportgen.models.identity import is_identity
from reportgen.results import Box, Position


def find_place(layer: str) -> tuple[int, int]:
    """Block and number of a layer of VGG19, (5, 3) for ``block5_conv3``; a block's pooling is number 0."""
    found = re.fullmatch(r"block(\d+)_(?:conv(\d+)|pool)", layer)
    if found is None:
        raise ExplanationError(
            f"The layer '{layer}' is none of VGG19's.", "Use weights of VGG19, or leave this section out."
        )
    return int(found[1]), int(found[2] or 0)


class Chain:
    """The steps of VGG19 up to the explained layer. ``kept`` names convolutions that hand their input on
    unchanged: nothing is learnt in them, they are not redrawn, and leaving them out changes nothing.
    """

    def __init__(self, steps: Sequence[Step], kept: Sequence[str] = ()) -> None:
        self.steps = list(steps)
        self.kept = list(kept)
        self._redrawn: dict[tuple[str, int], Step] = {}

    @property
    def convolutions(self) -> list[Step]:
        """Those with weights."""
        return [step for step in self.steps if step.kernel is not None]

    @classmethod
    def read(cls, model: Any, side: int) -> Chain:
        """The layers of a Keras model for square images; raises as :func:`read_steps`."""
        kept = [layer.name for layer in model.layers if is_identity(layer)]
        return cls(read_steps(model.layers, side), kept)

    def redraw(self, first_block: int, seed: int) -> dict[str, Step]:
        """New steps for the convolutions of ``first_block`` and all above it, by name.

        Each kernel is drawn by the rule of He et al. 2015 from a generator of its own, made of the seed, the
        block and the number of the layer: a layer is redrawn alike whatever else is. Biases are zero.
        """
        return {
            step.name: self._redraw(step, seed)
            for step in self.convolutions
            if find_place(step.name)[0] >= first_block
        }

    def _redraw(self, step: Step, seed: int) -> Step:
        if (step.name, seed) not in self._redrawn:
            rng = np.random.default_rng([seed, *find_place(step.name)])
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
        steps in the place of those of the same name.
        """
        steps = [redrawn.get(step.name, step) for step in self._chain.steps]
        unchanged = next((k for k, step in enumerate(steps) if step.name in redrawn), len(steps))
        signals = self._view.run(steps, self._signals[: unchanged + 1])
        guided, plain = self._view.differentiate(steps, signals, guided=True).numpy()
        return self._view.value(signals), guided, plain
