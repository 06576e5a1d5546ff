"""The slow half of a build: from the image folder to results, one function a stage."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen import __version__, results, store
from reportgen.console import muffled
from reportgen.dataset import Manifest, choose_examples, decode, grey, scan
from reportgen.progress import Progress, Silent
from reportgen.results import SPLITS, ImageFile, Results
from reportgen.settings import Settings
from reportgen.weights import resolve_source

if TYPE_CHECKING:
    from reportgen.analysis.computed import Computed
    from reportgen.analysis.neurons import RecordedPass
    from reportgen.analysis.transfer import LabelledFeatures
    from reportgen.models import Backbone

PACKAGES = (
    *("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "pillow"),
    *("matplotlib", "jinja2", "weasyprint"),
)
SHOWN_MISTAKES = 12

Arrays = Mapping[str, Mapping[str, NDArray[Any]]]


@dataclass(frozen=True)
class Computation:
    """Everything slow, done: the results, each section's arrays by name, and the head's weights file."""

    results: Results
    arrays: Arrays
    head: bytes


@dataclass(frozen=True)
class Examples:
    """Each class's example image: its file, and its pixels (224, 224, 3) uint8."""

    images: dict[str, ImageFile]
    pixels: dict[str, NDArray[np.uint8]]

    @property
    def files(self) -> dict[str, str]:
        """Each class's file, relative to the data folder."""
        return {label: image.file for label, image in self.images.items()}


def compute(settings: Settings, data: Path, progress: Progress | None = None) -> Computation:
    """Read the images of ``data`` and compute every result of the report. Nothing is written but the cache.

    Raises ``UserError`` for anything the user can mend.
    """
    progress = progress or Silent()
    manifest = scan(data, settings.seed, progress)
    examples = _open_examples(manifest, settings)
    backbone = _load_backbone(settings, progress)
    sections: dict[str, Computed[Any]] = _convolve(settings, examples, progress)
    parts = _collect_features(settings, manifest, backbone, progress)
    sections["transfer"], head = _train(settings, manifest, backbone, parts, progress)
    sections |= _explain(settings, manifest, backbone, examples, progress)
    numbers = {name: section.numbers for name, section in sections.items()}
    return Computation(
        results=Results(
            report=_describe_report(settings),
            provenance=_describe_provenance(settings, manifest, backbone),
            dataset=_describe_dataset(manifest, examples),
            checks=importlib.import_module("reportgen.analysis.checks").check_claims(**numbers),
            **numbers,
        ),
        arrays={name: section.arrays for name, section in sections.items()},
        head=head,
    )


def _open_examples(manifest: Manifest, settings: Settings) -> Examples:
    images = choose_examples(manifest, settings.example_images)
    return Examples(images, {label: decode(manifest.path(image)) for label, image in images.items()})


def _load_backbone(settings: Settings, progress: Progress) -> Backbone:
    source, message = resolve_source(settings.weights)
    if message:
        progress.say(message)
    if source == "imagenet":
        from reportgen.acquire.vgg19 import fetch_vgg19

        fetch_vgg19(progress)
    models = import_models(progress)
    with progress.stage("Reading the weights"):
        backbone: Backbone = models.load_backbone(source)
    return backbone


def import_models(progress: Progress) -> ModuleType:
    # TensorFlow writes notes of its own past every setting while it is imported.
    with progress.stage("Loading TensorFlow"), muffled():
        return importlib.import_module("reportgen.models")


def _convolve(settings: Settings, examples: Examples, progress: Progress) -> dict[str, Computed[Any]]:
    from reportgen.analysis.conv_stack import stack_layers
    from reportgen.analysis.convolution import convolve_examples

    colour = settings.show.colour
    images = {
        label: pixels.astype(np.float32) / np.float32(255) if colour else grey(pixels)
        for label, pixels in examples.pixels.items()
    }
    with progress.stage("Convolution layers"):
        return {
            "convolution": convolve_examples(images, examples.files, settings.seed),
            "conv_stack": stack_layers(
                images, examples.files, shown=settings.show.filters, seed=settings.seed
            ),
        }


def _collect_features(
    settings: Settings, manifest: Manifest, backbone: Backbone, progress: Progress
) -> dict[results.Split, LabelledFeatures]:
    from reportgen.analysis.transfer import LabelledFeatures
    from reportgen.models import BATCH_SIZE

    base = f"{backbone.weights.sha256}:{backbone.feature_layer}"
    cache = store.FeatureCache(settings.cache, base)
    vectors = {image.sha256: cache.get(image.sha256) for image in manifest.images}
    missing = list(
        {image.sha256: image for image in manifest.images if vectors[image.sha256] is None}.values()
    )
    with progress.stage("VGG19 features", total=len(missing)) as advance:
        batches = _decode_ahead([manifest.path(image) for image in missing], BATCH_SIZE)
        done = iter(missing)
        for features in backbone.features(batches):
            for vector, image in zip(features, done, strict=False):
                vectors[image.sha256] = vector
                cache.put(image.sha256, vector)
            advance(len(features))
    index = {label: i for i, label in enumerate(manifest.classes)}
    parts: dict[results.Split, LabelledFeatures] = {}
    for split in SPLITS:
        images = manifest.of(split)
        features = np.stack([vectors[image.sha256] for image in images])  # type: ignore[misc]
        parts[split] = LabelledFeatures(features, np.array([index[image.label] for image in images]), images)
    return parts


