"""What gives the class away without the object, and whether the network uses it.

Geirhos et al. 2020, "Shortcut learning in deep neural networks".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.computed import Computed, summarise
from reportgen.dataset.decode import decode, decode_file
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section, read_arrays
from reportgen.models.head import read_head
from reportgen.results import ImageFile, Matrix
from reportgen.sections.shortcuts import cues
from reportgen.sections.shortcuts.cues import CUES, ImageCues
from reportgen.sections.shortcuts.judging import (
    FEWEST_IMAGES,
    MOST_FOLDS,
    REGULARISATION,
    deal_folds,
    judge_cue,
)
from reportgen.sections.shortcuts.result import ClassLook, Shortcuts, Trial, choose_classes, count_examples

DARK_BELOW, LIGHT_ABOVE, FRAME_STEP = 0.2, 0.8, 0.1
"""A frame is that dark or light, and differs from the pixels just inside it: a dark background does not."""

ALPHA = 0.05

# Named again, since no section imports another.
HEAD_FILE = "head.weights.h5"
"""The trained output layer among what the section on transfer learning writes."""


def run(context: StageContext) -> Artifacts:
    """Judge the cues on all images, and the network on some test images without their ring."""
    images, classes = context.images, context.classes
    seen = _measure_all(context)
    labels = np.array([classes.index(image.label) for image in images])
    tested = choose_tested(images, context.setting("shortcuts.images"))
    probabilities = run_without_ring(context, tested)
    with context.progress.stage("Looking for shortcuts"):
        found = find_shortcuts(seen, labels, [image.sha256 for image in images], classes)
    predicted = [[classes[i] for i in table.argmax(axis=1)] for table in probabilities.values()]
    numbers = Shortcuts(
        **count_cues(found, classes),
        asked=context.setting("shortcuts.images"),
        alpha=ALPHA,
        tested=[
            Trial(file=image.file, true=image.label, as_it_is=before, without_ring=after)
            for image, before, after in zip(tested, *predicted, strict=True)
        ],
        # Both follow below: which cue is shown depends on what the numbers say of all cues.
        examples={},
        arrays={},
    )
    examples, pixels = _show_examples(context, found, numbers)
    arrays = {**found.arrays, **probabilities, **pixels}
    complete = {"examples": examples, "arrays": summarise("shortcuts", arrays)}
    return pack_section(Computed(numbers.model_copy(update=complete), arrays))


def _measure_all(context: StageContext) -> list[ImageCues]:
    """What the cues are made of, for every image; kept by the image's content."""
    kept = {image.sha256: context.items.get(f"cues of {image.sha256}") for image in context.images}
    # Asked for beforehand and not one by one, so that the bar counts only the images that are not kept.
    missing = {image.sha256: image for image in context.images if kept[image.sha256] is None}
    if missing:
        with context.progress.stage("Looking at rings, colours and files", total=len(missing)) as advance:
            for sha256, image in missing.items():
                packed = cues.measure_cues(decode_file(context.path(image), sha256)).pack()
                context.items.put(f"cues of {sha256}", packed)
                kept[sha256] = packed
                advance(1)
    return [ImageCues.unpack(kept[image.sha256] or b"") for image in context.images]


def choose_tested(images: Sequence[ImageFile], most: int) -> list[ImageFile]:
    """At most ``most`` different test images, the classes in turn, those of a class in the order of hashes.

    Hashes are as good as shuffled, and a new image does not exchange the others.
    """
    by_class: dict[str, dict[str, ImageFile]] = {}
    for image in images:
        if image.split == "test":
            by_class.setdefault(image.label, {}).setdefault(image.sha256, image)
    columns = [[own[sha256] for sha256 in sorted(own)] for own in by_class.values()]
    # In turn, so that few images are still of all classes.
    turns = [image for turn in zip_longest(*columns) for image in turn if image is not None]
    return turns[:most]


