"""The provenance of the report's numbers: function, files, and how to recompute them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Inputs, Origin, Section
from reportgen.pointer import escape_step, join_pointer, split_pointer
from reportgen.results import Results

ORIGINS = (
    ("results", Origin("/kind", "reportgen.outline.kind.find_kind", "settings")),
    ("results", Origin("/report", "reportgen.settings.load_settings", "settings")),
    ("results", Origin("/provenance/seed", "reportgen.settings.load_settings", "settings")),
    ("results", Origin("/provenance/versions", "reportgen.engine.plan.named_versions", "results")),
    ("results", Origin("/provenance/processor", "reportgen.runtime.processor", "results")),
    ("weights", Origin("/provenance/weights", "reportgen.weights.locate_weights", "weights")),
    ("dataset", Origin("/provenance/data_fingerprint", "reportgen.dataset.scan.check_images", "used")),
    ("dataset", Origin("/dataset", "reportgen.dataset.scan.check_images", "used")),
    ("results", Origin("/dataset/examples", "reportgen.dataset.inventory.choose_examples", "folder")),
    ("dataset", Origin("/dataset/warnings", "reportgen.dataset.scan.check_images", "folder")),
    ("results", Origin("/checks", "reportgen.outline.kind.ReportKind.decide_claims", "results")),
)
"""The values common to every report, with the stage that ``reportgen build --only`` runs for it."""

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
    """A value that the document prints: the id of its row, its pointer, and the value, unrounded.

    ``function`` is the id of the row of the function that made it, in the short table on paper.
    """

    anchor: str
    pointer: str
    value: str
    function: str


@dataclass(frozen=True)
class Function:
    """A function as the short table on paper names it: of the section's package without that.

    ``printed`` is the last part alone where the name begins as the one before does, up to there.
    """

    anchor: str
    name: str
    printed: str


@dataclass(frozen=True)
class Computation:
    """The functions of one stage of a build, by the kinds of inputs that their values were made from.

    ``title`` is that of the section that it computes, ``package`` the section's; "" for what is common.
    """

    title: str
    stage: str
    package: str
    functions: Mapping[tuple[str, ...], Sequence[Function]]


@dataclass
class Lineage:
    """Records which values are printed and where they come from, by the function that made them."""

    results: Results
    document: Any
    kind: ReportKind
    anchors: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        """Every value of the document by its pointer, in order."""
        return dict(_walk(self.document))

    @cached_property
    def _patterns(self) -> _Origins:
        return _Origins(self.kind)

    def note(self, pointer: str) -> str:
        """Take down that the value at ``pointer`` is printed; returns the id of its row among the sources.

        The numbers of a shape, a position or an interval share their row in the list.
        """
        parent = join_pointer(split_pointer(pointer)[:-1])
        row = parent if _is_tuple(self._values.get(parent)) else pointer
        # In the order of printing, so that the same report has the same ids.
        return self.anchors.setdefault(row, f"s{len(self.anchors) + 1}")

    def expect(self, pointers: Iterable[str]) -> None:
        """Take down values before all others; what the results do not have is ignored."""
        for pointer in pointers:
            # Else it would have an id and no row.
            if pointer in self._values:
                self.note(pointer)

    def sources(self) -> list[tuple[Maker, list[Entry]]]:
        """Every printed value, by who made it, in the order of the results."""
        found: dict[Maker, list[Entry]] = {}
        rows = list(self._origins())
        functions = _number_functions(rows)
        for pointer, stage, origin in rows:
            entry = Entry(
                self.anchors[pointer], pointer, _unrounded(self._values[pointer]),
                functions[stage, origin.function],
            )  # fmt: skip
            # Makers are frozen and compared by content: values with the same function and files come
            # together.
            found.setdefault(self._maker(pointer, stage, origin), []).append(entry)
        return list(found.items())

    def computations(self) -> list[Computation]:
        """The functions of all printed values by stage, in the order of the results."""
        rows = list(self._origins())
        inputs: dict[tuple[str, str], dict[str, None]] = {}
        for _, stage, origin in rows:
            inputs.setdefault((stage, origin.function), {}).update(dict.fromkeys(_name_inputs(origin)))
        stages: dict[str, dict[tuple[str, ...], list[Function]]] = {}
        for (stage, name), anchor in _number_functions(rows).items():
            alike = stages.setdefault(stage, {}).setdefault(tuple(inputs[stage, name]), [])
            name = name.removeprefix(f"{self._package(stage)}.")
            before = alike[-1].name.rpartition(".")[0] if alike else ""
            beginning, _, last = name.rpartition(".")
            # Without a dot before it: no line of text may begin with one, so a list of such would not break.
            alike.append(Function(anchor, name, last if before and beginning == before else name))
        return [self._computation(stage, functions) for stage, functions in stages.items()]

    def _computation(self, stage: str, functions: Mapping[tuple[str, ...], list[Function]]) -> Computation:
        title = next((s.title for s in self.kind.sections if s.name == stage), _COMMON.get(stage, stage))
        return Computation(title, stage, self._package(stage), functions)

    def _package(self, stage: str) -> str:
        return next((section.package for section in self.kind.sections if section.name == stage), "")

    def _origins(self) -> Iterator[tuple[str, str, Origin]]:
        """Pointer, stage and origin of every printed value, in the order of the results."""
        for pointer in self._values:
            if pointer in self.anchors:
                yield (pointer, *self._patterns.find(pointer))

    def _maker(self, pointer: str, stage: str, origin: Origin) -> Maker:
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
            command=f"reportgen build --only {stage}",
            files=tuple(files),
            settings=origin.inputs == "settings",
            all_images=origin.inputs in ("used", "folder"),
        )

    def _examples(self, pointer: str) -> list[InputFile]:
        """The example image of the class that the pointer names, else all of them."""
        examples = self.results.dataset.examples
        # A pointer that is shorter names no class, and then all examples are listed.
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


_COMMON = {"results": "The report as a whole", "dataset": "Data", "weights": "Weights"}
"""The stages that compute no section, by what is common to all."""

_INPUTS: Mapping[Inputs, tuple[str, ...]] = {
    "settings": ("settings",),
    "folder": ("names of all files",),
    "examples": ("example images",),
    "used": ("all images",),
    "weights": ("weights",),
    "annotated": ("example images", "annotations"),
    "results": ("other results",),
}


def _name_inputs(origin: Origin) -> tuple[str, ...]:
    """The kinds of inputs, in words."""
    return tuple(dict.fromkeys((*_INPUTS[origin.inputs], *(("weights",) if origin.weights else ()))))


def _number_functions(rows: Sequence[tuple[str, str, Origin]]) -> dict[tuple[str, str], str]:
    """The id of each function's row on paper, by stage and name."""
    functions = dict.fromkeys((stage, origin.function) for _, stage, origin in rows)
    return {function: f"f{n}" for n, function in enumerate(functions, 1)}


