"""The example images as the two convolution sections see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import grey
from reportgen.engine.stages.context import StageContext
from reportgen.engine.stages.examples import open_examples


def scale_examples(context: StageContext) -> dict[str, NDArray[np.float32]]:
    """Each class's example image with values 0–1: grey (224, 224), or (224, 224, 3) with ``show.colour``."""
    colour = context.setting("show.colour")
    return {
        label: pixels.astype(np.float32) / np.float32(255) if colour else grey(pixels)
        for label, pixels in open_examples(context).items()
    }
