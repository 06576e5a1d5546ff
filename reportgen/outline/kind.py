"""A kind of report: an ordered list of sections with a name and a version."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from reportgen.errors import UserError
from reportgen.outline.declaration import is_own, require_sound
from reportgen.outline.section import Claim, Headline, Reference, Section
from reportgen.split import Split
from reportgen.text import as_sentence, did_you_mean

DEFAULT = "assignment"

BEFORE, AFTER = "introduction", "observations"
"""The slots for the author's commentary before and after all sections."""

_SECTIONS, _KINDS = "reportgen.sections", "reportgen.reports"
"""The groups of entry points by which other packages add theirs."""

_OWN = {
    DEFAULT: "reportgen.sections.assignment:REPORT",
    "architectures": "reportgen.sections.second_assignment:REPORT",
}

_OWN_PACKAGE = "reportgen.sections"


class OutlineError(UserError):
    """A report or a section of that name cannot be had."""


@dataclass(frozen=True)
class Outline:
    """The outline of a report by names: its kind, and those of its sections that it shall have (None:
    all), as ``report`` and ``sections`` of report.toml say it.
    """

    report: str = DEFAULT
    sections: tuple[str, ...] | None = None

    @property
    def kind(self) -> ReportKind:
        """The kind and sections that it names. Raises ``OutlineError`` if one is not installed."""
        return find_kind(self.report, self.sections)

    @property
    def table(self) -> dict[str, Any]:
        """The outline as keys of report.toml; keys with their defaults are left out."""
        table: dict[str, Any] = {} if self.report == DEFAULT else {"report": self.report}
        return table | ({} if self.sections is None else {"sections": list(self.sections)})