def find_origin(pointer: str, kind: ReportKind) -> tuple[str, Origin]:
    """The origin of the value at a pointer, by the longest pattern that matches, and its stage.

    What a section says nothing more of is made by its ``compute``.
    """
    return _Origins(kind).find(pointer)


class _Origins:
    """The patterns of a report's origins, split once: a page asks for those of thousands of values."""

    def __init__(self, kind: ReportKind) -> None:
        self._common = [(split_pointer(origin.pattern), stage, origin) for stage, origin in ORIGINS]
        self._own = {section.name: list(_split_origins(section)) for section in kind.sections}

    def find(self, pointer: str) -> tuple[str, Origin]:
        """The stage and the origin of the value at a pointer."""
        steps = split_pointer(pointer)
        candidates = [each for each in self._common if _fits(each[0], steps)]
        if steps:
            candidates += [each for each in self._own.get(steps[0], ()) if _fits(each[0], steps[1:])]
        # Of equal ones the last: what a section says comes after the general.
        _, stage, origin = max(reversed(candidates), key=lambda found: len(found[0]))
        return stage, origin


def _split_origins(section: Section) -> Iterator[tuple[list[str], str, Origin]]:
    general = Origin("", ".compute.run", _inputs(section), weights=section.reads.weights)
    for origin in (general, *section.origins):
        named = replace(origin, function=_full_name(origin.function, section))
        yield split_pointer(origin.pattern), section.name, named


def _inputs(section: Section) -> Inputs:
    reads = section.reads
    if reads.images == "examples":
        return "annotated" if reads.annotations else "examples"
    return "used" if reads.images in ("used", "both") else "weights" if reads.weights else "settings"


def _full_name(function: str, section: Section) -> str:
    return section.package + function if function.startswith(".") else function


def _fits(pattern: list[str], steps: list[str]) -> bool:
    return len(pattern) <= len(steps) and all(p in ("*", s) for p, s in zip(pattern, steps, strict=False))


def _walk(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    yield pointer, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{pointer}/{escape_step(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}")


def _is_tuple(value: Any) -> bool:
    return (
        # type(), for a truth value would pass isinstance() as a whole number.
        isinstance(value, list) and 0 < len(value) <= _TUPLE and all(type(v) in (int, float) for v in value)
    )


def _unrounded(value: Any) -> str:
    """The value as JSON; of what is long, its length or its beginning."""
    if isinstance(value, Mapping) or (isinstance(value, list) and not _is_tuple(value)):
        return f"{len(value)} items"
    text = json.dumps(value, ensure_ascii=False)
    return f"{text[:_TEXT]}…" if isinstance(value, str) and len(text) > _TEXT else text
