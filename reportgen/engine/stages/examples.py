"""The example images: files, pixels and annotated boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.dataset.annotations import read_annotations
from reportgen.dataset.decode import decode, grey
from reportgen.engine.stages.context import StageContext
from reportgen.results import Box


def open_examples(context: StageContext) -> dict[str, NDArray[np.uint8]]:
    """The pixels (224, 224, 3) uint8 of each class's example image.

    Raises ``DataError`` if a file is no longer what it was when it was listed.
    """
    return {label: decode(context.path(image), image.sha256) for label, image in context.examples.items()}


def example_files(context: StageContext) -> dict[str, str]:
    """The file of each class's example image, relative to the data folder."""
    return {label: image.file for label, image in context.examples.items()}


def scale_examples(context: StageContext) -> dict[str, NDArray[np.float32]]:
    """Each class's example image with values 0–1: grey (224, 224), or (224, 224, 3) with ``show.colour``."""
    colour = context.setting("show.colour")
    return {
        label: pixels.astype(np.float32) / np.float32(255) if colour else grey(pixels)
        for label, pixels in open_examples(context).items()
    }


def find_boxes(context: StageContext) -> dict[str, tuple[Box | None, Box | None]]:
    """Each class's boxes of the animal and of its head, None where there is none."""
    if context.annotations is None:
        return dict.fromkeys(context.examples, (None, None))
    annotations = read_annotations(context.annotations)
    return {label: annotations.boxes(image.file, label) for label, image in context.examples.items()}
