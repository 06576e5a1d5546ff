"""The stages of a build and their dependencies. With equal inputs there is nothing to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from reportgen import __version__
from reportgen.dataset.inventory import Inventory, choose_examples
from reportgen.engine.sources import code_of, libraries_of
from reportgen.memo import Memo, no_memo
from reportgen.outline.declaration import require_settings_of_others
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Section
from reportgen.results import ImageFile
from reportgen.runtime import processor
from reportgen.settings import Settings, settings_type
from reportgen.store.digests import CodeMemory
from reportgen.system.libraries import printer_versions
from reportgen.system.packages import installed_versions, python_version, versions_for
from reportgen.templates import Templates, templates_folder
from reportgen.typefaces.choice import choose_typefaces, open_named
from reportgen.typefaces.face import OWN, Face, Typefaces
from reportgen.weights import WeightsFile


def printed_texts(settings: Settings, inventory: Inventory, templates: Templates) -> Mapping[str, str]:
    """The texts of the settings, the data and the user's own templates, by location; empty texts are
    left out.
    """
    authors = {
        f"authors, number {n}": f"{author.name}\n{author.roll_number}"
        for n, author in enumerate(settings.authors, 1)
    }
    commentary = {f"commentary.{slot}": text for slot, text in settings.commentary}
    texts = {
        **{key: getattr(settings, key) for key in ("course", "assignment", "group")},
        **authors,
        **commentary,
        **{f"the class {name}": name for name in inventory.classes},
        "the names of the files": "\n".join(image.file for image in inventory.images),
        "the notes on the data": "\n".join(inventory.survey.warnings),
        **_own_templates(templates),
    }
    return {location: text for location, text in texts.items() if text}


def _own_templates(templates: Templates) -> Mapping[str, str]:
    own = {
        name: path for name, path in templates.files.items() if not path.is_relative_to(templates_folder())
    }
    # What is no UTF-8 is reported when the template is rendered; here only its letters count.
    return {f"templates/{name}": path.read_text("utf-8", "ignore") for name, path in own.items()}


Group = Mapping[str, str]
"""Inputs of one kind by name: files, settings, modules or packages, each with its hash or value."""

# No setting and no image is among these: what an item depends on besides is in the item's own name.
_SHARED = ("weights", "code", "packages", "processor")

PROCESSOR = "processor"
"""The kind of input, and the one there is of it."""

_COMPUTING = frozenset({"keras", "numpy", "scipy", "sklearn", "tensorflow"})
"""Libraries that choose their code by the processor, so that sums are rounded differently on another."""

NAMED_PACKAGES = (
    *("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "pillow"),
    *("matplotlib", "jinja2", "weasyprint"),
)
"""The packages whose versions the results record."""


@dataclass(frozen=True)
class Spec:
    """The declared dependencies of a stage; it can read nothing else.

    ``runs`` is the module with the stage's ``run``; ``modules`` are those that it finds by name, whose code
    counts as its own. ``section``: the name of the section whose figures or numbers it makes.
    ``images``: all files of the data folder, the images in use, the example images, or both of these.
    ``fonts``: those that set the names of the classes, or all words, beside the report's own. ``after``: the
    stages whose outcome it reads. ``printer``: the system's libraries that print. ``kind``: which sections
    the report has. What is not ``kept`` is made again from entries of the cache for single items.
    """

    name: str
    runs: str
    settings: tuple[str, ...] = ()
    images: Literal["", "folder", "used", "examples", "both"] = ""
    annotations: bool = False
    weights: bool = False
    templates: bool = False
    versions: bool = False
    printer: bool = False
    kind: bool = False
    fonts: Literal["", "labels", "all"] = ""
    after: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    section: str = ""
    kept: bool = True


_STAGES = "reportgen.engine.stages"

FIGURES = "figures_"
"""Prefix of the names of stages that draw figures; the section's name follows."""

_OF_MACHINE = {"data", "weights", "architecture", "cache", "cache_limit_mb", "build", "templates", "fonts"}
"""Settings that are not attached to the PDF: paths and limits would change it from machine to machine. Data,
weights and fonts are in the keys by their contents, and the network is named as in the results.
"""

_TITLE = ("course", "assignment", "group", "authors", "date", "theme", "seed")