@dataclass(frozen=True)
class ReportKind:
    """The outline of a report: its sections in the order of the document.

    ``defaults``: settings by dotted name that are others than usual in this kind of report, where the user
    says nothing. ``examples``: the split whose first image of each class is explained, unless the user
    chooses another. Raises ``OutlineError`` if a section is there twice, two have a figure or table of one
    name, or one reads a section that does not come before it; ``SectionError`` for a section of another
    package whose declarations have values that stand for nothing.
    """

    name: str
    version: str
    sections: tuple[Section, ...]
    defaults: tuple[tuple[str, Any], ...] = ()
    # No layer was trained on a test image.
    examples: Split = "test"

    def __post_init__(self) -> None:
        # Here and not where sections are looked up: whoever puts a kind together in Python gets the error,
        # too.
        for section in self.sections:
            if not is_own(section):
                require_sound(section)
        for one, other in combinations(self.sections, 2):
            if one.name == other.name:
                raise OutlineError(f"the section '{one.name}' is named twice.", "Name it once.")
            # Files, links and numbers of figures go by the name alone, without the section.
            if both := {exhibit.name for exhibit in one.exhibits} & {
                exhibit.name for exhibit in other.exhibits
            }:
                raise OutlineError(
                    f"the sections '{one.name}' and '{other.name}' both have '{min(both)}'.",
                    "Figures and tables of a report have names of their own: rename one of them.",
                )

        for index, section in enumerate(self.sections):
            before = {each.name for each in self.sections[:index]}
            if missing := [name for name in section.reads.sections if name not in before]:
                named = " and ".join(f"'{name}'" for name in missing)
                raise OutlineError(
                    f"the section '{section.name}' is computed from {named}, "
                    f"which {'is' if len(missing) == 1 else 'are'} not before it.",
                    f"Name {named} before '{section.name}' in sections.",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The sections' names."""
        return tuple(section.name for section in self.sections)

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The keys of report.toml that its sections bring along, each with its type and its default."""
        return {name: field for section in self.sections for name, field in section.fields.items()}

    def complete(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """A table of settings with the defaults of this kind of report where it says nothing.

        A value that should be a table and is none is left for the check of the settings.
        """
        completed = dict(table)
        for name, value in self.defaults:
            above, _, key = name.rpartition(".")
            inner = completed.get(above, {}) if above else completed
            if not isinstance(inner, Mapping):
                continue
            if above:
                # What the user wrote comes last and wins.
                completed[above] = {key: value, **inner}
            else:
                completed.setdefault(key, value)
        return completed

    @property
    def headline(self) -> tuple[Section, Headline] | None:
        """The first section with a headline, and that."""
        return next(((each, each.headline) for each in self.sections if each.headline is not None), None)

    @property
    def uses_weights(self) -> bool:
        """Whether a section runs VGG19."""
        return any(section.reads.weights for section in self.sections)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots for the author's own words, in the order of the document."""
        return (BEFORE, *self.names, AFTER)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections)

    def section(self, name: str) -> Section:
        """A section by its name. Raises ``KeyError`` if there is none."""
        return {each.name: each for each in self.sections}[name]

    def decide_claims(self, numbers: Mapping[str, Any]) -> list[Claim]:
        """Decide the claims of the sections whose ``numbers``, result objects by name, are given.

        A claim that several sections make is one, at the position of the last, and holds if all of them
        confirm it.
        """
        return [claim for _, claim in self._decide(numbers)]

    def rank_findings(self, numbers: Mapping[str, Any]) -> list[tuple[Section, Claim]]:
        """The findings among these claims that have a weight, the weightiest first, each with its section.

        Of equal weights the earlier section comes first.
        """
        found = [(section, claim) for section, claim in self._decide(numbers) if claim.finding]
        # Sorting is stable: of equal weights the earlier section stays first.
        return sorted((each for each in found if each[1].weight > 0), key=lambda each: -each[1].weight)

    def _decide(self, numbers: Mapping[str, Any]) -> list[tuple[Section, Claim]]:
        claims: dict[str, tuple[Section, Claim]] = {}
        for section in self.sections:
            module = section.load("claims") if section.name in numbers else None
            if module is None or not hasattr(module, "decide"):
                continue
            with section.attributing_errors():
                decided = list(module.decide(numbers[section.name]))
            for claim in decided:
                # Taken out and put back, so that the claim moves to the position of the last section that
                # makes it.
                _, earlier = claims.pop(claim.name, (section, claim))
                claims[claim.name] = section, replace(claim, passed=claim.passed and earlier.passed)
        return list(claims.values())

    def list_references(self, *more: Reference) -> list[Reference]:
        """The references of the sections, and ``more``, each once, by authors and year."""
        named = {*more, *(reference for section in self.sections for reference in section.references)}
        # As lists of references are ordered; the title, so that equal authors and years stay in order.
        return sorted(named, key=lambda reference: (reference.authors, reference.year, reference.title))

    def choose(self, names: Sequence[str]) -> ReportKind:
        """The kind with these sections, in this order; sections that are not its own are looked up by name.

        Raises ``OutlineError`` for a name that leads to no section.
        """
        own = {section.name: section for section in self.sections}
        # The kind's own first: two packages may have a section of one name.
        found = tuple(own[name] if name in own else find_section(name) for name in names)
        return replace(self, sections=found)


@cache
def find_kind(name: str = DEFAULT, sections: tuple[str, ...] | None = None) -> ReportKind:
    """The report of that name: one that comes with reportgen, an entry point of the group
    ``reportgen.reports``, or ``package.module:REPORT``; with these ``sections`` instead of all of its own.

    Raises ``OutlineError`` naming what cannot be found and what there is.
    """
    kind: ReportKind = _find(name, _OWN, _KINDS, "report", ReportKind)
    return kind if sections is None else kind.choose(sections)


@cache
def find_section(name: str) -> Section:
    """The section of that name: one that comes with reportgen, an entry point of the group
    ``reportgen.sections``, or ``package.module:SECTION``.

    Raises ``OutlineError`` naming what cannot be found and what there is.
    """
    own = {each: f"{_OWN_PACKAGE}.{each}.section:SECTION" for each in _own_sections()}
    found: Section = _find(name, own, _SECTIONS, "section", Section)
    return found


