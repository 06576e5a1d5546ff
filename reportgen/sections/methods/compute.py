"""What question 5 leaves open: other methods explain the decision itself, and may look elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from reportgen.analysis.attribution import Effort, ImageExplainer, build_scored
from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import area_share
from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, find_boxes
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results import Box
from reportgen.results.fields import SIDE
from reportgen.sections.methods.result import Attribution, ExplainedImage, Methods

Values = NDArray[np.float32]

PERCENTILE = 99.5
"""Of the sizes of a map's values: what its picture ends at, as those of guided backpropagation do."""

CELLS = 14
"""Cells a side: as many as the explained layer has positions, so that Grad-CAM is not compared with more."""

AGREE_FROM = 0.5

COMPLETE_BELOW = 0.01

ADDING = ("gradient_x_input", "integrated_gradients")
"""Methods whose maps should add up to the score, less that of the baseline."""


@dataclass(frozen=True)
class Explained:
    """One image's ``maps`` (methods, H, W) for the class that it is taken for, and that class's scores."""

    file: str
    predicted: str
    score: float
    baseline: float
    maps: Values
    animal: Box | None = None


def describe_methods(
    images: Mapping[str, Explained], *, layer: str, shown: Sequence[str], effort: Effort
) -> Computed[Methods]:
    """Describe the maps of the methods ``shown``: their peaks, what they add up to, how far they agree."""
    arrays: dict[str, NDArray[Any]] = {}
    classes = {}
    for i, (label, image) in enumerate(images.items()):
        described = [_describe(method, own, image) for method, own in zip(shown, image.maps, strict=True)]
        limits = np.array([each.limit or 1 for each in described], np.float32)
        arrays[f"maps_{i}"] = image.maps / limits[:, None, None]
        classes[label] = ExplainedImage(
            file=image.file,
            predicted=image.predicted,
            score=image.score,
            baseline=image.baseline,
            animal=area_share(image.animal),
            centre_on_animal=None if image.animal is None else _holds(image.animal, SIDE // 2, SIDE // 2),
            maps=described,
        )
    numbers = Methods(
        layer=layer,
        shown=list(shown),
        steps=effort.steps,
        samples=effort.samples,
        noise=effort.noise,
        seed=effort.seed,
        cells=CELLS,
        agree_from=AGREE_FROM,
        complete_below=COMPLETE_BELOW,
        classes=classes,
        agreement=measure_agreement([image.maps for image in images.values()]),
        arrays=summarise("methods", arrays),
    )
    return Computed(numbers, arrays)


def _describe(method: str, values: Values, image: Explained) -> Attribution:
    sizes = np.abs(values.astype(np.float64))
    total, rise = sizes.sum(), image.score - image.baseline
    peak = np.unravel_index(sizes.argmax(), sizes.shape) if total else None
    animal = image.animal
    return Attribution(
        method=method,
        peak=None if peak is None else (int(peak[0]), int(peak[1])),
        limit=float(np.percentile(sizes, PERCENTILE)) or float(sizes.max()),
        incompleteness=(
            abs(float(values.sum(dtype=np.float64)) - rise) / abs(rise) if method in ADDING and rise else None
        ),
        peak_on_animal=None if animal is None or peak is None else _holds(animal, int(peak[0]), int(peak[1])),
        on_animal=(
            float(sizes[slice(*animal.rows), slice(*animal.cols)].sum() / total) if animal and total else None
        ),
    )


def _holds(box: Box, row: int, column: int) -> bool:
    return box.rows[0] <= row < box.rows[1] and box.cols[0] <= column < box.cols[1]


def measure_agreement(images: Sequence[Values]) -> float | None:
    """The mean rank correlation of two maps of one image; None without two maps that are not flat.

    ``images`` are maps (methods, H, W). Sizes are averaged over ``CELLS`` × ``CELLS`` cells first: single
    pixels of gradients are noise, and methods that differ in nothing else would seem to disagree.
    """
    found = []
    for maps in images:
        count, height, width = maps.shape
        sizes = np.abs(maps.astype(np.float64)).reshape(count, CELLS, height // CELLS, CELLS, width // CELLS)
        ranks = [rankdata(own.ravel()) for own in sizes.mean(axis=(2, 4))]
        uneven = [own for own in ranks if np.ptp(own)]
        found += [float(np.corrcoef(a, b)[0, 1]) for a, b in itertools.combinations(uneven, 2)]
    return max(-1.0, min(1.0, float(np.mean(found)))) if found else None


def run(context: StageContext) -> Artifacts:
    """Explain the decision on each example image by every method that the settings name."""
    files = example_files(context)
    animals = {label: animal for label, (animal, _) in find_boxes(context).items()}
    shown = context.setting("methods.shown")
    effort = Effort(
        steps=context.setting("methods.steps"),
        samples=context.setting("methods.samples"),
        seed=context.setting("seed"),
    )
    backbone = context.network()
    network = build_scored(backbone, context.artifacts("transfer")["head.weights.h5"])
    from reportgen.models.backbone import EXPLAINED_LAYER, preprocess

    labels, images = list(context.examples), {}
    with context.progress.stage("Other methods", total=len(files)) as advance:
        for label, image in context.examples.items():
            pixels = preprocess(decode(context.path(image), image.sha256))
            scores, baseline = network.score(np.stack([pixels, np.zeros_like(pixels)]))
            index = int(scores.argmax())
            explainer = ImageExplainer(network, pixels, index, effort)
            images[label] = Explained(
                files[label],
                labels[index],
                float(scores[index]),
                float(baseline[index]),
                np.stack([explainer.explain(method) for method in shown]),
                animals[label],
            )
            advance(1)
    return pack_section(describe_methods(images, layer=EXPLAINED_LAYER, shown=shown, effort=effort))
