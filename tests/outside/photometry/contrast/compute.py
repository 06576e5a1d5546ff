"""How the section is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photometry.contrast.result import Contrast
from reportgen.analysis.computed import Computed
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import open_examples
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Measure the example images."""
    deviation = {label: measure_contrast(image) for label, image in open_examples(context).items()}
    return pack_section(Computed(Contrast(deviation=deviation, arrays={}), {}))


def measure_contrast(image: NDArray[Any]) -> float:
    """The standard deviation of an image (224, 224, 3) uint8, from 0 to 1."""
    return float(image.std(dtype=np.float64)) / 255
