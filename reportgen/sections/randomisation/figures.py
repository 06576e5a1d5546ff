"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib.figure as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.figures.colour import signed_rgb
from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.montage import Tile, band_side, block_means, lettered_figure
from reportgen.figures.plots import MM, house_style, svg_picture
from reportgen.sections.randomisation.result import ExplainedNeuron, Likeness, Randomisation, Redrawing
from reportgen.text import agreement_text

KINDS = ("guided", "plain")

_SIDE = 80
"""Pixels along a side of a picture, about: with a pixel for each value, 36 pictures of 15 mm would take a
third of the page's bytes.
"""

_PANEL_MM, _PITCH_MM = (52.0, 44.0), 76.0
_LOOKS = {"guided": ("#0072b2", "-", "o"), "plain": ("#d55e00", (0, (4, 1.6)), "s")}
"""Two of Okabe and Ito's colours for the colour-blind; dashes and markers distinguish them in grey."""

_NONE = "–"


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Randomisation = data.numbers
    names = name_networks(section.networks)
    for i, (label, neuron) in enumerate(section.neurons.items()):
        tiles = make_tiles([data.arrays[f"{kind}_{i}"] for kind in KINDS], neuron, names)
        columns = len(names) + 1
        yield lettered_figure(
            f"randomised_{i}",
            describe_strip(label, neuron, names),
            tiles,
            columns=columns,
            tile_side=band_side(columns),
        )
    with house_style():
        yield Figure("likeness", svg_picture(plot_likeness(section)), describe_likeness(section))


def name_networks(networks: Sequence[Redrawing]) -> list[str]:
    """What was redrawn in each network, in few letters."""
    last = max((network.first_block for network in networks), default=0)
    return [
        "all blocks"
        if network.first_block == 1
        else f"block {last}"
        if network.first_block == last
        else f"blocks {network.first_block}–{last}"
        for network in networks
    ]


def make_tiles(pictures: Sequence[NDArray[Any]], neuron: ExplainedNeuron, names: Sequence[str]) -> list[Tile]:
    """The guided pictures, the first that of the network as it is, and the plain ones below them, cut to the
    field of the neuron.
    """
    tiles = []
    rows, columns = (slice(*span) for span in (neuron.field.rows, neuron.field.cols))
    for kind, whole in zip(KINDS, pictures, strict=True):
        # Clipped before, or one large value would colour its whole block.
        row = [block_means(np.clip(each[rows, columns], -1, 1), _SIDE) for each in whole]
        tiles.append(Tile(signed_rgb(row[0], 1), "none", kind, look="values"))
        for picture, name, own in zip(row[1:], names, neuron.redrawn, strict=True):
            signed = _likeness(own.likeness, kind).signed
            tiles.append(Tile(signed_rgb(picture, 1), _shorten(name), _say(signed), look="values"))
    return tiles


def _shorten(name: str) -> str:
    """The name of a network in a column of 15 mm."""
    return name.removesuffix(" blocks").removeprefix("blocks ").removeprefix("block ")


def _likeness(likenesses: Any, kind: str) -> Likeness:
    likeness: Likeness = getattr(likenesses, kind)
    return likeness


def _say(value: float | None) -> str:
    return _NONE if value is None else agreement_text(value)


def describe_strip(label: str, neuron: ExplainedNeuron, names: Sequence[str]) -> str:
    """Describe the pictures of one neuron in all networks."""
    row, column, channel = neuron.position
    parts = [f"{kind} {_spoken(kind, neuron, names)}" for kind in KINDS]
    return (
        f"Gradients of the neuron at row {row}, column {column}, channel {channel} for {label}, guided above "
        f"and plain below, in the network as trained and in {len(names)} with redrawn weights. The signed "
        f"rank correlations with the first picture of each row: {'; '.join(parts)}."
    )


