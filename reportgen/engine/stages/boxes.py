"""The annotated boxes of the example images."""

from __future__ import annotations

from reportgen.dataset.annotations import read_annotations
from reportgen.engine.stages.given import Given
from reportgen.results import Box


def find_boxes(given: Given) -> dict[str, tuple[Box | None, Box | None]]:
    """Each class's boxes of the animal and of its head, None where there is none."""
    if given.annotations is None:
        return dict.fromkeys(given.examples, (None, None))
    annotations = read_annotations(given.annotations)
    return {label: annotations.boxes(image.file, label) for label, image in given.examples.items()}
