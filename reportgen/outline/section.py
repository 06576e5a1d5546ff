"""A section of a report: its inputs, its figures and tables, and the modules that implement it.

Every layer gets its knowledge of a section from here. A section is a package. ``SECTION`` in its module
``section`` holds the declarations, and these modules of the package hold the rest:

- ``result``: the result type, whose fields say meaning and unit,
- ``compute``: ``run(context) -> Artifacts``,
- ``settings``, if it has any of its own: ``FIELDS``, keys of report.toml, each with its type and default,
- ``figures``, if it has any: ``draw(data) -> Iterable[Figure]``,
- ``claims``: ``decide(numbers) -> Iterable[Claim]``, the sentences that the numbers must bear out; and
  ``expect(settings, inventory) -> Known``, what is known of the results beforehand,
- ``checks``: ``CHECKS``, what a rubric may name beside pointers; and ``read_outputs(report, label)``, if the
  outputs of the explained layer are among its arrays,
- ``rubric.toml``: the rows that grade it,
- ``comparison``: ``compare(pair) -> Iterable[Finding]``, if ``verify`` must weigh some values in their own
  way; and ``read_choices(numbers, attached)``, the settings that its results record,
- ``preflight``: ``find_problems(settings, inventory) -> Iterable[Problem]``, what is refused beforehand,
- ``page``: ``template_values(results) -> dict``, more names for its templates,
- ``summary``: ``describe(results)``, lines for a terminal, and ``TABLES``, its results as data frames.

Templates are ``sections/<name>.html.j2`` and, where there are any, ``sections/<name>.abstract.html.j2``,
``.findings.html.j2``, ``.appendix.html.j2``, ``.data.html.j2`` (sentences on data without warnings) and
``.provenance.html.j2``; those of a package elsewhere lie in its own folder ``templates``.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from reportgen.errors import UserError
from reportgen.outline.exhibits import Exhibit as Exhibit
from reportgen.outline.exhibits import list_names
from reportgen.split import Split

DRAWN = "drawn and counted in double precision"

DECODED = "decoders of JPEG may differ by one level in 255"

FLOAT32 = "sums of float32 products, in another order"

TRAINED = "rounding grows over hundreds of steps of training"

GATES = "where a ReLU's input is nearly zero, rounding opens or shuts it"

EDGE = "a box may end a pixel or two further where the gradient's energy is spread thinly"

MARGIN = 0.02
"""If the probabilities of two classes differ by no more than this, either may be the predicted one."""


@dataclass(frozen=True)
class Tolerance:
    """Numbers a, b count as equal if |a − b| ≤ ``atol`` + ``rtol`` · max(|a|, |b|)."""

    rtol: float = 0.0
    atol: float = 0.0

    def equal(self, a: float, b: float) -> bool:
        """Whether two numbers are so close that their difference is not reported."""
        # Equality first, for the difference of two infinities is NaN.
        return a == b or abs(a - b) <= self.atol + self.rtol * max(abs(a), abs(b))


@dataclass(frozen=True)
class Rule:
    """The tolerance below the pointers that fit ``pattern``, whose steps are shell patterns.

    In a section's list the pattern begins below the section. ``of_scale``: the relative part is taken of the
    largest number of the array or of the layer, and not of the number itself, which may be zero by
    cancellation.
    """

    pattern: str
    tolerance: Tolerance
    reason: str
    of_scale: bool = False


Inputs = Literal["settings", "folder", "examples", "used", "weights", "annotated", "results"]
"""The inputs of a function: the settings; the names of all files; the example images; all images in use; the
file of the weights; the example images and the annotations; or nothing but what is in the results.
"""


@dataclass(frozen=True)
class Reads:
    """The inputs of the computation; it can read nothing else, and is repeated when one of these changes.

    ``settings``: dotted names; ``images``: those in use, the example image of each class, or both;
    ``annotations``: the boxes that came with them; ``weights``: VGG19; ``stages``: what is computed once for
    all sections, ``features`` of the images in use or ``activations`` of the example images; ``sections``:
    those whose outcome is read, which must come before this one in the report.
    """

    settings: tuple[str, ...] = ()
    images: Literal["", "used", "examples", "both"] = ""
    annotations: bool = False
    weights: bool = False
    stages: tuple[Literal["features", "activations"], ...] = ()
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """The function that computes the values below a pointer; in ``pattern``, which begins below the section,
    a star stands for one step of any name.

    ``function`` is a dotted name, one that begins with a dot lies in the section's package; ``weights``: the
    network is run.
    """

    pattern: str
    function: str
    inputs: Inputs
    weights: bool = False


@dataclass(frozen=True)
class Reference:
    """A publication as the list of references has it; ``where`` is the journal or conference."""

    authors: str
    year: int
    title: str
    where: str
    volume: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence of the report that the numbers bear out, or do not.

    ``finding``: it is what these data say, and its contrary would be no fault. Otherwise a report of which
    it is not true has gone wrong. ``weight``: how important a finding is, 0 to 1, whether it is true or not;
    those of 0 are not among the findings that the report begins with. It is how far the number is from what
    chance gives or a reader takes for granted, as a part of the farthest that it could be; of counts, that of
    the nearer end of the 95 % interval (``weigh_share`` and ``weigh_sample`` in
    ``reportgen.results.inference``).
    """

    name: str
    claim: str
    passed: bool
    finding: bool = False
    weight: float = 0.0


