"""The example images: their files and their pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import StageContext


def open_examples(context: StageContext) -> dict[str, NDArray[np.uint8]]:
    """The pixels (224, 224, 3) uint8 of each class's example image.

    Raises ``DataError`` if a file is no longer what it was when it was listed.
    """
    return {label: decode(context.path(image), image.sha256) for label, image in context.examples.items()}


def example_files(context: StageContext) -> dict[str, str]:
    """The file of each class's example image, relative to the data folder."""
    return {label: image.file for label, image in context.examples.items()}
