"""The whole type of ``results.json``: what every report has, and the sections of its kind."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import create_model

from reportgen.outline.kind import OutlineError, ReportKind, find_kind, find_section
from reportgen.outline.section import Section
from reportgen.results import Results
from reportgen.results.base import means
from reportgen.results.document import BEFORE_KINDS, Checks

R = TypeVar("R", bound=Results)


def results_type(kind: ReportKind, base: type[R]) -> type[R]:
    """The type of the results of a kind of report: ``base``, a field for each section, then the checks."""
    return _make_type(kind, base)


@cache
def _make_type(kind: ReportKind, base: type[Any]) -> type[Any]:
    fields: dict[str, Any] = {
        section.name: (Annotated[section.result_type, means(section.meaning)], ...)
        for section in kind.sections
    }
    made: type[Any] = create_model(
        base.__name__, __base__=base, __module__=base.__module__, **fields, checks=(Checks, ...)
    )
    return made


def read_results(text: str | bytes, kind: ReportKind) -> Results:
    """The results that this program wrote as JSON, of a report of this kind."""
    return results_type(kind, Results).model_validate_json(text)


def find_document_kind(document: Any, expected: ReportKind | None = None) -> ReportKind:
    """The kind of report that a parsed ``results.json`` says it is, with its sections that are known.

    Known are the sections of ``expected``, or without it those installed here; a document never names a
    module to be imported. What it has beside them is passed over, as it would be by an older reader.
    """
    said = document.get("kind") if isinstance(document, dict) else None
    said = said if isinstance(said, dict) else BEFORE_KINDS.model_dump()
    names = said.get("sections")
    names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    kind = expected or _installed_kind(said.get("name"))
    own = {section.name: section for section in kind.sections}
    found = [own.get(name) or (None if expected else _installed(name)) for name in dict.fromkeys(names)]
    return ReportKind(kind.name, kind.version, tuple(section for section in found if section))


def _installed_kind(name: Any) -> ReportKind:
    if not isinstance(name, str) or ":" in name:
        return find_kind()
    try:
        return find_kind(name)
    except OutlineError:
        return find_kind()


def _installed(name: str) -> Section | None:
    try:
        return None if ":" in name else find_section(name)
    except OutlineError:
        return None
