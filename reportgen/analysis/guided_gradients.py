"""What guided backpropagation gives, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GuidedGradients:
    """``values`` (K,): the neurons' outputs; ``gradients`` (K, H, W, C): guided gradients with respect to
    the preprocessed image; ``relu_total`` ReLUs on the way, of which ``relu_guided`` were guided.
    """

    values: NDArray[np.float32]
    gradients: NDArray[np.float32]
    relu_total: int
    relu_guided: int
