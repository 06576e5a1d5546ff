"""Where the numbers of the report come from: which function, which files, and how to make them again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from reportgen.results import Results

Inputs = Literal["settings", "folder", "examples", "used", "weights", "annotated", "results"]
"""What a function reads: the settings; the names of all files; the example images; all images in use; the
file of the weights; the example images and the annotations; or nothing but what stands in the results.
"""


@dataclass(frozen=True)
class Origin:
    """Who makes the values below a pointer; in ``pattern`` a star stands for one step of any name.

    ``function`` is a dotted name; ``stage`` is what ``reportgen build --only`` runs; ``weights``: the network
    is run.
    """

    pattern: str
    function: str
    stage: str
    inputs: Inputs
    weights: bool = False


_ANALYSIS, _RESULTS = "reportgen.analysis", "reportgen.results"
_GUIDED = f"{_ANALYSIS}.guided_backprop"
ORIGINS = (
    Origin("/report", "reportgen.settings.load_settings", "results", "settings"),
    Origin("/provenance/seed", "reportgen.settings.load_settings", "results", "settings"),
    Origin("/provenance/versions", "reportgen.plan.named_versions", "results", "results"),
    Origin("/provenance/processor", "reportgen.runtime.processor", "results", "results"),
    Origin("/provenance/weights", "reportgen.weights.locate_weights", "weights", "weights"),
    Origin("/provenance/data_fingerprint", "reportgen.dataset.scan.check_images", "dataset", "used"),
    Origin("/dataset", "reportgen.dataset.scan.check_images", "dataset", "used"),
    Origin("/dataset/examples", "reportgen.dataset.examples.choose_examples", "results", "folder"),
    Origin("/dataset/warnings", "reportgen.dataset.scan.check_images", "dataset", "folder"),
    Origin("/convolution", f"{_ANALYSIS}.convolution.convolve_examples", "convolution", "examples"),
    Origin("/convolution/filter", f"{_ANALYSIS}.initialisation.kaiming_normal", "convolution", "settings"),
    Origin("/convolution/expected_shape", f"{_ANALYSIS}.convolution.output_size", "convolution", "results"),
    Origin(
        "/convolution/init_check", f"{_ANALYSIS}.initialisation.check_initialisation",
        "convolution", "settings",
    ),
    Origin("/conv_stack", f"{_ANALYSIS}.conv_stack.stack_layers", "conv_stack", "examples"),
    Origin("/conv_stack/shown", "reportgen.settings.load_settings", "conv_stack", "settings"),
    Origin(
        "/conv_stack/layers/*/expected_shape", f"{_ANALYSIS}.convolution.output_size",
        "conv_stack", "results",
    ),
    Origin(
        "/conv_stack/layers/*/init_check", f"{_ANALYSIS}.initialisation.check_initialisation",
        "conv_stack", "settings",
    ),
    Origin("/transfer", f"{_ANALYSIS}.transfer.retrain", "transfer", "used", weights=True),
    Origin("/transfer/training", f"{_ANALYSIS}.transfer.train_head", "transfer", "used", weights=True),
    Origin("/transfer/correct", f"{_RESULTS}.transfer.Transfer.correct", "transfer", "used", weights=True),
    Origin("/transfer/total", f"{_RESULTS}.transfer.Transfer.total", "transfer", "used", weights=True),
    Origin("/transfer/accuracy", f"{_RESULTS}.transfer.Transfer.accuracy", "transfer", "used", weights=True),
    Origin(
        "/transfer/confusion", f"{_ANALYSIS}.confusion.count_confusion", "transfer", "used", weights=True
    ),
    Origin("/transfer/per_class", f"{_ANALYSIS}.confusion.score_classes", "transfer", "used", weights=True),
    Origin("/neurons", f"{_ANALYSIS}.neurons.find_excited_neurons", "neurons", "examples", weights=True),
    Origin("/neurons/geometry", f"{_ANALYSIS}.receptive_field.layer_geometries", "neurons", "weights"),
    Origin("/neurons/head_overlap", f"{_ANALYSIS}.receptive_field.overlaps", "neurons", "annotated", True),
    *(
        origin
        for table in ("top", "top_distinct")
        for origin in (
            Origin(
                f"/neurons/{table}", f"{_ANALYSIS}.neurons.rank_neurons", "neurons", "examples", weights=True
            ),
            Origin(
                f"/neurons/{table}/*/*/receptive_field", f"{_ANALYSIS}.receptive_field.receptive_field",
                "neurons", "results",
            ),
            Origin(
                f"/neurons/{table}/*/*/patch", f"{_ANALYSIS}.receptive_field.effective_field",
                "neurons", "examples", weights=True,
            ),
        )
    ),
    Origin("/guided_backprop", f"{_GUIDED}.explain_neurons", "guided_backprop", "examples", weights=True),
    Origin(
        "/guided_backprop/rows/*/*/position", f"{_GUIDED}.choose_neuron",
        "guided_backprop", "examples", weights=True,
    ),
    Origin(
        "/guided_backprop/rows/*/*/choice", "reportgen.settings.load_settings", "guided_backprop", "settings"
    ),
    Origin(
        "/guided_backprop/rows/*/*/energy_share", f"{_ANALYSIS}.receptive_field.energy_inside",
        "guided_backprop", "annotated", weights=True,
    ),
    Origin(
        "/guided_backprop/area_share", f"{_ANALYSIS}.receptive_field.area_share",
        "guided_backprop", "annotated",
    ),
    Origin(
        "/guided_backprop/zero_neurons", f"{_RESULTS}.guided_backprop.GuidedBackprop.zero_neurons",
        "guided_backprop", "examples", weights=True,
    ),
    Origin(
        "/guided_backprop/zero_neurons_blank",
        f"{_RESULTS}.guided_backprop.GuidedBackprop.zero_neurons_blank",
        "guided_backprop", "examples", weights=True,
    ),
    Origin("/checks", f"{_ANALYSIS}.checks.check_claims", "results", "results"),
)  # fmt: skip

_TUPLE = 4
"""The most numbers that make one value together: a shape, a position, an interval."""

_TEXT = 24
"""Characters of a text that the table of sources shows."""


@dataclass(frozen=True)
class InputFile:
    """A file that a value was computed from, and its SHA-256."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Maker:
    """One function with the files that it read; ``all_images``: every image of the data folder as well."""

    function: str
    command: str
    files: tuple[InputFile, ...] = ()
    settings: bool = False
    all_images: bool = False


