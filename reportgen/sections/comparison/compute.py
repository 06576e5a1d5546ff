"""Counts which test images two networks recognise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import NUMBERS, pack_section, read_arrays
from reportgen.sections.comparison.result import Comparison


def run(context: StageContext) -> Artifacts:
    """Compare the best network of one's own with VGG19 by what both gave before; neither is run again."""
    own, vgg19 = context.artifacts("architectures"), context.artifacts("transfer")
    truth = np.array(
        [context.classes.index(image.label) for image in context.images if image.split == "test"]
    )
    right = np.stack(
        [read_arrays(each)["probabilities_test"].argmax(axis=1) == truth for each in (own, vgg19)], axis=1
    )
    # As JSON: no section imports the types of others.
    numbers, head = json.loads(own[NUMBERS]), json.loads(vgg19[NUMBERS])
    described = {
        "own": numbers["best_name"],
        "own_parameters": numbers["networks"][numbers["best"]]["parameters"],
        "vgg19_parameters": head["frozen_parameters"] + head["trainable_parameters"],
        "classes": len(context.classes),
        "largest": int(np.bincount(truth).max()),
    }
    return pack_section(compare_networks(right, described))


def compare_networks(right: NDArray[np.bool_], described: Mapping[str, Any]) -> Computed[Comparison]:
    """Count the images by who is ``right`` (N, 2): one's own network, VGG19."""
    own, vgg19 = right.T
    arrays = {"right": right}
    numbers = Comparison(
        total=len(right),
        both=int((own & vgg19).sum()),
        only_own=int((own & ~vgg19).sum()),
        only_vgg19=int((~own & vgg19).sum()),
        arrays=summarise("comparison", arrays),
        **described,
    )
    return Computed(numbers, arrays)
