"""The example images as the two convolution sections see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import grey
from reportgen.engine.stages.examples import open_examples
from reportgen.engine.stages.given import Given


def scale_examples(given: Given) -> dict[str, NDArray[np.float32]]:
    """Each class's example image with values 0–1: grey (224, 224), or (224, 224, 3) with ``show.colour``."""
    colour = given.setting("show.colour")
    return {
        label: pixels.astype(np.float32) / np.float32(255) if colour else grey(pixels)
        for label, pixels in open_examples(given).items()
    }
