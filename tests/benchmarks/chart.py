"""The rebuilds beside their floors and the notebook, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from measurement import Run
from rebuild import NOTEBOOK, VGG19, Rebuild

from reportgen.figures.plots import house_style, svg_picture

_INCHES_WIDE, _INCHES_A_BAR = 6.6, 0.19
_THICK, _BESIDE = 0.4, 0.21
_ROOM = 2.2
"""How far the axis goes on, as a factor, before the shortest bar's end and past the longest."""

_DARK, _LIGHT, _EDGE = "#303030", "#ffffff", "#303030"
_HATCH = "/////"


@dataclass(frozen=True)
class Bar:
    """A build, and its floor in seconds beside it if there is one."""

    label: str
    seconds: float
    floor: float | None = None


def bars_of(rebuilds: Sequence[Rebuild], notebook: Run | None) -> list[Bar]:
    """From the top: VGG19's rebuilds, the notebook if it was measured, the other rebuilds."""
    bars: list[Bar] = []
    for network, group in groupby(rebuilds, lambda rebuild: rebuild.network):
        for each in group:
            label = f"{each.name}, {each.images:,} images, {network}"
            bars.append(Bar(label, each.seconds, each.floor_seconds))
        if notebook and network == VGG19:
            bars.append(Bar(f"{NOTEBOOK}, whatever changed", notebook.around))
    return bars


def draw_chart(bars: Sequence[Bar]) -> bytes:
    """Draw horizontal bars over a logarithmic axis of seconds, each with its length in words; SVG."""
    with house_style():
        return svg_picture(chart_figure(bars)).data


def chart_figure(bars: Sequence[Bar]) -> Figure:
    """Build the figure of ``draw_chart``: the bar of index i at y = i, downwards."""
    figure = Figure(figsize=(_INCHES_WIDE, 0.7 + 2 * _INCHES_A_BAR * len(bars)))
    axes = figure.add_axes((0.42, 0.1, 0.55, 0.84))
    lengths = [length for bar in bars for length in (bar.seconds, bar.floor) if length]
    axes.set_xscale("log")
    axes.set_xlim(min(lengths) / _ROOM, max(lengths) * _ROOM)
    for i, bar in enumerate(bars):
        _draw_bar(axes, i - (_BESIDE if bar.floor else 0), bar.seconds, floor=False)
        if bar.floor:
            _draw_bar(axes, i + _BESIDE, bar.floor, floor=True)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value:g}")
    axes.set_xlabel("seconds (dark: reportgen and the notebook; hatched: the floor)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure


def _draw_bar(axes: Axes, y: float, seconds: float, *, floor: bool) -> None:
    axes.barh(
        y,
        seconds,
        height=_THICK,
        color=_LIGHT if floor else _DARK,
        edgecolor=_EDGE,
        linewidth=0.5,
        hatch=_HATCH if floor else None,
    )
    axes.annotate(
        f"{as_label(seconds)} s", (seconds, y), xytext=(3, 0), textcoords="offset points", va="center"
    )


def as_label(seconds: float) -> str:
    """Two significant digits below ten seconds, whole seconds above."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"
