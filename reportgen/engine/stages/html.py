"""Renders the HTML document."""

from __future__ import annotations

import json

from reportgen.contract.schema import read_results
from reportgen.document.html import Content, embedded_files, render_html
from reportgen.engine.stages.context import HTML_FILE, RESULTS_FILE, Artifacts, StageContext
from reportgen.engine.stages.outcomes import read_figures

FIGURES, NOTES = "figures/", "notes"
NUMBERS = "figure_numbers.json"


def run(context: StageContext) -> Artifacts:
    """Render the document; every figure is there too as a file of its own, under ``figures/``."""
    drawn = {
        stage: read_figures(context.artifacts(stage))
        for stage in context.stage.spec.after
        if stage != "results"
    }
    album = {name: figure for figures in drawn.values() for name, figure in figures.items()}
    with context.progress.stage("Writing the document"):
        commentary = context.setting("commentary").model_dump()
        results = read_results(context.artifacts("results")[RESULTS_FILE], context.kind)
        content = Content(context.kind, results, album, commentary, context.setting("print"))
        # Formulas are kept as items: matplotlib takes some 30 ms for each, and they rarely change.
        document = render_html(content, context.templates, context.items.obtain, context.typefaces)
    numbers = {
        section: [number for name in figures if (number := document.numbers.get(("figure", name)))]
        for section, figures in drawn.items()
    }
    return {
        HTML_FILE: document.html.encode(),
        NOTES: json.dumps(_notes([font.name for font in results.provenance.fonts])).encode(),
        NUMBERS: json.dumps(numbers).encode(),
        **{FIGURES + name: data for name, data in embedded_files(album, document.numbers).items()},
    }


def _notes(fonts: list[str]) -> list[str]:
    if not fonts:
        return []
    return [f"What the report's own fonts lack is set in {', '.join(fonts)}; the report carries a copy."]