def make_specs(kind: ReportKind) -> tuple[Spec, ...]:
    """The stages of a report, in the order of the document; each follows those it reads."""
    drawn = [section for section in kind.sections if section.figures]
    shared = (
        Spec(
            # Their outcomes are not kept: the cache would hold again what it holds image by image.
            "features", f"{_STAGES}.features",
            settings=("layers",), images="used", weights=True, after=("dataset",), kept=False,
        ),
        Spec(
            "activations", f"{_STAGES}.activations",
            settings=("layers",), images="examples", weights=True, kept=False,
        ),
    )  # fmt: skip
    asked_for = {stage for section in kind.sections for stage in section.reads.stages}
    return (
        Spec("dataset", f"{_STAGES}.dataset", images="folder"),
        Spec("weights", f"{_STAGES}.weights", weights=True),
        *(spec for spec in shared if spec.name in asked_for),
        *map(_computing, kind.sections),
        Spec(
            "results", f"{_STAGES}.results",
            images="examples", versions=True, fonts="all", kind=True, settings=(*_TITLE, "layers"),
            after=("dataset", "weights", *kind.names),
            modules=modules_of(kind.sections, "result", "claims"),
        ),
        *map(_drawing, drawn),
        Spec(
            "html", f"{_STAGES}.html",
            templates=True, fonts="all", kind=True, settings=("commentary", "print"),
            after=("results", *(FIGURES + section.name for section in drawn)),
            modules=modules_of(kind.sections, "section", "result", "claims", "page"),
        ),
        Spec(
            "pdf", f"{_STAGES}.pdf",
            fonts="all", after=("html", "results"), printer=True, kind=True,
            settings=tuple(
                # The settings are attached to the PDF, so that it changes with each of them. Commentary comes
                # last, where more than a line of text does not push others away.
                name
                for name in sorted(settings_type(kind).model_fields, key="commentary".__eq__)
                if name not in _OF_MACHINE
            ),
        ),
    )  # fmt: skip


def _computing(section: Section) -> Spec:
    reads = section.reads
    return Spec(
        section.name,
        section.module_name("compute"),
        settings=reads.settings,
        images=reads.images,
        annotations=reads.annotations,
        weights=reads.weights,
        after=(*reads.stages, *reads.sections),
        section=section.name,
    )


def _drawing(section: Section) -> Spec:
    return Spec(
        FIGURES + section.name,
        f"{_STAGES}.figures",
        images="examples" if section.figure_images else "",
        fonts="labels",
        after=(section.name,),
        modules=modules_of([section], "result", "figures"),
        section=section.name,
    )


def modules_of(sections: Sequence[Section], *names: str) -> tuple[str, ...]:
    """Those modules of these names that the sections have."""
    return tuple(each.module_name(name) for each in sections for name in names if each.has_module(name))


@dataclass(frozen=True)
class Stage:
    """A stage of one build: its inputs by kind (``images``, ``settings``, ``code`` …) and name."""

    spec: Spec
    inputs: Mapping[str, Group]

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.spec.name

    @cached_property
    def digests(self) -> dict[str, str]:
        """One hash for each kind of input."""
        return {kind: digest_of(group) for kind, group in self.inputs.items()}

    @cached_property
    def key(self) -> str:
        """One hash over all that the stage depends on."""
        # With the name, since two stages may have the same inputs, and must not share an outcome.
        return digest_of({"stage": self.name, **self.digests})

    @cached_property
    def base(self) -> str:
        """One hash over all that a result for a single image depends on besides the image: weights, code,
        packages, processor.
        """
        shared = {kind: digest for kind, digest in self.digests.items() if kind in _SHARED}
        return digest_of({"stage": self.name, **shared})


@dataclass(frozen=True)
class Plan:
    """All stages of a build by name, in order, and what they have in common."""

    settings: Settings
    inventory: Inventory
    weights: WeightsFile
    templates: Templates
    examples: Mapping[str, ImageFile] = field(default_factory=dict)
    typefaces: Typefaces = OWN
    code: CodeMemory = field(default_factory=CodeMemory)
    stages: Mapping[str, Stage] = field(default_factory=dict)

    @property
    def kind(self) -> ReportKind:
        """The outline of the report."""
        return self.settings.kind

    @property
    def fonts(self) -> tuple[Face, ...]:
        """The faces besides the report's own that set some of its words, in their order."""
        texts = printed_texts(self.settings, self.inventory, self.templates)
        return self.typefaces.serving(texts.values())


def make_plan(
    settings: Settings,
    inventory: Inventory,
    weights: WeightsFile,
    templates: Templates,
    memo: Memo = no_memo,
    code: CodeMemory | None = None,
) -> Plan:
    """Find out what each stage depends on. The inventory must be complete; ``memo`` remembers which fonts
    were chosen, ``code`` what counts of source files.

    Raises ``SettingsError`` if the settings name an image that is not there, or a font that cannot be used,
    and ``SectionError`` if a section reads a setting that there is not.
    """
    # A stage's key is made from the values of its settings: one that is not there has none.
    require_settings_of_others(settings.kind.sections, settings.names)
    examples = choose_examples(inventory, settings.example_images, settings.kind.examples)
    texts = printed_texts(settings, inventory, templates).values()
    typefaces = choose_typefaces(texts, open_named(settings.fonts), memo)
    code = code or CodeMemory()
    plan = Plan(settings, inventory, weights, templates, examples, typefaces, code)
    stages: dict[str, Stage] = {}
    for spec in make_specs(settings.kind):
        # By key and not by outcome: so the whole plan is known before anything has run, and can be
        # explained.
        above = {name: stages[name].key for name in spec.after}
        stages[spec.name] = Stage(spec, _gather(spec, plan, above))
    code.save()
    return replace(plan, stages=stages)


