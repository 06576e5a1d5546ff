"""What differs, and by how much a number may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from reportgen.diff.values import is_number
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import DRAWN, Rule, Tolerance
from reportgen.pointer import split_pointer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.document.comparison_pages import Sheets
    from reportgen.engine.stages.context import Artifacts
    from reportgen.grading.score import Grades


Subject = Literal["attachment", "settings", "images", "numbers", "arrays", "text", "pages", "page", "figures"]
"""The subject of a row: ``pages`` are those of the PDF, ``page`` is report.html."""

Status = Literal["confirmed", "differs", "not recomputable"]


@dataclass(frozen=True)
class Finding:
    """The result of one check. ``pointer`` is the location of a number in ``results.json``, or names a
    file, a page or a setting; ``submitted`` and ``recomputed`` are JSON values, None where there is none.
    """

    subject: Subject
    pointer: str
    status: Status
    submitted: Any = None
    recomputed: Any = None
    reason: str = ""

    @property
    def section(self) -> str:
        """The part of ``results.json`` that a number or an array is in, "" of anything else."""
        # Other subjects have files, pages and settings, which are no pointers.
        if self.subject not in ("numbers", "arrays") or not self.pointer.startswith("/"):
            return ""
        return split_pointer(self.pointer)[0]


Findings = Iterator[Finding]

NO_CONSEQUENCE = "does not follow from the report's own numbers"
"""The reason of a row for a value that others of the same document contradict."""


@dataclass(frozen=True)
class Rebuild:
    """A report as it was recomputed: the document that was handed in, the sections of it that were
    recomputed, with their arrays, and why others were not, by name; and its HTML, "" if there is none.
    """

    submitted: Mapping[str, Any]
    recomputed: Mapping[str, Any]
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]
    missing: Mapping[str, str]
    html: str


@dataclass(frozen=True)
class Verification:
    """Everything confirmed, different or not recomputable in the report ``submission`` on the images
    in ``data``. ``notes`` are not faults; ``grades`` are the points, if a rubric was given; ``rebuild`` is
    what it was compared with, ``sheets`` are pictures of pages that differ, if they were asked for.
    """

    submission: str
    data: str
    rows: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    grades: Grades | None = None
    # Not compared, for two arrays have no single truth value, and not printed, for they have megabytes.
    rebuild: Rebuild | None = field(default=None, repr=False, compare=False)
    sheets: Sheets | None = field(default=None, repr=False, compare=False)

    @property
    def confirmed(self) -> bool:
        """Whether nothing differs."""
        return not self.of("differs")

    @property
    def complete(self) -> bool:
        """Whether everything could be recomputed."""
        return not self.of("not recomputable")

    def of(self, status: Status) -> list[Finding]:
        """The rows with that status."""
        return [row for row in self.rows if row.status == status]


def judge(
    subject: Subject, pointer: str, agrees: bool, submitted: Any, recomputed: Any, reason: str = ""
) -> Finding:
    """A row that is confirmed if the two values agree; ``reason`` says why they do or do not."""
    status: Status = "confirmed" if agrees else "differs"
    return Finding(subject, pointer, status, submitted, recomputed, reason)


@dataclass(frozen=True)
class Pair:
    """The input of a section's module ``comparison``.

    ``submitted`` and ``recomputed`` are the section's parts of the two documents, ``arrays`` its recomputed
    arrays; ``dataset`` describes the images, and ``stages`` are the outcomes of the shared stages that the
    section reads, and ``upstream`` the recomputed arrays of the sections that it reads, by name. Pointers of
    ``tolerances`` begin at the root of the document.
    """

    submitted: Mapping[str, Any]
    recomputed: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    dataset: Mapping[str, Any]
    tolerances: Tolerances
    stages: Mapping[str, Artifacts] = field(default_factory=dict)
    upstream: Mapping[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)


_FRACTION = Rule("", Tolerance(1e-6), DRAWN)

_EXACT = Rule("", Tolerance(), "counts, shapes, names and hashes are equal everywhere")

_SUMMARY = ("min", "max", "mean", "norm")


@dataclass(frozen=True)
class Tolerances:
    """The rules of a report, for pointers from its root; the first that fits counts."""

    rules: tuple[Rule, ...]
    _by_first: dict[str, list[tuple[list[str], Rule]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, kind: ReportKind) -> Tolerances:
        """The rules of all sections of a kind of report."""
        return cls(
            tuple(
                replace(rule, pattern=f"/{section.name}{rule.pattern}")
                for section in kind.sections
                for rule in section.tolerances
            )
        )

    def find(self, pointer: str, value: Any) -> Rule:
        """The rule for the number ``value`` at a pointer."""
        steps = split_pointer(pointer)
        described = steps[1:2] == ["arrays"] and len(steps) > 3
        # Shape and type, which no rounding changes.
        if described and steps[3] not in _SUMMARY:
            return _EXACT
        for pattern, rule in self._beginning_with(steps[0] if steps else ""):
            # A rule holds for all that lies below its pattern.
            fits = len(pattern) <= len(steps)
            # Not fnmatch(), which on some systems ignores capitals: two classes may differ by these alone.
            if fits and all(fnmatchcase(step, each) for each, step in zip(pattern, steps, strict=False)):
                return rule
        # 1.0 is a number that was computed, 1 is one that was counted: JSON keeps them apart.
        return _FRACTION if isinstance(value, float) else _EXACT

    def _beginning_with(self, step: str) -> list[tuple[list[str], Rule]]:
        """The rules whose first step fits, each with the steps of its pattern: numbers are asked for by the
        thousand.
        """
        if step not in self._by_first:
            split = ((split_pointer(rule.pattern), rule) for rule in self.rules)
            self._by_first[step] = [
                (pattern, rule) for pattern, rule in split if not pattern or fnmatchcase(step, pattern[0])
            ]
        return self._by_first[step]

    def agree(self, pointer: str, submitted: Any, recomputed: Any, scale: float = 0.0) -> bool:
        """Whether two JSON values at a pointer are equal within the tolerance of its rule."""
        if not is_number(submitted) or not is_number(recomputed):
            # To Python True equals 1.
            return type(submitted) is type(recomputed) and bool(submitted == recomputed)
        return within(self.find(pointer, recomputed), submitted, recomputed, scale)

    def explain(self, pointer: str, recomputed: Any) -> str:
        """Why a difference is one: the tolerance, and where it comes from."""
        if not is_number(recomputed):
            return ""
        rule = self.find(pointer, recomputed)
        if not (rule.tolerance.rtol or rule.tolerance.atol):
            return ""
        parts = [f"{rule.tolerance.rtol:g} of the {'scale' if rule.of_scale else 'number'}"] * bool(
            rule.tolerance.rtol
        )
        parts += [f"{rule.tolerance.atol:g}"] * bool(rule.tolerance.atol)
        return f"allowed: {' + '.join(parts)} ({rule.reason})"


def within(rule: Rule, submitted: float, recomputed: float, scale: float = 0.0) -> bool:
    """Whether two numbers are equal by a rule; ``scale`` is the largest number of their array or layer."""
    if rule.of_scale and scale:
        allowed = rule.tolerance.atol + rule.tolerance.rtol * scale
        return abs(submitted - recomputed) <= allowed
    return rule.tolerance.equal(submitted, recomputed)


def scale_of(summary: Mapping[str, Any]) -> float:
    """The largest size of a number in the array that a summary describes."""
    return float(max(abs(summary["min"]), abs(summary["max"])))
