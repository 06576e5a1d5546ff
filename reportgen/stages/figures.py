"""The figures of one section; the stage is named after it."""

from __future__ import annotations

from reportgen.figures.album import draw_section
from reportgen.stages.examples import open_examples
from reportgen.stages.given import Bundle, Given
from reportgen.stages.pictures import PREFIX, pack_figures
from reportgen.stages.section import read_arrays, read_numbers


def run(given: Given) -> Bundle:
    """Draw the section's figures."""
    section = given.stage.name.removeprefix(PREFIX)
    outcome = given.bundle(section)
    images = list(open_examples(given).values()) if given.stage.spec.images else []
    with given.progress.stage(f"Figures of {section.replace('_', ' ')}"):
        return pack_figures(
            draw_section(
                section, read_numbers(section, outcome), read_arrays(outcome), images, given.typefaces
            )
        )