def find_changes(stage: Stage, plan: Plan) -> list[str]:
    """The files that a stage reads by path and that are no longer as the plan found them."""
    # A module is imported when its stage runs, so its file may have been edited since the plan read it.
    # Images and weights are not asked about here: whoever reads one compares its hash (decode,
    # Networks.load).
    now = {f"the code in {file}": digest for file, digest in _code(stage.spec, plan, reread=True).items()}
    then = {f"the code in {file}": digest for file, digest in stage.inputs["code"].items()}
    if stage.spec.templates:
        now |= _templates(plan.templates.reread())
        then |= stage.inputs["templates"]
    if stage.spec.annotations and plan.inventory.survey.annotations:
        now["annotations.json"] = _sha256(plan.inventory.survey.annotations)
        then |= stage.inputs["annotations"]
    return [name for name in {**then, **now} if then.get(name) != now.get(name)]


def _gather(spec: Spec, plan: Plan, above: Group) -> dict[str, Group]:
    libraries = set().union(*map(libraries_of, (spec.runs, *spec.modules)))
    inputs: dict[str, Group] = {
        "images": _images(spec, plan),
        "settings": {name: _as_text(plan.settings.value(name)) for name in spec.settings},
        "weights": {plan.weights.source: plan.weights.sha256, **plan.settings.network.describe()}
        if spec.weights
        else {},
        "templates": _templates(plan.templates) if spec.templates else {},
        "fonts": _fonts(spec, plan),
        "code": _code(spec, plan),
        "packages": versions_for(libraries),
        "stages": above,
    }
    # The results record the processor beside the versions.
    if spec.versions or libraries & _COMPUTING:
        inputs[PROCESSOR] = {PROCESSOR: processor()}
    if spec.annotations and (sha256 := plan.inventory.annotations_sha256):
        inputs["annotations"] = {"annotations.json": sha256}
    if spec.versions:
        inputs["versions"] = named_versions()
    if spec.kind:
        inputs["kind"] = {
            "report": f"{plan.kind.name} {plan.kind.version}",
            **{f"section {n}": section.name for n, section in enumerate(plan.kind.sections, 1)},
        }
    if spec.printer:
        inputs["printer"] = printer_versions()
    return {kind: group for kind, group in inputs.items() if group}


def _code(spec: Spec, plan: Plan, *, reread: bool = False) -> Group:
    code: dict[str, str] = {}
    for module in (spec.runs, *spec.modules):
        code |= code_of(module, plan.code, reread=reread)
    return code


def _images(spec: Spec, plan: Plan) -> Group:
    inventory = plan.inventory
    # With split and class: moving an image to another class changes no content, and all that is learnt.
    used = {image.file: f"{image.split} {image.label} {image.sha256}" for image in inventory.images}
    examples = {
        f"example image of {label}, {image.file}": image.sha256 for label, image in plan.examples.items()
    }
    if spec.images in ("used", "examples", "both"):
        return {**({} if spec.images == "examples" else used), **({} if spec.images == "used" else examples)}
    if spec.images == "folder":
        survey = inventory.survey
        listing = {
            "layout": survey.layout,
            "validation taken": str(survey.validation_taken),
            # The same folder passes or fails by it, so the outcome of one must not serve the other.
            "formats": "usual" if inventory.strict else "all",
            "warnings": _as_text(survey.warnings),
        }
        return {**inventory.contents, **used, **listing}
    return {}


def _as_text(value: Any) -> str:
    if hasattr(value, "model_dump_json"):
        return str(value.model_dump_json())
    return json.dumps(
        value, default=lambda item: item.model_dump() if hasattr(item, "model_dump") else str(item)
    )


def _fonts(spec: Spec, plan: Plan) -> Group:
    """The fonts by rank: of two that cover a word, the first one sets it."""
    labels = plan.inventory.classes if spec.fonts == "labels" else ()
    faces = plan.fonts if spec.fonts == "all" else plan.typefaces.serving(labels)
    return {f"{n}: {face.file.name}, face {face.index}": face.sha256 for n, face in enumerate(faces, 1)}


def _templates(templates: Templates) -> Group:
    # By content, page styles and scripts included: the HTML embeds them.
    return {name: _sha256(path) for name, path in templates.files.items()}


def _sha256(path: Path) -> str:
    # A file that went meanwhile is a change that find_changes() names, not an error.
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def named_versions() -> dict[str, str]:
    """The versions of this program, of Python, of the packages named in the results and of what prints."""
    installed = installed_versions()
    versions = {"reportgen": __version__, "python": python_version()}
    return versions | {name: installed.get(name, "unknown") for name in NAMED_PACKAGES} | printer_versions()


def digest_of(values: Mapping[str, object]) -> str:
    """SHA-256 over a mapping, whatever the order of its keys."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
