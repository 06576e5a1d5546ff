"""What question 5 leaves open: other methods explain the decision itself, and may look elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from reportgen.analysis.attribution import Effort, ImageExplainer
from reportgen.analysis.computed import Computed, summarise
from reportgen.analysis.neurons import area_share
from reportgen.dataset.annotations import read_annotations
from reportgen.dataset.decode import decode
from reportgen.dataset.masks import Mask
from reportgen.dataset.names import composed
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files
from reportgen.engine.stages.outcomes import pack_section
from reportgen.results import Box, ImageFile
from reportgen.results.fields import SIDE
from reportgen.sections.methods.localisation import Sample, holds, localise, measure_maps, measure_outline
from reportgen.sections.methods.preflight import require_class
from reportgen.sections.methods.result import Attribution, ExplainedImage, Methods
from reportgen.sections.methods.settings import PREDICTED

Values = NDArray[np.float32]

PERCENTILE = 99.5
"""Of the sizes of a map's values: what its picture ends at, as those of guided backpropagation do."""

CELLS = 14
"""Cells a side: as many as the explained layer has positions, so that Grad-CAM is not compared with more."""

AGREE_FROM = 0.5

COMPLETE_BELOW = 0.01

ADDING = ("gradient_x_input", "integrated_gradients")
"""Methods whose maps should add up to the score, less that of the baseline."""

SLOW = ("integrated_gradients", "smoothgrad", "occlusion")
"""Methods that take many passes, and are not asked for a second map."""

TESTED = 1
"""Example images whose maps are made for a second class, too; each takes as long as the first map did. On
three images the correlations of guided backpropagation differed by 0.004.
"""


@dataclass(frozen=True)
class Explained:
    """One image's ``maps`` (methods, H, W) for the class that is ``explained``, and that class's scores.

    ``second``: another class, and the ``other`` maps (H, W), by method, that were made for it.
    """

    file: str
    predicted: str
    explained: str
    score: float
    baseline: float
    maps: Values
    animal: Box | None = None
    outline: Mask | None = None
    second: str | None = None
    other: Mapping[str, Values] = field(default_factory=dict)


