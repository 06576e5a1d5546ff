"""The document."""

from __future__ import annotations

import json

from reportgen.render.html import embedded_files, render_html
from reportgen.results import Results
from reportgen.stages.files import HTML_FILE, RESULTS_FILE
from reportgen.stages.given import Bundle, Given
from reportgen.stages.pictures import PREFIX, read_figures

FIGURES, NOTES = "figures/", "notes"
NUMBERS = "figure_numbers.json"


def run(given: Given) -> Bundle:
    """Render the document; every figure is there too as a file of its own, under ``figures/``."""
    sections = [name for name in given.stage.spec.after if name.startswith(PREFIX)]
    drawn = {section: read_figures(given.bundle(section)) for section in sections}
    album = {name: figure for figures in drawn.values() for name, figure in figures.items()}
    with given.progress.stage("Writing the document"):
        commentary = given.setting("commentary").model_dump()
        results = Results.model_validate_json(given.bundle("results")[RESULTS_FILE])
        document = render_html(
            results, album, commentary, given.templates, given.items.obtain, given.typefaces
        )
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