@dataclass(frozen=True)
class Entry:
    """A value that the document prints: the id of its row, its pointer, and the value, unrounded."""

    anchor: str
    pointer: str
    value: str


@dataclass
class Lineage:
    """Takes down which values are printed, and tells where they come from, by the function that made them."""

    results: Results
    document: Any
    anchors: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        """Every value of the document by its pointer, in order."""
        return dict(_walk(self.document))

    def note(self, pointer: str) -> str:
        """Take down that the value at ``pointer`` is printed; returns the id of its row among the sources.

        The numbers of a shape, a position or an interval share the row of the list that they stand in.
        """
        parent = pointer.rpartition("/")[0]
        row = parent if _is_tuple(self._values.get(parent)) else pointer
        return self.anchors.setdefault(row, f"s{len(self.anchors) + 1}")

    def sources(self) -> list[tuple[Maker, list[Entry]]]:
        """Every printed value, by who made it, in the order of the results."""
        found: dict[Maker, list[Entry]] = {}
        for pointer, value in self._values.items():
            if pointer in self.anchors:
                entry = Entry(self.anchors[pointer], pointer, _unrounded(value))
                found.setdefault(self._maker(pointer), []).append(entry)
        return list(found.items())

    def _maker(self, pointer: str) -> Maker:
        origin = find_origin(pointer)
        files: list[InputFile] = []
        if origin.inputs in ("examples", "annotated"):
            files += self._examples(pointer)
        if origin.inputs == "annotated":
            files.append(InputFile("annotations.json", self.results.dataset.annotations_sha256 or ""))
        if origin.weights or origin.inputs == "weights":
            weights = self.results.provenance.weights
            files.append(InputFile(weights.name, weights.sha256))
        return Maker(
            function=origin.function,
            command=f"reportgen build --only {origin.stage}",
            files=tuple(files),
            settings=origin.inputs == "settings",
            all_images=origin.inputs in ("used", "folder"),
        )

    def _examples(self, pointer: str) -> list[InputFile]:
        """The example image of the class that the pointer names, else all of them."""
        examples = self.results.dataset.examples
        label = (split_pointer(pointer) + [""] * 3)[2]  # /section/table/class
        named = [label] if label in examples else list(examples)
        digests = {image.file: image.sha256 for image in self.results.dataset.images}
        return [InputFile(examples[label], digests.get(examples[label], "")) for label in named]

    def images(self) -> list[tuple[str, list[InputFile]]]:
        """All images in use with their hashes, by the folder they lie in, named within it."""
        folders: dict[str, list[InputFile]] = {}
        for image in self.results.dataset.images:
            folder, _, name = image.file.rpartition("/")
            folders.setdefault(f"{folder}/", []).append(InputFile(name, image.sha256))
        return list(folders.items())


def find_origin(pointer: str) -> Origin:
    """Who makes the value at a pointer: the origin with the longest pattern that fits."""
    steps = split_pointer(pointer)
    return max(
        (origin for origin in ORIGINS if _fits(split_pointer(origin.pattern), steps)),
        key=lambda origin: len(split_pointer(origin.pattern)),
    )


def split_pointer(pointer: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _fits(pattern: list[str], steps: list[str]) -> bool:
    return len(pattern) <= len(steps) and all(p in ("*", s) for p, s in zip(pattern, steps, strict=False))


def _walk(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}")


def _is_tuple(value: Any) -> bool:
    return (
        isinstance(value, list) and 0 < len(value) <= _TUPLE and all(type(v) in (int, float) for v in value)
    )


def _unrounded(value: Any) -> str:
    """The value as JSON; of what is long, its length or its beginning."""
    if isinstance(value, Mapping) or (isinstance(value, list) and not _is_tuple(value)):
        return f"{len(value)} items"
    text = json.dumps(value, ensure_ascii=False)
    return f"{text[:_TEXT]}…" if isinstance(value, str) and len(text) > _TEXT else text
