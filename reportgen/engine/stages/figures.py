"""The figures of one section; the stage is named after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import open_examples
from reportgen.engine.stages.outcomes import pack_figures, read_arrays, read_numbers
from reportgen.figures.figure import FigureData
from reportgen.outline.section import Section, SectionError


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
        require_all(section, {figure.name for figure in figures}, data.numbers, len(context.plan.examples))
        embed = getattr(section.load("figures"), "embed", None)
        loads = embed(data, {figure.name: figure for figure in figures}) if embed else {}
    return pack_figures([replace(each, embedded=tuple(loads.get(each.name, ()))) for each in figures])


def require_all(section: Section, drawn: Collection[str], numbers: object, classes: int) -> None:
    """Raise ``SectionError`` if one of the figures that there must be with these numbers was not drawn."""
    missing = [name for name in section.list_figures(numbers, classes) if name not in drawn]
    # Later it would be missed where something refers to it, and nowhere if nothing does.
    if missing:
        raise SectionError(
            f"section '{section.name}': its section.py declares the figure '{missing[0]}', which its "
            "figures.py does not draw."
        )