def _decode_ahead(paths: Sequence[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    """Batches of decoded images (n, 224, 224, 3), the next one being decoded while the last is in use."""
    groups = [paths[i : i + size] for i in range(0, len(paths), size)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = [pool.submit(_decode_batch, group) for group in groups[:1]]
        for group in groups[1:]:
            ready = ahead.pop().result()
            ahead.append(pool.submit(_decode_batch, group))
            yield ready
        yield from (last.result() for last in ahead)


def _decode_batch(paths: Sequence[Path]) -> NDArray[np.uint8]:
    return np.stack([decode(path) for path in paths])


def _train(
    settings: Settings,
    manifest: Manifest,
    backbone: Backbone,
    parts: Mapping[results.Split, LabelledFeatures],
    progress: Progress,
) -> tuple[Computed[results.Transfer], bytes]:
    from reportgen.analysis.transfer import FrozenBase, retrain
    from reportgen.models import weights_file

    base = FrozenBase(backbone.feature_layer, backbone.pooled, backbone.parameters, backbone.fingerprint)
    with progress.stage("Training the new layer"):
        computed, head = retrain(base, parts, manifest.classes, settings.seed)
        return _with_mistakes(computed, manifest), weights_file(head.layer)


def _with_mistakes(computed: Computed[results.Transfer], manifest: Manifest) -> Computed[results.Transfer]:
    """Add the pixels of the first misclassified test images, (n, 224, 224, 3), for the appendix to show."""
    from reportgen.analysis.computed import Computed, summarise

    by_file = {image.file: image for image in manifest.images}
    wrong = computed.numbers.misclassified[:SHOWN_MISTAKES]
    if not wrong:
        return computed
    arrays = {
        **computed.arrays,
        "misclassified": np.stack([decode(manifest.path(by_file[w.file])) for w in wrong]),
    }
    return Computed(computed.numbers.model_copy(update={"arrays": summarise("transfer", arrays)}), arrays)


def _explain(
    settings: Settings, manifest: Manifest, backbone: Backbone, examples: Examples, progress: Progress
) -> dict[str, Computed[Any]]:
    from reportgen.analysis.guided_backprop import Example, explain_neurons
    from reportgen.analysis.guided_gradient import GuidedNetwork
    from reportgen.analysis.neurons import RecordedPass, find_excited_neurons
    from reportgen.analysis.receptive_field import layer_geometries
    from reportgen.models import EXPLAINED_LAYER, INPUT_SHAPE, preprocess

    prepared = {label: preprocess(pixels) for label, pixels in examples.pixels.items()}
    boxes = {
        label: manifest.annotations.boxes(image.file, label) if manifest.annotations else (None, None)
        for label, image in examples.images.items()
    }
    with progress.stage("Most excited neurons", total=len(prepared)) as advance:

        def record(label: str) -> RecordedPass:
            advance(1)
            return RecordedPass(backbone.explained, prepared[label])

        neurons = find_excited_neurons(
            {label: lambda label=label: record(label) for label in prepared},  # type: ignore[misc]
            examples.pixels,
            examples.files,
            layer=EXPLAINED_LAYER,
            geometry=layer_geometries(backbone.convolutions.layers)[EXPLAINED_LAYER],
            count=settings.show.neurons,
            heads={label: head for label, (_, head) in boxes.items()},
        )
    with progress.stage("Guided backpropagation"):
        choices = settings.guided_backprop.neurons
        guided = explain_neurons(
            GuidedNetwork(backbone.convolutions, INPUT_SHAPE, len(choices)),
            {
                label: Example(image.file, prepared[label], neurons.arrays[f"activations_{i}"], *boxes[label])
                for i, (label, image) in enumerate(examples.images.items())
            },
            layer=EXPLAINED_LAYER,
            choices=choices,
            shared_scale=settings.guided_backprop.shared_scale,
        )
    return {"neurons": neurons, "guided_backprop": guided}


def _describe_report(settings: Settings) -> results.Report:
    return results.Report(
        course=settings.course,
        assignment=settings.assignment,
        group=settings.group,
        authors=[results.Author(name=a.name, roll_number=a.roll_number) for a in settings.authors],
        date=settings.date.isoformat() if settings.date else None,
    )


def _describe_provenance(settings: Settings, manifest: Manifest, backbone: Backbone) -> results.Provenance:
    versions = {"reportgen": __version__, "python": platform.python_version()}
    return results.Provenance(
        seed=settings.seed,
        data_fingerprint=manifest.fingerprint,
        weights=backbone.weights,
        versions=versions | {package: metadata.version(package) for package in PACKAGES},
    )


def _describe_dataset(manifest: Manifest, examples: Examples) -> results.Dataset:
    return results.Dataset(
        classes=list(manifest.classes),
        counts=manifest.counts(),
        layout=manifest.layout,
        drawn_by_program=manifest.drawn_by_program,
        annotated=manifest.annotations is not None,
        examples=examples.files,
        duplicates=list(manifest.duplicates),
        warnings=list(manifest.warnings),
        images=list(manifest.images),
    )
