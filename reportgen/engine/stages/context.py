"""The context of a stage: only what its plan declares, so that its key covers everything it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.dataset.inventory import Inventory
    from reportgen.engine.plan import Plan, Stage
    from reportgen.models.backbone import Backbone
    from reportgen.networks import NetworkChoice
    from reportgen.outline.kind import ReportKind
    from reportgen.outline.section import Section
    from reportgen.progress import Progress
    from reportgen.results import ImageFile
    from reportgen.store.cache import Items
    from reportgen.templates import Templates
    from reportgen.typefaces.face import Face, Typefaces
    from reportgen.weights import WeightsFile


Artifacts = Mapping[str, bytes]
"""The output of a stage: named byte strings, such as ``numbers.json`` and ``arrays.npz``."""


def choose_layers(stage: str, layers: Sequence[str]) -> Sequence[str]:
    """The layers of which a stage keeps something for each image; "" is the one that the architecture has.

    Of ``features`` it is the first, whose peaks are noted.
    """
    named = layers or ("",)
    return named[:1] if stage == "features" else named


def name_item(sha256: str, layer: str) -> str:
    """The name in the cache of what is kept of an image, by its content and the layer.

    The usual layer has no name here, so that its outputs stay known.
    """
    return f"{sha256} {layer}".rstrip()


@dataclass(frozen=True)
class StageContext:
    """The inputs of one run of a stage. Asking for one that the stage does not declare is a ``KeyError``.

    ``items`` keeps what the stage computes from single images; ``progress`` reports what takes long.
    """

    stage: Stage
    plan: Plan
    items: Items
    progress: Progress
    upstream: Callable[[str], Artifacts]
    backbone: Callable[[], Backbone]

    def setting(self, name: str) -> Any:
        """A setting by its dotted name."""
        self._require(name in self.stage.spec.settings, name)
        return self.plan.settings.value(name)

    def artifacts(self, name: str) -> Artifacts:
        """The outcome of another stage."""
        self._require(name in self.stage.spec.after, name)
        return self.upstream(name)

    def network(self) -> Backbone:
        """The network with its weights, loaded when first asked for."""
        self._require(self.stage.spec.weights, "weights")
        return self.backbone()

    @property
    def kind(self) -> ReportKind:
        """The outline of the report."""
        self._require(self.stage.spec.kind, "the kind of report")
        return self.plan.kind

    @property
    def section(self) -> Section:
        """The section whose figures or numbers are made."""
        self._require(bool(self.stage.spec.section), "a section")
        return self.plan.kind.section(self.stage.spec.section)

    @property
    def network_choice(self) -> NetworkChoice:
        """Which network it is."""
        self._require(self.stage.spec.weights, "weights")
        return self.plan.settings.network

    @property
    def weights(self) -> WeightsFile:
        """The file of the weights."""
        self._require(self.stage.spec.weights, "weights")
        return self.plan.weights

    @property
    def inventory(self) -> Inventory:
        """The whole data folder."""
        self._require(self.stage.spec.images == "folder", "the data folder")
        return self.plan.inventory

    @property
    def images(self) -> tuple[ImageFile, ...]:
        """The images in use, sorted by split, class and file."""
        self._require(self.stage.spec.images in ("used", "both"), "the images")
        return self.plan.inventory.images

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, sorted."""
        self._require(self.stage.spec.images in ("used", "examples", "both"), "the classes")
        return self.plan.inventory.classes

    @property
    def examples(self) -> Mapping[str, ImageFile]:
        """The example image of each class, in the order of the classes."""
        self._require(self.stage.spec.images in ("examples", "both"), "the example images")
        return self.plan.examples

    @property
    def annotations(self) -> Path | None:
        """The file of annotations, if there is one; its content is in the stage's key."""
        self._require(self.stage.spec.annotations, "the annotations")
        return self.plan.inventory.survey.annotations

    @property
    def templates(self) -> Templates:
        """The templates of the report."""
        self._require(self.stage.spec.templates, "the templates")
        return self.plan.templates

    @property
    def typefaces(self) -> Typefaces:
        """The fonts that set the words of the report."""
        self._require(bool(self.stage.spec.fonts), "the fonts")
        return self.plan.typefaces

    @property
    def fonts(self) -> tuple[Face, ...]:
        """The faces of the settings and of the machine that set a word of the report."""
        self._require(self.stage.spec.fonts == "all", "all fonts")
        return self.plan.fonts

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions for the results."""
        # A KeyError, too, if it is not declared; so below.
        return self.stage.inputs["versions"]

    @property
    def processor(self) -> str:
        """The processor for the results."""
        return self.stage.inputs["processor"]["processor"]

    def path(self, image: ImageFile) -> Path:
        """Where an image's file is."""
        # No declaration is asked for: whoever has an image has declared that.
        return self.plan.inventory.path(image.file)

    def _require(self, declared: bool, what: str) -> None:
        if not declared:
            # Not a UserError: it is a mistake in the stage's declaration, which no user can put right.
            raise KeyError(f"the stage {self.stage.name} does not declare that it reads {what}")


# Here, the lowest module that all stages see: whoever writes a file and whoever publishes it need one name.
RESULTS_FILE, HTML_FILE, PDF_FILE = "results.json", "report.html", "report.pdf"
