"""The figures of one section; the stage is named after it."""

from __future__ import annotations

from dataclasses import replace

from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import open_examples
from reportgen.engine.stages.outcomes import pack_figures, read_arrays, read_numbers
from reportgen.figures.figure import FigureData


def run(context: StageContext) -> Artifacts:
    """Draw the section's figures, and add the data that they embed in the page (``embed`` beside ``draw``).

    Raises ``SectionError`` if they are not those that the section declares.
    """
    section = context.section
    outcome = context.artifacts(section.name)
    data = FigureData(
        read_numbers(section, outcome),
        read_arrays(outcome),
        list(open_examples(context).values()) if section.figure_images else (),
        context.typefaces,
    )
    with context.progress.stage(f"Figures of {section.name.replace('_', ' ')}"):
        figures = list(section.require("figures", "draw")(data))
        for figure in figures:
            # A figure that is not declared has no number and no caption, so the page could not show it.
            section.find_figure(figure.name)
        embed = getattr(section.load("figures"), "embed", None)
        loads = embed(data, {figure.name: figure for figure in figures}) if embed else {}
    return pack_figures([replace(each, embedded=tuple(loads.get(each.name, ()))) for each in figures])
