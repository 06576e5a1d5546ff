"""The annotated boxes of the example images."""

from __future__ import annotations

from reportgen.dataset.annotations import read_annotations
from reportgen.engine.stages.context import StageContext
from reportgen.results import Box


def find_boxes(context: StageContext) -> dict[str, tuple[Box | None, Box | None]]:
    """Each class's boxes of the animal and of its head, None where there is none."""
    if context.annotations is None:
        return dict.fromkeys(context.examples, (None, None))
    annotations = read_annotations(context.annotations)
    return {label: annotations.boxes(image.file, label) for label, image in context.examples.items()}
