"""Section 3: the new output layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.analysis.computed import Computed, summarise
from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.network import load_tensorflow
from reportgen.engine.stages.outcomes import pack_section
from reportgen.sections.transfer.files import HEAD_FILE
from reportgen.sections.transfer.result import Transfer
from reportgen.split import SPLITS
from reportgen.store.packing import unpack_arrays

SHOWN_MISTAKES = 12


def run(context: StageContext) -> Artifacts:
    """Train the new output layer on the features; its weights are ``head.weights.h5``."""
    # The network may be there from a build before, and Keras set otherwise since.
    load_tensorflow(context.progress)
    features = unpack_arrays(context.artifacts("features")["features.npz"])["features"]
    network = context.network()
    from reportgen.models.head import write_head
    from reportgen.sections.transfer.analysis import FrozenBase, LabelledFeatures, retrain

    splits = np.array([image.split for image in context.images])
    labels = np.array([context.classes.index(image.label) for image in context.images])
    parts = {
        split: LabelledFeatures(
            features[splits == split],
            labels[splits == split],
            tuple(image for image in context.images if image.split == split),
        )
        for split in SPLITS
    }
    base = FrozenBase(network.feature_layer, network.pooled, network.parameters, network.fingerprint)
    with context.progress.stage("Training the new layer"):
        computed, head = retrain(base, parts, context.classes, context.setting("seed"))
        return {**pack_section(_with_mistakes(computed, context)), HEAD_FILE: write_head(head.layer)}


def _with_mistakes(computed: Computed[Transfer], context: StageContext) -> Computed[Any]:
    """Add the pixels of the first misclassified test images, (n, 224, 224, 3), for the appendix to show."""
    wrong = computed.numbers.misclassified[:SHOWN_MISTAKES]
    if not wrong:
        return computed
    images = {image.file: image for image in context.images}
    pixels = [decode(context.path(images[each.file]), images[each.file].sha256) for each in wrong]
    arrays = {**computed.arrays, "misclassified": np.stack(pixels)}
    return Computed(computed.numbers.model_copy(update={"arrays": summarise("transfer", arrays)}), arrays)
