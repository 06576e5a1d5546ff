"""How the section is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brightness.result import Brightness
from reportgen.analysis.computed import Computed, summarise
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import open_examples
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Measure the example images."""
    images = open_examples(context)
    arrays = {f"rows_{i}": image.mean(axis=(1, 2)) for i, image in enumerate(images.values())}
    mean = {label: measure_brightness(image) for label, image in images.items()}
    numbers = Brightness(
        mean=mean, brightest=max(mean, key=mean.__getitem__), arrays=summarise("brightness", arrays)
    )
    return pack_section(Computed(numbers, arrays))


def measure_brightness(image: NDArray[Any]) -> float:
    """The mean of an image (224, 224, 3) uint8, from 0 to 1."""
    return float(image.mean(dtype=np.float64)) / 255