@dataclass(frozen=True)
class Headline:
    """The one number of a section that a terminal or a list of groups shows: a share, as two counts.

    ``title`` is for people, ``column`` for a table of groups.
    """

    title: str
    count: str
    total: str
    column: str


@dataclass(frozen=True)
class Classification:
    """Where a section's results say what a network took images for; pointers in it begin below the section.

    ``confusion`` leads to the confusion matrices by split, or, with a ``split``, to the one of that split.
    ``misclassified`` leads to the list of misclassified test images (``file``, ``true``, ``predicted``), if
    there is one. ``network`` names the network beside those of other sections; ``named``: alone, too, because
    it is one of several of its own section.
    """

    confusion: str
    network: str
    split: Split | None = None
    misclassified: str = ""
    named: bool = False


_TAKEN = frozenset(
    {
        *("schema_version", "kind", "report", "provenance", "dataset", "checks"),  # keys of the results
        *("weights", "features", "activations", "results", "html", "pdf"),  # stages
        *("introduction", "observations"),  # slots of the commentary
        # other ids on the page
        *("content", "lists", "findings", "references", "appendix", "sources", "data", "images"),
        *("array", "at", "copy", "dict", "document", "folder", "has", "json", "name", "table", "tables"),
    }
)
"""Reserved names that no section may have; the last are methods of results."""

_TAKEN_BEGINNINGS = ("figures_", "model_", "report_")


class SectionError(UserError):
    """A section is not what a section must be; ``problem`` names the section, what is wrong and where."""

    exit_code = 1

    def __init__(self, problem: str) -> None:
        super().__init__(problem, "Correct the section; docs/sections.md says what it must have.")


