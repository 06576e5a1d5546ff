"""Maps of the evidence for every class in every example image (Selvaraju et al. 2017)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import rankdata

from reportgen.analysis.computed import Computed, summarise
from reportgen.dataset.decode import decode
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section
from reportgen.sections.grad_cam.result import ClassMap, ExplainedImage, GradCam

Values = NDArray[np.float32]

ALIKE_FROM = 0.5


@dataclass(frozen=True)
class Evidence:
    """Of one image the ``scores`` (classes,) before the softmax and the ``maps`` (classes, rows, columns)."""

    file: str
    scores: NDArray[np.float64]
    maps: Values


def run(context: StageContext) -> Artifacts:
    """Weigh the feature maps of each example image for each class."""
    # Before these imports, which load TensorFlow: network() configures it first.
    backbone = context.network()
    from reportgen.analysis.whole import build_scored
    from reportgen.models.backbone import preprocess

    network = build_scored(backbone, context.artifacts("transfer")["head.weights.h5"])

    found = {}
    with context.progress.stage("Grad-CAM of every class", total=len(context.examples)) as advance:
        for label, image in context.examples.items():
            pixels = preprocess(decode(context.path(image), image.sha256))
            scores = network.score(pixels[np.newaxis])[0]
            found[label] = Evidence(image.file, scores, network.weigh_every_class(pixels))
            advance(1)
    return pack_section(describe_maps(found, backbone.layers[0]))


def describe_maps(found: Mapping[str, Evidence], layer: str) -> Computed[GradCam]:
    """Describe the maps: where each is largest, and how far the maps of one image are the same."""
    labels = list(found)
    maps = np.stack([evidence.maps for evidence in found.values()])
    classes = {label: _describe(evidence, labels) for label, evidence in found.items()}
    known = [image.correlation for image in classes.values() if image.correlation is not None]
    arrays: dict[str, NDArray[Any]] = {"maps": maps}
    numbers = GradCam(
        layer=layer,
        cells=list(maps.shape[2:]),
        alike_from=ALIKE_FROM,
        classes=classes,
        correlation=_within_one(float(np.mean(known))) if known else None,
        arrays=summarise("grad_cam", arrays),
    )
    return Computed(numbers, arrays)


def _describe(evidence: Evidence, labels: Sequence[str]) -> ExplainedImage:
    shares = softmax(evidence.scores)
    described = {}
    for k, (label, own) in enumerate(zip(labels, evidence.maps, strict=True)):
        peak = np.unravel_index(int(own.argmax()), own.shape) if own.any() else None
        described[label] = ClassMap(
            score=float(evidence.scores[k]),
            # Rounding may take the largest share beyond 1.
            probability=min(float(shares[k]), 1.0),
            highest=float(own.max()),
            peak=None if peak is None else (int(peak[0]), int(peak[1])),
        )
    return ExplainedImage(
        file=evidence.file,
        predicted=labels[int(evidence.scores.argmax())],
        limit=float(evidence.maps.max()),
        maps=described,
        correlation=correlate_maps(evidence.maps),
    )


def correlate_maps(maps: Values) -> float | None:
    """The mean rank correlation of two of the maps (N, rows, columns); None without two that are not flat."""
    # By ranks: a score's scale differs from class to class, and with it that of its map.
    ranks = [rankdata(own.astype(np.float64).ravel()) for own in maps]
    # All ranks of a flat map are one number, by whose deviation, zero, a correlation is divided.
    uneven = [own for own in ranks if np.ptp(own)]
    pairs = [float(np.corrcoef(a, b)[0, 1]) for a, b in itertools.combinations(uneven, 2)]
    return _within_one(float(np.mean(pairs))) if pairs else None


def _within_one(value: float) -> float:
    # The same ranks correlate by 1.0000000000000002.
    return max(-1.0, min(1.0, value))
