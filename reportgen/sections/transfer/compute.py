"""Section 3: the new output layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.results import ImageFile

# The caption in transfer.appendix.html.j2 names the number, too.
SHOWN_MISTAKES = 12

MOST_PICTURES, MANY = 400, 120
"""Test images that the page has small pictures of, and above how many these are of 56 pixels, not of 112:
measured, a picture of 112 pixels takes 4 kB of the 5 MB that the page may have."""

# Sides of the blocks whose means are pixels: 224 / 2 = 112 and 224 / 4 = 56.
SMALL_BLOCK, LARGE_BLOCK = 2, 4


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
            # A mask keeps the order of the images, in which all arrays of a split are.
            features[splits == split],
            labels[splits == split],
            tuple(image for image in context.images if image.split == split),
        )
        for split in SPLITS
    }
    base = FrozenBase(network.feature_layer, network.pooled, network.parameters, network.fingerprint)
    with context.progress.stage("Training the new layer"):
        computed, head = retrain(base, parts, context.classes, context.setting("seed"))
        return {**pack_section(_with_pictures(computed, context)), HEAD_FILE: write_head(head.layer)}


def _with_pictures(computed: Computed[Transfer], context: StageContext) -> Computed[Any]:
    """Add the pixels of the first misclassified test images, (n, 224, 224, 3), for the appendix to show, and
    small pictures of the test images, for the page.
    """
    images = {image.file: image for image in context.images}

    def open_image(file: str) -> NDArray[np.uint8]:
        return decode(context.path(images[file]), images[file].sha256)

    test = [image for image in context.images if image.split == "test"]
    block = LARGE_BLOCK if len(test) > MANY else SMALL_BLOCK
    small = [shrink(open_image(image.file), block) for image in choose_pictured(test)]
    arrays = {**computed.arrays, "thumbnails": np.stack(small)}
    # Only if there are any: summarise() gives the least element of an array, and an empty one has none.
    if wrong := computed.numbers.misclassified[:SHOWN_MISTAKES]:
        arrays["misclassified"] = np.stack([open_image(each.file) for each in wrong])
    return Computed(computed.numbers.model_copy(update={"arrays": summarise("transfer", arrays)}), arrays)


def choose_pictured(images: Sequence[ImageFile]) -> list[ImageFile]:
    """The images that the page has small pictures of: all, or of each class the same number of its first, so
    that the page of a thousand test images is no larger than that of ``MOST_PICTURES``.
    """
    # explore.js goes through the images in the same way, to know which of them have a picture.
    if len(images) <= MOST_PICTURES:
        return list(images)
    classes = {image.label for image in images}
    taken: Counter[str] = Counter()
    chosen = []
    for image in images:
        taken[image.label] += 1
        if taken[image.label] <= MOST_PICTURES // len(classes):
            chosen.append(image)
    return chosen


def shrink(pixels: NDArray[np.uint8], block: int) -> NDArray[np.uint8]:
    """An image (H, W, 3) whose sides are divided by ``block``: the mean of each block of pixels."""
    height, width, _ = pixels.shape
    blocks = pixels.reshape(height // block, block, width // block, block, 3)
    means: NDArray[np.uint8] = np.round(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return means
