"""The report's results, computed again from the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reportgen.dataset.inventory import Inventory
from reportgen.engine.execution import Execution
from reportgen.engine.plan import FIGURES, Plan, make_plan, named_versions
from reportgen.engine.stages.network import Networks
from reportgen.engine.stages.outcomes import NUMBERS, read_arrays, read_figures
from reportgen.errors import UserError, WeightsError
from reportgen.figures.figure import Figure
from reportgen.memo import Memo, no_memo
from reportgen.networks import ARCHITECTURES, USUAL, NetworkChoice
from reportgen.outline.section import Section
from reportgen.progress import Progress
from reportgen.results import SCHEMA_VERSION
from reportgen.settings import Settings
from reportgen.store.cache import Cache
from reportgen.store.digests import CodeMemory, DigestMemory
from reportgen.store.files import MEGABYTE
from reportgen.templates import open_templates
from reportgen.verify.tolerances import Finding
from reportgen.weights import SOURCES, Weights, WeightsFile, locate_weights, require_here, resolve_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.engine.stages.context import Artifacts


@dataclass(frozen=True)
class Recomputed:
    """The recomputed report. ``document`` has those sections of ``results.json`` that could be recomputed,
    ``missing`` says why the others could not; ``stages`` are the outcomes of the shared stages that they
    read, ``files`` the further files that they write; ``memo`` remembers formulas and fonts between
    renderings.
    """

    document: Mapping[str, Any]
    versions: Mapping[str, str]
    arrays: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)
    album: Mapping[str, Figure] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Artifacts] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    memo: Memo = no_memo


@dataclass(frozen=True)
class WeightsFound:
    """The weights file, None if it is not available, and a note on it. ``name`` is
    what the report calls them.
    """

    file: WeightsFile | None
    reason: str = ""
    name: str = ""
    rows: tuple[Finding, ...] = ()


def find_weights(named: Weights, own: str, seed: int = 0) -> WeightsFound:
    """The weights that the report names, if they are on this machine; nothing is downloaded.

    ``own`` is the grader's setting: only it may name a file, of weights or of a whole network. Of what
    the report says of its network only a name that Keras Applications has is believed. ``seed`` is the
    report's, from which random weights are drawn.
    """
    pointer = "/provenance/weights/sha256"
    # Only a file can be the file; which one, no word of the report may say.
    if named.source == "file" and own in SOURCES:
        return WeightsFound(
            None, "the report was made with a weights file of its own: name it with --weights"
        )
    known = named.architecture in ARCHITECTURES
    if not known and named.source != "file":
        return WeightsFound(None, f"the network of the report, '{named.architecture}', is not known here")
    source, memory = own if named.source == "file" else named.named, DigestMemory()
    # By a name that Keras has, or by the grader's own: what a report calls its network may be a path.
    network = NetworkChoice(named.architecture if known else own, seed=seed)
    try:
        if network.architecture == USUAL:
            require_here(source, "verifying downloads nothing", memory)
        elif source in ("imagenet", "embedded"):
            resolve_source(source, memory, network)
        file = locate_weights(source, memory, network)
    except WeightsError as error:
        return WeightsFound(None, f"{error.problem} {error.remedy}")
    if file.sha256 == named.sha256:
        row = Finding("numbers", pointer, "confirmed", named.sha256, file.sha256)
        return WeightsFound(file, name=named.name, rows=(row,))
    if named.source == "file":
        return WeightsFound(None, f"{file.path.name} is another file than the one that the report names")
    reason = f"these are not the {named.source} weights; recomputed with those on this machine"
    return WeightsFound(
        file, rows=(Finding("numbers", pointer, "differs", named.sha256, file.sha256, reason),)
    )


def recompute(
    settings: Settings, inventory: Inventory, weights: WeightsFound, progress: Progress
) -> Recomputed:
    """Run every stage up to the figures; of the outcomes that ``settings.cache`` keeps, those are used
    whose every input is the same. Nothing is written but the cache.

    Raises ``DataError`` if the data cannot be reported on, ``SettingsError`` for settings that do not fit.
    """
    # Without its weights the plan still covers the sections that need none.
    file = weights.file or locate_weights("embedded")
    plan = make_plan(
        settings, inventory, file, open_templates(kind=settings.kind), code=CodeMemory(settings.cache)
    )
    with _execution(plan, progress) as execution:
        document = _describe_data(execution, plan)
        sections: Sequence[Section] = plan.kind.sections
        missing: dict[str, str] = {}
        if weights.file is None:
            missing = {section.name: weights.reason for section in sections if section.reads.weights}
            sections = [section for section in sections if not section.reads.weights]
        else:
            document["provenance"]["weights"] = _describe_weights(execution, weights)
        return _collect(execution, plan, document, sections, missing)


@contextmanager
def _execution(plan: Plan, progress: Progress) -> Iterator[Execution]:
    cache = Cache(plan.settings.cache, plan.settings.cache_limit_mb * MEGABYTE)
    try:
        yield Execution(plan, cache, Networks(), progress)
    finally:
        cache.trim()


def _describe_data(execution: Execution, plan: Plan) -> dict[str, Any]:
    artifacts = execution.obtain("dataset")
    dataset = json.loads(artifacts["dataset.json"])
    # As the results have them, which add them to what the stage found.
    dataset["examples"] = {label: image.file for label, image in plan.examples.items()}
    provenance = {
        "seed": plan.settings.seed,
        "data_fingerprint": artifacts["fingerprint"].decode(),
        "layers": list(plan.settings.layers),
    }
    kind = {"name": plan.kind.name, "version": plan.kind.version, "sections": list(plan.kind.names)}
    return {
        "schema_version": SCHEMA_VERSION, "kind": kind, "provenance": provenance, "dataset": dataset,
    }  # fmt: skip


def _describe_weights(execution: Execution, weights: WeightsFound) -> dict[str, Any]:
    """The expected description of the weights. The grader's copy of a file may have another name."""
    described: dict[str, Any] = json.loads(execution.obtain("weights")["weights.json"])
    if weights.file and weights.file.source == "file" and weights.name:
        # The note names the file, too.
        described["note"] = described["note"].replace(described["name"], weights.name)
        described["name"] = weights.name
    return described