def describe_methods(
    images: Mapping[str, Explained], *, layer: str, methods: Sequence[str], effort: Effort
) -> Computed[Methods]:
    """Describe the maps of the ``methods``: their peaks, what they add up to, how far they agree."""
    arrays: dict[str, NDArray[Any]] = {}
    classes = {}
    for i, (label, image) in enumerate(images.items()):
        described = [_describe(method, own, image) for method, own in zip(methods, image.maps, strict=True)]
        # A map that is zero everywhere has no limit to be divided by, and stays zero.
        limits = np.array([each.limit or 1 for each in described], np.float32)
        # In units of its limit, since each method has a unit of its own: one colour scale fits all maps, and
        # so does one tolerance.
        arrays[f"maps_{i}"] = image.maps / limits[:, None, None]
        classes[label] = ExplainedImage(
            file=image.file,
            predicted=image.predicted,
            explained=image.explained,
            second=image.second,
            score=image.score,
            baseline=image.baseline,
            animal=area_share(image.animal),
            centre_on_animal=None if image.animal is None else holds(image.animal, SIDE // 2, SIDE // 2),
            maps=described,
        )
    numbers = Methods(
        layer=layer,
        shown=list(methods),
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
    # By size: what speaks against the class points somewhere, too.
    peak = np.unravel_index(sizes.argmax(), sizes.shape) if total else None
    animal = image.animal
    return Attribution(
        method=method,
        peak=None if peak is None else (int(peak[0]), int(peak[1])),
        # A map of a few pixels has a percentile of zero, but is not blank.
        limit=float(np.percentile(sizes, PERCENTILE)) or float(sizes.max()),
        incompleteness=(
            # In float64, as 50,176 values of both signs are summed.
            abs(float(values.sum(dtype=np.float64)) - rise) / abs(rise) if method in ADDING and rise else None
        ),
        peak_on_animal=None if animal is None or peak is None else holds(animal, int(peak[0]), int(peak[1])),
        on_animal=(
            float(sizes[slice(*animal.rows), slice(*animal.cols)].sum() / total) if animal and total else None
        ),
        other_class=correlate(values, image.other[method]) if method in image.other else None,
    )


def correlate(one: Values, other: Values) -> float | None:
    """Spearman's rank correlation of two maps (H, W), pixel by pixel with their signs; None if one is flat.

    Of a method and two classes, it tests whether the map depends on the class (Nie et al. 2018).
    """
    ranks = [rankdata(values.ravel()) for values in (one, other)]
    if not all(np.ptp(each) for each in ranks):
        return None
    return max(-1.0, min(1.0, float(np.corrcoef(*ranks)[0, 1])))


def measure_agreement(images: Sequence[Values]) -> float | None:
    """The mean rank correlation of two maps of one image; None without two maps that are not flat.

    ``images`` are maps (methods, H, W). Sizes are averaged over ``CELLS`` × ``CELLS`` cells first: single
    pixels of gradients are noise, and methods that differ in nothing else would seem to disagree.
    """
    found = []
    for maps in images:
        count, height, width = maps.shape
        sizes = np.abs(maps.astype(np.float64)).reshape(count, CELLS, height // CELLS, CELLS, width // CELLS)
        # By ranks, for the methods' maps have different units.
        ranks = [rankdata(own.ravel()) for own in sizes.mean(axis=(2, 4))]
        uneven = [own for own in ranks if np.ptp(own)]
        found += [float(np.corrcoef(a, b)[0, 1]) for a, b in itertools.combinations(uneven, 2)]
    return max(-1.0, min(1.0, float(np.mean(found)))) if found else None


def run(context: StageContext) -> Artifacts:
    """Explain the decision on each example image by every method that the settings name."""
    require_class(context.setting("methods.of"), context.classes)
    files = example_files(context)
    methods = context.setting("methods.shown")
    effort = Effort(
        steps=context.setting("methods.steps"),
        samples=context.setting("methods.samples"),
        seed=context.setting("seed"),
    )
    explainer = _Explainer(context, methods, effort)
    images: dict[str, Explained] = {}
    with context.progress.stage("Other methods", total=len(files)) as advance:
        for label, image in context.examples.items():
            images[label] = explainer.explain(image, tested=len(images) < TESTED)
            advance(1)
    over = context.setting("methods.located_over")
    samples = explainer.locate() if over == "test" else _sample(images.values())
    described = describe_methods(images, layer=explainer.layer, methods=methods, effort=effort)
    located = localise(samples, methods, effort.seed)
    arrays = {**described.arrays, **_gather(samples)}
    complete = {
        "of": explainer.of,
        "located_over": over,
        "located": located,
        "arrays": summarise("methods", arrays),
    }
    return pack_section(Computed(described.numbers.model_copy(update=complete), arrays))


def _sample(images: Iterable[Explained]) -> list[Sample]:
    """What is measured of maps, of the images whose animals have a box."""
    return [
        Sample(
            each.file,
            measure_maps(each.maps, each.animal),
            each.animal,
            None if each.outline is None else measure_outline(each.maps, each.outline, each.animal),
        )
        for each in images
        if each.animal
    ]


def _gather(samples: Sequence[Sample]) -> dict[str, NDArray[Any]]:
    """What was measured of all images: within boxes, and within outlines."""
    found = {
        "located": [each.measured for each in samples],
        "outlined": [each.outline.measured for each in samples if each.outline],
    }
    return {name: np.stack(measured) for name, measured in found.items() if measured}


class _Explainer:
    """Maps of single images; the network is put together once."""

    def __init__(self, context: StageContext, methods: Sequence[str], effort: Effort) -> None:
        # Before this import, which loads TensorFlow: network() configures it first.
        backbone = context.network()
        from reportgen.analysis.whole import build_scored

        self.layer = backbone.layers[0]
        self._context, self._methods, self._effort = context, methods, effort
        self._network = build_scored(backbone, context.artifacts("transfer")["head.weights.h5"])
        self.of = composed(context.setting("methods.of"))
        found = context.annotations
        self._annotations = None if found is None else read_annotations(found)

    def explain(self, image: ImageFile, *, tested: bool = False) -> Explained:
        """The maps of the class that the settings name, or else of the one that an image is taken for.

        ``tested``: also those for the likeliest of the other classes.
        """
        from reportgen.models.backbone import preprocess

        pixels = preprocess(decode(self._context.path(image), image.sha256))
        baseline, scores = self._baseline, self._network.score(pixels[np.newaxis])[0]
        classes, taken = self._context.classes, int(scores.argmax())
        index = taken if self.of == PREDICTED else classes.index(self.of)
        explainer = ImageExplainer(self._network, pixels, index, self._effort)
        second = int(np.delete(np.arange(len(classes)), index)[np.delete(scores, index).argmax()])
        return Explained(
            image.file,
            classes[taken],
            classes[index],
            float(scores[index]),
            float(baseline[index]),
            np.stack([explainer.explain(method) for method in self._methods]),
            self._find_animal(image),
            None if self._annotations is None else self._annotations.mask(image.file, image.label),
            classes[second] if tested else None,
            self._explain_quickly(pixels, second) if tested else {},
        )

    @cached_property
    def _baseline(self) -> NDArray[np.float64]:
        # Zero after preprocessing is ImageNet's mean colour, the baseline of all methods here.
        scores: NDArray[np.float64] = self._network.score(np.zeros((1, SIDE, SIDE, 3), np.float32))[0]
        return scores

    def _explain_quickly(self, pixels: Values, index: int) -> dict[str, Values]:
        explainer = ImageExplainer(self._network, pixels, index, self._effort)
        return {method: explainer.explain(method) for method in self._methods if method not in SLOW}

    def locate(self) -> list[Sample]:
        """What is measured of the maps of all test images whose animals have a box."""
        images = [each for each in self._context.images if each.split == "test" and self._find_animal(each)]
        samples = []
        with self._context.progress.stage("Localisation", total=len(images)) as advance:
            for image in images:
                # Measured at once, since the maps of five methods are a megabyte an image.
                samples += _sample([self.explain(image)])
                advance(1)
        return samples

    def _find_animal(self, image: ImageFile) -> Box | None:
        return None if self._annotations is None else self._annotations.boxes(image.file, image.label)[0]
