"""Plain gradients of single neurons with respect to the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from reportgen.results import Position


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