@dataclass(frozen=True)
class Section:
    """One part of the assignment. Pointers in it begin below the section.

    ``name`` is its key in the results, the commentary and the templates; ``title`` is its entry in the
    contents; ``package`` is the dotted name of its package, ``result`` the class in its module ``result``,
    ``meaning`` what the schema says of it. ``figures`` and ``tables`` are in the order of the document;
    ``figure_images``: its figures are drawn from the example images, too. ``tolerances`` are those of
    ``verify``, the first that fits counts; ``compared`` are the pointers that the module ``comparison``
    compares, ``derived`` those that follow from other numbers of the section. ``recorded_settings``: settings
    by dotted name, and where the results have them; more is said in ``comparison``. ``recomputation``: a
    sentence on how ``verify`` arrives at the section's numbers, printed with its verdict. ``files`` are
    further files of the outcome that go into the build folder. ``phrase`` continues "One image of each class
    was put through …", ``topic`` "Report on …:".
    """

    name: str
    title: str
    package: str
    result: str
    meaning: str
    reads: Reads
    figures: tuple[Exhibit, ...] = ()
    tables: tuple[Exhibit, ...] = ()
    figure_images: bool = False
    origins: tuple[Origin, ...] = ()
    tolerances: tuple[Rule, ...] = ()
    compared: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    recorded_settings: tuple[tuple[str, str], ...] = ()
    recomputation: str = ""
    files: tuple[str, ...] = ()
    headline: Headline | None = None
    classification: Classification | None = None
    phrase: str = ""
    topic: str = ""
    version: str = field(default="1.0", kw_only=True)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise SectionError(f"section '{self.name}': a name is small letters, digits and _ only.")
        # Its name becomes a key, a stage, an id and an attribute: it may be none of those that are there.
        if self.name in _TAKEN or self.name.startswith(_TAKEN_BEGINNINGS):
            raise SectionError(f"section '{self.name}': this name means something else in every report.")

    @property
    def exhibits(self) -> tuple[Exhibit, ...]:
        """All its figures and tables."""
        return (*self.figures, *self.tables)

    def module_name(self, name: str) -> str:
        """The dotted name of one of its modules."""
        return f"{self.package}.{name}"

    def has_module(self, name: str) -> bool:
        """Whether the package has this module."""
        # Found by its file: to import it could take seconds, or fail.
        return (self.folder / f"{name}.py").is_file()

    def load(self, name: str) -> ModuleType | None:
        """One of its modules, None if the package does not have it."""
        if not self.has_module(name):
            return None
        with self.attributing_errors():
            return importlib.import_module(self.module_name(name))

    @contextmanager
    def attributing_errors(self) -> Iterator[None]:
        """Report a fault of a section from another package as its author's, not as one of reportgen's.

        Raises ``SectionError`` instead of what the section raises; a ``UserError`` says enough itself.
        """
        try:
            yield
        # Its own words name the file and the remedy.
        except UserError:
            raise
        except Exception as error:
            # A fault in one of reportgen's own sections is ours, and is to be reported with its trace.
            if self.package.partition(".")[0] == __name__.partition(".")[0]:
                raise
            raise SectionError(f"section '{self.name}': {self._locate(error)}") from error

    def _locate(self, error: Exception) -> str:
        """The error with its file and line."""
        calls = traceback.extract_tb(error.__traceback__)
        # The innermost of the section's own lines, which its author can correct, not that of a library below.
        own = [call for call in calls if Path(call.filename).is_relative_to(self.folder)]
        last = (own or calls)[-1]
        return f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})."

    def require(self, name: str, attribute: str) -> Any:
        """An attribute that a module of the package must have. Raises ``SectionError`` if it does not."""
        module = self.load(name)
        if module is None:
            raise SectionError(f"section '{self.name}': {self.folder} has no {name}.py, which it must have.")
        try:
            return getattr(module, attribute)
        except AttributeError:
            raise SectionError(
                f"section '{self.name}': {self.module_name(name)} has no '{attribute}', which it must have."
            ) from None

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The keys of report.toml that it brings along, each with its type and its default."""
        return dict(self.require("settings", "FIELDS")) if self.has_module("settings") else {}

    @property
    def result_type(self) -> type[Any]:
        """The result type."""
        found: type[Any] = self.require("result", self.result)
        return found

    # Works though the class is frozen: cached_property writes past __setattr__.
    @cached_property
    def folder(self) -> Path:
        """Where the package lies. Raises ``SectionError`` if there is none."""
        try:
            spec = importlib.util.find_spec(self.package)
        # find_spec imports the packages above, and raises if one is missing.
        except ImportError:
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise SectionError(f"section '{self.name}': there is no package '{self.package}'.")
        return Path(next(iter(spec.submodule_search_locations)))

    @property
    def templates(self) -> Path | None:
        """The folder of its own templates, None if they lie with those of the report."""
        folder = self.folder / "templates"
        return folder if folder.is_dir() else None

    def find_figure(self, name: str) -> Exhibit:
        """The declaration of the figure of that name. Raises ``SectionError`` if nothing is."""
        found = next((figure for figure in self.figures if figure.matches(name)), None)
        if found is None:
            known = ", ".join(figure.name for figure in self.figures)
            raise SectionError(
                f"section '{self.name}': its figures.py draws '{name}', which its section.py does not "
                f"declare; declared are {known or 'none'}."
            )
        return found

    def figure_names(self, classes: int, *, always: bool = False) -> list[str]:
        """The names of all figures with a number, those that may be missing among them unless ``always``."""
        numbered = [figure for figure in self.figures if figure.location != "cell"]
        return list_names([figure for figure in numbered if not (always and figure.if_any)], classes)

    def list_figures(self, numbers: object, classes: int) -> list[str]:
        """The names of the figures that there are with these numbers: those that ``list_figures`` of the
        section's module ``claims`` names, else all that are declared and may not be missing.
        """
        module = self.load("claims")
        if module is None or not hasattr(module, "list_figures"):
            return self.figure_names(classes, always=True)
        with self.attributing_errors():
            return list(module.list_figures(numbers))

    def table_names(self, classes: int, location: str, *, annotated: bool) -> list[str]:
        """The names of the tables that are printed in the body or in the appendix (``location``)."""
        return list_names(
            [t for t in self.tables if t.location == location and (annotated or not t.if_annotated)], classes
        )