def _spoken(kind: str, neuron: ExplainedNeuron, names: Sequence[str]) -> str:
    values = (_likeness(own.likeness, kind).signed for own in neuron.redrawn)
    return ", ".join(f"{_spoken_value(value)} ({name})" for value, name in zip(values, names, strict=True))


def _spoken_value(value: float | None) -> str:
    return "none" if value is None else agreement_text(value).replace("−", "minus ")


def describe_likeness(section: Randomisation) -> str:
    """Describe the plot of likenesses."""
    parts = []
    for kind in KINDS:
        for measure, words in (("signed", "rank correlation"), ("ssim", "structural similarity")):
            values = [getattr(_likeness(mean, kind), measure) for mean in section.mean]
            parts.append(f"{words}, {kind}: {', '.join(map(_spoken_value, values))}")
    names = ", ".join(name_networks(section.networks))
    return (
        f"Two plots over what was redrawn ({names}), guided gradients solid, plain ones dashed. "
        f"The means: {'; '.join(parts)}."
    )


def plot_likeness(section: Randomisation) -> mpl.Figure:
    """Build the plot: the axes of the signed rank correlation, then those of the structural similarity.

    A line joins the means, faint marks are single images; at the left is the network as it is, like itself.
    """
    width, height = _PANEL_MM
    figure = mpl.Figure(figsize=((_PITCH_MM + width) * MM, height * MM))
    for n, (measure, title) in enumerate(
        (("signed", "signed rank correlation"), ("ssim", "structural similarity"))
    ):
        axes = figure.add_axes((n * _PITCH_MM / (_PITCH_MM + width), 0, width / (_PITCH_MM + width), 1))
        for kind in KINDS:
            _draw_kind(axes, section, kind, measure)
        _finish(axes, section.networks, title)
    return figure


def _draw_kind(axes: Axes, section: Randomisation, kind: str, measure: str) -> None:
    colour, dashes, marker = _LOOKS[kind]
    positions = range(len(section.networks) + 1)
    for neuron in section.neurons.values():
        single = [1.0, *(getattr(_likeness(own.likeness, kind), measure) for own in neuron.redrawn)]
        # Without the network as it is, where all marks would lie on each other.
        points = [(x, y) for x, y in zip(positions, single, strict=True) if y is not None][1:]
        axes.plot(
            # Of a neuron without any likeness there is nothing to be unpacked.
            *zip(*points, strict=True) if points else ((), ()),
            linestyle="", marker=marker, markersize=2.5, markerfacecolor="none", markeredgewidth=0.5,
            color=colour, alpha=0.6, clip_on=False,
        )  # fmt: skip
    means = [1.0, *(getattr(_likeness(mean, kind), measure) for mean in section.mean)]
    line = [(x, y) for x, y in zip(positions, means, strict=True) if y is not None]
    axes.plot(
        *zip(*line, strict=True),
        color=colour, linestyle=dashes, linewidth=1.2, marker=marker, markersize=3.5, clip_on=False,
    )  # fmt: skip
    axes.annotate(
        kind, line[-1], xytext=(6, 0), textcoords="offset points", va="center", color=colour,
        annotation_clip=False,
    )  # fmt: skip


def _finish(axes: Axes, networks: Sequence[Redrawing], title: str) -> None:
    last = max((network.first_block for network in networks), default=0)
    ticks = [
        "none",
        *(
            "all"
            if each.first_block == 1
            else f"{last}"
            if each.first_block == last
            else f"{each.first_block}–{last}"
            for each in networks
        ),
    ]
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlabel("redrawn blocks")
    axes.set_ylabel(title)
    low, _ = axes.get_ylim()
    # Below zero, so that values around it, which mean unlike, are not at the very edge.
    axes.set_ylim(min(low, 0.0) if title.startswith("structural") else min(low, -0.2), 1.0)
    axes.set_xlim(0, len(ticks) - 1)
    axes.axhline(0, color="#b0b0b0", linewidth=0.5)
    axes.grid(color="#e0e0e0", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
