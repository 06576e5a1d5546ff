"""What settings and data determine of the results before these are computed: figure names, a specimen."""

from __future__ import annotations

from typing import Any

from reportgen.contract.schema import read_schema
from reportgen.contract.specimen import Known, make_specimen
from reportgen.dataset.inventory import Inventory
from reportgen.document.html import COMMON_TABLES
from reportgen.outline.kind import ReportKind
from reportgen.settings import Settings
from reportgen.split import SPLITS


def expect_names(kind: ReportKind, classes: int, *, annotated: bool) -> list[tuple[str, str]]:
    """Kind and name of every figure and table of the document, those that may not be made too."""
    figures = [name for section in kind.sections for name in section.figure_names(classes)]
    tables = [
        name
        for location in ("body", "appendix")
        for section in kind.sections
        for name in section.table_names(classes, location, annotated=annotated)
    ]
    return [*(("figure", name) for name in figures), *(("table", name) for name in (*tables, *COMMON_TABLES))]


def expect_results(settings: Settings, inventory: Inventory) -> Any:
    """A specimen of ``results.json``: its keys, kinds of values, and lengths as far as they are known."""
    kind = settings.kind
    known = Known(
        keys={"class": inventory.classes, "split": SPLITS},
        lengths={
            "/kind/sections": len(kind.sections),
            "/report/authors": len(settings.authors),
            "/dataset/classes": len(inventory.classes),
            "/dataset/images": len(inventory.images),
        },
        absent={
            *(() if inventory.survey.annotations else ("/dataset/annotations_sha256",)),
            *(() if settings.date else ("/report/date",)),
        },
    )
    for section in kind.sections:
        if (module := section.load("claims")) is not None and hasattr(module, "expect"):
            known = known.joined(module.expect(settings, inventory), section.name)
    return make_specimen(read_schema(kind), known)