def _collect(
    execution: Execution,
    plan: Plan,
    document: dict[str, Any],
    sections: Sequence[Section],
    missing: dict[str, str],
) -> Recomputed:
    arrays: dict[str, Mapping[str, NDArray[Any]]] = {}
    album: dict[str, Figure] = {}
    files: dict[str, bytes] = {}
    stages: dict[str, Artifacts] = {}
    for section in sections:
        name = section.name
        try:
            artifacts = execution.obtain(name)
            figures = read_figures(execution.obtain(FIGURES + name)) if section.figures else {}
            if section.has_module("comparison"):
                stages |= {stage: execution.obtain(stage) for stage in section.reads.stages}
        # A section that cannot be made again must not hide the others.
        except UserError as error:
            missing[name] = error.problem
            continue
        document[name] = json.loads(artifacts[NUMBERS])
        arrays[name] = read_arrays(artifacts)
        album |= figures
        files |= {file: artifacts[file] for file in section.files}
    memo = Cache(plan.settings.cache, plan.settings.cache_limit_mb * MEGABYTE)
    rendered = memo.items(plan.stages["html"].base).obtain
    return Recomputed(document, named_versions(), arrays, album, missing, stages, files, rendered)


def fit_examples(settings: Settings, inventory: Inventory) -> tuple[Settings, list[Finding]]:
    """The settings with those example images only that the data folder has; a row for each other."""
    files = {(image.label, image.file) for image in inventory.images}
    chosen = settings.example_images
    rows = [
        Finding(
            "images",
            f"/dataset/examples/{label}",
            "differs",
            file,
            None,
            "no image of this class in the data folder",
        )
        for label, file in chosen.items()
        if (label, file) not in files
    ]
    fitting = {label: file for label, file in chosen.items() if (label, file) in files}
    return settings.model_copy(update={"example_images": fitting}), rows