def run_without_ring(context: StageContext, tested: Sequence[ImageFile]) -> dict[str, NDArray[np.float32]]:
    """Class probabilities (n, classes) by the trained head: of images as they are, and without their ring.

    The features of what is seen without the ring are kept by image.
    """
    transfer = context.artifacts("transfer")
    # Of the images as they are nothing is computed again: the section on transfer learning has it of all test
    # images.
    known = read_arrays(transfer)["probabilities_test"]
    order = [image.file for image in context.images if image.split == "test"]
    as_it_is = np.stack([known[order.index(image.file)] for image in tested])
    names = [f"{image.sha256} without its ring" for image in tested]
    kept = {name: context.items.get(name) for name in names}
    missing = [(name, image) for name, image in zip(names, tested, strict=True) if kept[name] is None]
    if missing:
        # Before this import, which loads TensorFlow: network() configures it first.
        network = context.network()
        from reportgen.models.backbone import BATCH_SIZE

        with context.progress.stage(
            f"{context.network_choice.name} without the ring", total=len(missing)
        ) as advance:
            # Kept batch by batch, so that a build which is stopped does not begin again.
            for start in range(0, len(missing), BATCH_SIZE):
                part = missing[start : start + BATCH_SIZE]
                batch = np.stack(
                    [cues.replace_ring(decode(context.path(image), image.sha256)) for _, image in part]
                )
                for (name, _), vector in zip(part, *network.features(iter([batch])), strict=True):
                    kept[name] = vector.tobytes()
                    context.items.put(name, vector.tobytes())
                advance(len(part))
    # By now every image has its vector; the empty bytes are for the type checker.
    features = np.stack([np.frombuffer(kept[name] or b"", np.float32) for name in names])
    return {
        "probabilities_as_it_is": as_it_is,
        "probabilities_without_ring": apply_head(transfer[HEAD_FILE], features),
    }


