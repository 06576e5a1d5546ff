"""The document."""

from __future__ import annotations

import json

from reportgen.contract.document import read_results
from reportgen.document.html import Content, embedded_files, render_html
from reportgen.engine.stages.files import HTML_FILE, RESULTS_FILE
from reportgen.engine.stages.given import Bundle, Given
from reportgen.engine.stages.pictures import read_figures

FIGURES, NOTES = "figures/", "notes"
NUMBERS = "figure_numbers.json"


def run(given: Given) -> Bundle:
    """Render the document; every figure is there too as a file of its own, under ``figures/``."""
    drawn = {
        stage: read_figures(given.bundle(stage)) for stage in given.stage.spec.after if stage != "results"
    }
    album = {name: figure for figures in drawn.values() for name, figure in figures.items()}
    with given.progress.stage("Writing the document"):
        commentary = given.setting("commentary").model_dump()
        results = read_results(given.bundle("results")[RESULTS_FILE], given.kind)
        content = Content(given.kind, results, album, commentary)
        document = render_html(content, given.templates, given.items.obtain, given.typefaces)
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