def own_sections(*names: str) -> tuple[Section, ...]:
    """The sections that come with reportgen by the names of their folders, as its reports list them."""
    # By name and not by import: so one more section is one line of a report, and no line of the contracts.
    modules = (importlib.import_module(f"{_OWN_PACKAGE}.{name}.section") for name in names)
    return tuple(module.SECTION for module in modules)


@cache
def _own_sections() -> tuple[str, ...]:
    """The sections that come with reportgen: those of its reports, in their order, and then the others."""
    (above,) = importlib.import_module(_OWN_PACKAGE).__path__
    there = {file.parent.name for file in Path(above).glob("*/section.py")}
    named = dict.fromkeys(name for report in _OWN for name in find_kind(report).names)
    return (*(name for name in named if name in there), *sorted(there - named.keys()))


def list_sections() -> list[Section]:
    """The sections that are installed here: those that come with reportgen, and entry points.

    A section of another package that cannot be loaded is left out, which is said once: this is asked for
    reports that have nothing to do with it. A report that names it raises the error.
    """
    # An entry point with the name of an own section is that one: find_section() looks there first.
    names = [*_own_sections(), *_read_entry_points(_SECTIONS)]
    found = []
    for name in dict.fromkeys(names):
        try:
            found.append(find_section(name))
        except OutlineError as error:
            _say_once(f"reportgen: {error.problem} It is left out.")
    return found


@cache
def _say_once(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _read_entry_points(group: str) -> Mapping[str, str]:
    """What the installed packages have of a group, by name: where it is found."""
    return _search_entry_points(group, tuple((folder, _changed(folder)) for folder in sys.path))


# Every package is looked at, which takes some 40 ms, and a submission that is read asks several times. A
# package that is installed meanwhile, as from a notebook, changes the time of the folder that it comes into.
@lru_cache(maxsize=8)
def _search_entry_points(group: str, _folders: tuple[tuple[str, int], ...]) -> Mapping[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=group)}


def _changed(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    # An archive that was moved, or what only a hook of the import knows.
    except OSError:
        return 0


def _find(name: str, own: dict[str, str], group: str, what: str, kind: type[Any]) -> Any:
    # The own ones first: no entry point of another package replaces them.
    target = own.get(name) or (name if ":" in name else None)
    if target is None:
        # Only for what is not our own, for it searches every installed package.
        points = _read_entry_points(group)
        target = points.get(name)
        if target is None:
            raise OutlineError(*_say_unknown(name, what, [*own, *points]))
    try:
        module, _, attribute = target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
    except UserError as error:  # of a declaration, and says enough itself
        if name in own:
            raise
        raise OutlineError(f"the {what} '{name}' cannot be loaded: {error.problem}", error.remedy) from error
    except Exception as error:  # whatever the code of another package does when it is imported
        # A fault of ours is to be seen as one, with its trace.
        if name in own:
            raise
        raise OutlineError(
            f"the {what} '{name}' cannot be loaded: {type(error).__name__}: {error}.",
            f"Install the package, or correct '{target}'."
            if isinstance(error, ImportError)
            else f"Correct '{target}'.",
        ) from error
    if not isinstance(found, kind):
        raise OutlineError(
            f"the {what} '{name}' cannot be loaded: {target} is a {type(found).__name__}, "
            f"not a {kind.__name__}.",
            "Name what it is defined as.",
        )
    return found


def _say_unknown(name: str, what: str, known: Sequence[str]) -> tuple[str, str]:
    hint = as_sentence(did_you_mean(name, known))
    return (
        f"there is no {what} '{name}'.",
        f"{hint} There {'is' if len(known) == 1 else 'are'} {', '.join(known)}; one of a package of your own "
        f"is named as 'package.module:{what.upper()}'.".lstrip(),
    )
