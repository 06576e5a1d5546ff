"""Errors of the network on the test images, beside the training images that are most like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.dataset.decode import BITS, NEAR, decode, hash_image
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section, read_arrays
from reportgen.results import ImageFile
from reportgen.sections.errors.likeness import (
    compare_features,
    find_plane,
    find_twins,
)
from reportgen.sections.errors.result import (
    NEIGHBOURS,
    SHOWN_MISTAKES,
    Errors,
    Judged,
    Mistake,
    Neighbour,
    Twins,
)
from reportgen.store.packing import unpack_arrays

# Pairs: a row of the figure.
# The caption in errors.appendix.html.j2 names the number, too.
SHOWN_TWINS = 4

_MOST_LISTED, _JUDGED = 12, 3


@dataclass(frozen=True)
class ImageFeatures:
    """N images in the order of the data: ``features`` (N, D), and perceptual ``hashes`` (N, 64)."""

    images: Sequence[ImageFile]
    features: NDArray[np.float32]
    hashes: NDArray[np.bool_]

    def of(self, split: str) -> tuple[list[ImageFile], NDArray[np.float32]]:
        """The images of one split with their features."""
        inside = [n for n, image in enumerate(self.images) if image.split == split]
        return [self.images[n] for n in inside], self.features[inside]


def find_errors(
    seen: ImageFeatures, probabilities: NDArray[np.float32], classes: Sequence[str]
) -> Computed[Errors]:
    """Compare the test images with the training images, and the splits with each other.

    ``probabilities`` (test images, classes) are the network's. Arrays: those of the result, without pixels.
    """
    train, train_features = seen.of("train")
    test, test_features = seen.of("test")
    similarity = compare_features(test_features, train_features)
    predicted = [classes[i] for i in probabilities.argmax(axis=1)]
    judged = [
        Judged(file=image.file, true=image.label, predicted=label, probability=float(row.max()))
        for image, label, row in zip(test, predicted, probabilities, strict=True)
    ]
    twins = find_twins(seen.hashes, [image.split for image in seen.images])
    axes, shares = find_plane(train_features)
    # Around the training images' mean: the plane is theirs, and test images are only put into it.
    points = (test_features - train_features.mean(axis=0, dtype=np.float64)) @ axes.T
    arrays: dict[str, NDArray[Any]] = {
        "probabilities": probabilities.astype(np.float32),
        "map": points.astype(np.float32),
    }
    # Stable, so that equally sure images stay in the order of the data.
    order = np.argsort(-probabilities.max(axis=1), kind="stable").tolist()
    numbers = Errors(
        images={label: sum(image.label == label for image in test) for label in classes},
        mistakes=[
            Mistake(**each.model_dump(), nearest=_find_nearest(row, train))
            for each, row in zip(judged, similarity, strict=True)
            if each.true != each.predicted
        ],
        agreeing=sum(
            train[n].label == image.label for n, image in zip(similarity.argmax(axis=1), test, strict=True)
        ),
        surest=[judged[n] for n in order[:_JUDGED]],
        least_sure=[judged[n] for n in order[::-1][:_JUDGED]],
        hash_bits=BITS,
        near=NEAR,
        pairs=len(twins),
        # A set: a test image may have copies in both other splits.
        leaked=len({j for _, _, j in twins if seen.images[j].split == "test"}),
        most_listed=_MOST_LISTED,
        twins=[_describe_twins(seen.images, *each) for each in twins[:_MOST_LISTED]],
        variance_share=shares,
        arrays=summarise("errors", arrays),
    )
    return Computed(numbers, arrays)


def _find_nearest(similarity: NDArray[np.float32], train: Sequence[ImageFile]) -> list[Neighbour]:
    # Rounding may take the cosine of equal features beyond 1.
    return [
        Neighbour(
            file=train[n].file, label=train[n].label, similarity=max(-1.0, min(1.0, float(similarity[n])))
        )
        for n in np.argsort(-similarity, kind="stable")[:NEIGHBOURS].tolist()
    ]


def _describe_twins(images: Sequence[ImageFile], distance: int, first: int, second: int) -> Twins:
    one, other = images[first], images[second]
    return Twins(
        first=one.file,
        first_split=one.split,
        second=other.file,
        second_split=other.split,
        same_class=one.label == other.label,
        distance=distance,
    )


def run(context: StageContext) -> Artifacts:
    """Find the errors, what they resemble, and near-duplicates; the network itself is not run."""
    features = unpack_arrays(context.artifacts("features")["features.npz"])["features"]
    probabilities = read_arrays(context.artifacts("transfer"))["probabilities_test"]
    seen = ImageFeatures(context.images, features, _hash_all(context))
    computed = find_errors(seen, probabilities, context.classes)
    arrays = {**computed.arrays, **_show(context, computed.numbers)}
    numbers = computed.numbers.model_copy(update={"arrays": summarise("errors", arrays)})
    return pack_section(Computed(numbers, arrays))


def _hash_all(context: StageContext) -> NDArray[np.bool_]:
    """The perceptual hashes (N, 64) of all images, kept by the image's content."""
    # Copies of one content are hashed once.
    contents = {image.sha256: image for image in context.images}
    hashes: dict[str, NDArray[np.bool_]] = {}
    with context.progress.stage("Looking for near-duplicates", total=len(contents)) as advance:
        for sha256, image in contents.items():
            # As a default, which is this turn's image, whenever it is called.
            def compute(image: ImageFile = image) -> bytes:
                return np.packbits(hash_image(decode(context.path(image), image.sha256))).tobytes()

            kept = context.items.obtain(f"perceptual hash of {sha256}", compute)
            hashes[sha256] = np.unpackbits(np.frombuffer(kept, np.uint8)).astype(bool)
            advance(1)
    return np.stack([hashes[image.sha256] for image in context.images])


def _show(context: StageContext, numbers: Errors) -> dict[str, NDArray[np.uint8]]:
    """The pixels (n, 224, 224, 3) of what is shown; without anything to show there is no array."""
    images = {image.file: image for image in context.images}
    listed = {
        "shown": [
            file
            for each in numbers.mistakes[:SHOWN_MISTAKES]
            for file in (each.file, *(neighbour.file for neighbour in each.nearest))
        ],
        "twins": [file for each in numbers.twins[:SHOWN_TWINS] for file in (each.first, each.second)],
    }
    return {
        name: np.stack([decode(context.path(images[file]), images[file].sha256) for file in files])
        for name, files in listed.items()
        if files
    }
