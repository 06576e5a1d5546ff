"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import matplotlib.figure as mpl

from reportgen.figures.figure import Figure, FigureData, listed
from reportgen.figures.montage import Tile, full_width_side, lettered_figure
from reportgen.figures.plots import MM, house_style, svg_picture
from reportgen.sections.shortcuts.result import Shortcuts
from reportgen.text import share_text

NAMES: Final = {
    "ring": "outermost ring",
    "colour": "mean colour",
    "file": "file",
    "thumbnail": "thumbnail",
}

_WIDTH_MM, _ROW_MM = 62.0, 4.6

_INK, _QUIET = "#0072b2", "#606060"

_ROW_OF_THREES = 3
"""Classes with three examples each in one row."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the accuracies, and images that are given away."""
    section: Shortcuts = data.numbers
    if section.confusion:
        with house_style():
            yield Figure("cues", svg_picture(plot_cues(section)), describe_cues(section))
    if "shown" in data.arrays:
        images = [(label, file) for label, files in section.examples.items() for file in files]
        tiles = [Tile(pixels, label) for pixels, (label, _) in zip(data.arrays["shown"], images, strict=True)]
        # One row, or two of equal length.
        columns = len(tiles) if len(section.examples) <= _ROW_OF_THREES else max(6, -(-len(tiles) // 2))
        yield lettered_figure(
            "given_away",
            describe_examples(section),
            tiles,
            columns=columns,
            tile_side=full_width_side(columns),
            faces=data.faces,
        )


def plot_cues(section: Shortcuts) -> mpl.Figure:
    """Build the plot: a line from end to end of each cue's interval, its accuracy as a mark.

    The highest is at the top, y = 0. The mark is full if the cue gives the class away, hollow if not.
    The dashed line is chance.
    """
    height = _ROW_MM * len(section.ranking)
    figure = mpl.Figure(figsize=(_WIDTH_MM * MM, height * MM))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axvline(section.chance, color=_QUIET, linewidth=0.8, linestyle=(0, (4, 1.6)))
    axes.annotate(
        "chance", (section.chance, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", color=_QUIET,
    )  # fmt: skip
    for y, cue in enumerate(section.ranking):
        # With another cap the line would reach beyond the ends of the interval.
        axes.plot(section.accuracy_interval[cue], (y, y), color=_INK, linewidth=1.2, solid_capstyle="butt")
        axes.plot(
            section.accuracy[cue], y, "o", color=_INK, markersize=4.5, markeredgewidth=1.0, clip_on=False,
            markerfacecolor=_INK if cue in section.beyond_chance else "white",
        )  # fmt: skip
    axes.set_yticks(range(len(section.ranking)), [NAMES[cue] for cue in section.ranking])
    axes.set(xlim=(0, 1), ylim=(len(section.ranking) - 0.5, -0.5))
    axes.set_xlabel("accuracy")
    axes.grid(axis="x", color="#e0e0e0", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def describe_cues(section: Shortcuts) -> str:
    """Describe the plot of accuracies."""
    cues = [
        f"{NAMES[cue]} {share_text(section.accuracy[cue])} ({share_text(low)} to {share_text(high)}, "
        f"{'above' if cue in section.beyond_chance else 'not above'} chance)"
        for cue in section.ranking
        for low, high in [section.accuracy_interval[cue]]
    ]
    return (
        f"A plot of how well each cue alone tells the classes, with 95 % intervals: {listed(cues)}. A dashed "
        f"line marks chance, {share_text(section.chance)}."
    )


def describe_examples(section: Shortcuts) -> str:
    """Describe the images that the strongest visible cue identifies."""
    parts = [f"{label}: {listed(files)}" for label, files in section.examples.items() if files]
    return f"Images whose class the {NAMES[section.shown or '']} tells. {'; '.join(parts)}."