def apply_head(head: bytes, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Class probabilities (N, classes) of features (N, D) by a dense layer with a softmax.

    ``head`` is the content of its Keras ``.weights.h5``.
    """
    kernel, bias = read_head(head)
    # By NumPy: where all features are kept, the section needs no TensorFlow.
    scores = features.astype(np.float64) @ kernel.astype(np.float64) + bias
    # Less the largest, which changes no share: exp() of a large score would be infinite.
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


@dataclass(frozen=True)
class CueResults:
    """What the cues say about N images, in their order.

    ``labels`` (N,) are class indices; ``probabilities`` by cue (N, classes) are zero for images that were
    left out, and there are none if a class has too few images. ``arrays``: those of the result;
    ``file_alone``: for how many images each property of the file alone gives the class.
    """

    seen: Sequence[ImageCues]
    labels: NDArray[Any]
    judged: NDArray[np.bool_]
    folds: int
    probabilities: Mapping[str, NDArray[np.float64]]
    arrays: Mapping[str, NDArray[Any]]
    file_alone: Mapping[str, int]


def find_shortcuts(
    seen: Sequence[ImageCues], labels: NDArray[Any], names: Sequence[str], classes: Sequence[str]
) -> CueResults:
    """Judge every cue on all images but copies; ``names`` are the images' hashes."""
    judged = ~cues.find_copies(seen, labels)
    tables = cues.describe_images(seen)
    # With minlength, since a class may have lost all of its images as copies, or come last.
    smallest = int(np.bincount(labels[judged], minlength=len(classes)).min())
    # So that every fold has an image of every class, and every model is fitted to all classes.
    folds = min(MOST_FOLDS, smallest) if smallest >= FEWEST_IMAGES else 0
    fold = np.full(len(labels), -1)
    probabilities, file_alone = {}, {}
    if folds:
        left = np.flatnonzero(judged).tolist()
        fold[left] = deal_folds(labels[left], [names[n] for n in left], folds)
        for cue in CUES:
            probabilities[cue] = np.zeros((len(labels), len(classes)))
            probabilities[cue][left] = judge_cue(tables[cue][left], labels[left], fold[left], len(classes))
        for name, values in cues.split_file(tables["file"]).items():
            predicted = judge_cue(values[left], labels[left], fold[left], len(classes)).argmax(axis=1)
            file_alone[name] = int(np.count_nonzero(predicted == labels[left]))
    arrays = {f"cue_{cue}": table for cue, table in tables.items()}
    return CueResults(seen, labels, judged, folds, probabilities, {**arrays, "fold": fold}, file_alone)


def count_cues(found: CueResults, classes: Sequence[str]) -> dict[str, Any]:
    """The numbers that come from the cues, by field."""
    looks = {
        label: describe_class(
            [found.seen[n] for n in np.flatnonzero(found.judged & (found.labels == i)).tolist()]
        )
        for i, label in enumerate(classes)
    }
    return {
        "ring_width": cues.RING,
        "segments": cues.SEGMENTS,
        "thumbnail_side": cues.THUMBNAIL,
        "folds": found.folds,
        "fewest": FEWEST_IMAGES,
        "smallest": min(look.images for look in looks.values()),
        "regularisation": REGULARISATION,
        "near": cues.NEAR,
        "near_duplicates": int((~found.judged).sum()),
        "dark_below": DARK_BELOW,
        "light_above": LIGHT_ABOVE,
        "frame_step": FRAME_STEP,
        "features": {cue: found.arrays[f"cue_{cue}"].shape[1] for cue in CUES},
        "confusion": {
            cue: count_confusion(found.labels[found.judged], table[found.judged].argmax(axis=1), len(classes))
            for cue, table in found.probabilities.items()
        },
        "file_alone": found.file_alone,
        "classes": looks,
    }


def count_confusion(true: NDArray[Any], predicted: NDArray[Any], classes: int) -> Matrix:
    """Count images of true class i (row) that were taken for class j (column)."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true, predicted), 1)
    matrix: Matrix = counts.tolist()
    return matrix


def describe_class(seen: Sequence[ImageCues]) -> ClassLook:
    """What the images of a class, at least one, are like apart from what they show."""
    # Of frames both conditions in one: beyond the bound, and beyond what is inside by the step.
    return ClassLook(
        images=len(seen),
        dark_frames=sum(
            each.ring_brightness < min(DARK_BELOW, each.inner_brightness - FRAME_STEP) for each in seen
        ),
        light_frames=sum(
            each.ring_brightness > max(LIGHT_ABOVE, each.inner_brightness + FRAME_STEP) for each in seen
        ),
        brightness=float(np.mean([each.brightness for each in seen])),
        width=float(np.median([each.width for each in seen])),
        height=float(np.median([each.height for each in seen])),
        bytes_per_pixel=float(np.median([each.size / (each.width * each.height) for each in seen])),
        exif=sum(each.exif for each in seen),
        # By name, so that the order of the images decides nothing.
        formats=dict(sorted(Counter(each.format for each in seen).items())),
    )


def _show_examples(
    context: StageContext, found: CueResults, numbers: Shortcuts
) -> tuple[dict[str, list[str]], dict[str, NDArray[np.uint8]]]:
    """The files of each class that the strongest visible cue is surest of, and their pixels.

    Only images that are classified correctly. The array ``shown`` (n, 112, 112, 3) is in their order, and
    missing if there are none.
    """
    # The strongest cue of those that a picture can show: if chance may explain it, it does the others.
    if numbers.shown is None or numbers.shown not in numbers.beyond_chance:
        return {}, {}
    classes = context.classes
    count = count_examples(len(classes))
    surest = {
        label: choose_surest(found, numbers.shown, i, context.images, count)
        for i, label in enumerate(choose_classes(classes))
    }
    chosen = [image for own in surest.values() for image in own]
    if not chosen:
        return {}, {}
    pixels = np.stack([_halve(decode(context.path(image), image.sha256)) for image in chosen])
    return {label: [image.file for image in own] for label, own in surest.items()}, {"shown": pixels}


def choose_surest(
    found: CueResults, cue: str, label: int, images: Sequence[ImageFile], count: int
) -> list[ImageFile]:
    """The correctly classified images of a class with the highest probabilities; of about equal ones the
    first by hash.
    """
    table = found.probabilities[cue]
    right = np.flatnonzero(found.judged & (found.labels == label) & (table.argmax(axis=1) == label)).tolist()
    # To one digit: which of nearly equal ones is the surest is up to rounding, and so to the machine.
    order = sorted(right, key=lambda n: (-round(float(table[n, label]), 1), images[n].sha256))
    return [images[n] for n in order[:count]]


def _halve(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (224, 224, 3) at half its size, by means of 2 × 2 pixels."""
    side = pixels.shape[0] // 2
    means = pixels.reshape(side, 2, side, 2, 3).mean((1, 3))
    halved: NDArray[np.uint8] = np.rint(means).astype(np.uint8)
    return halved
