"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib.figure as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import EmbeddedData, Figure, FigureData, embed_numbers, listed
from reportgen.figures.lettering import Lettering
from reportgen.figures.montage import Tile, full_width_side, lettered_figure
from reportgen.figures.plots import MM, POINTS_PER_MM, TEXT_POINTS, font_families, house_style, svg_picture
from reportgen.sections.errors.result import Errors, Mistake
from reportgen.text import percent_text, share_text
from reportgen.typefaces.face import OWN, Typefaces

_COLUMNS = 8
"""Two mistakes in a row, each with three training images."""

_FRAME = 9
"""Pixels of the black frame around a mistake, of 224."""

_MAP_MM = (58.0, 48.0)

_LABEL_MM = 30.0

_LOOKS = (
    ("o", "#0072b2"), ("s", "#e69f00"), ("^", "#009e73"), ("D", "#cc79a7"), ("v", "#56b4e9"),
    ("P", "#d55e00"), ("X", "#7f7f7f"), ("*", "#f0e442"),
)  # fmt: skip
"""A shape, so that classes differ in grey print, and one of Okabe and Ito's colours for each class."""

_FILLINGS: tuple[dict[str, Any], ...] = (
    {},
    {"markerfacecolor": "white", "markeredgewidth": 1.0},
    {"markerfacecolor": "black"},
)
"""Of the first classes the colour itself; of those that follow with the same shapes white, in a thicker line
than yellow, which prints nearly white, and then black.
"""

_MOST_LOOKS = len(_LOOKS) * len(_FILLINGS)

_WRONG = "misclassified"

_TOLD = 6
"""Mistakes that the description of the map names."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the mistakes beside their nearest training images, the map, and near-duplicates."""
    section: Errors = data.numbers
    if "shown" in data.arrays:
        # All have as many neighbours as the first: three, or fewer if there are fewer training images.
        count = len(data.arrays["shown"]) // (1 + len(section.mistakes[0].nearest))
        tiled = section.mistakes[:count]
        yield lettered_figure(
            "nearest",
            describe_mistakes(tiled),
            list(_tile_mistakes(tiled, data.arrays["shown"])),
            columns=_COLUMNS,
            tile_side=full_width_side(_COLUMNS),
            faces=data.faces,
        )
    with house_style():
        plot = plot_map(section, data.arrays["map"], data.arrays["probabilities"], data.faces)
        yield Figure("map", svg_picture(plot), describe_map(section))
    if "twins" in data.arrays:
        pixels = data.arrays["twins"]
        twins = section.twins[: len(pixels) // 2]
        names = [name for each in twins for name in (each.first_split, each.second_split)]
        tiles = [Tile(picture, name) for picture, name in zip(pixels, names, strict=True)]
        pairs = [f"{each.first} and {each.second}" for each in twins]
        yield lettered_figure(
            "twins",
            f"Pairs of nearly equal images, side by side: {'; '.join(pairs)}.",
            tiles,
            columns=_COLUMNS,
            tile_side=full_width_side(_COLUMNS),
            faces=data.faces,
        )


def _tile_mistakes(mistakes: Sequence[Mistake], pixels: NDArray[np.uint8]) -> Iterator[Tile]:
    """Each mistake in a black frame with its class and the one it was taken for, then what is like it."""
    pictures = iter(pixels)
    for each in mistakes:
        yield Tile(_frame(next(pictures)), each.true, f"as {each.predicted}")
        for neighbour in each.nearest:
            # Three decimals, and never 1 unless it is: the cosines of near images are close together.
            yield Tile(next(pictures), neighbour.label, share_text(neighbour.similarity, 3))


def _frame(pixels: Rgb) -> Rgb:
    # A copy, since the array is that of the results.
    framed = pixels.copy()
    for side in (framed[:_FRAME], framed[-_FRAME:], framed[:, :_FRAME], framed[:, -_FRAME:]):
        side[...] = 0
    return framed


def describe_mistakes(mistakes: Sequence[Mistake]) -> str:
    """Describe the band of mistakes."""
    parts = [
        f"{each.file}, {each.true} predicted as {each.predicted}: "
        + listed([f"{one.file} ({one.label}, {share_text(one.similarity, 3)})" for one in each.nearest])
        for each in mistakes
    ]
    return f"Misclassified test images, each followed by its nearest training images. {'; '.join(parts)}."


def plot_map(
    section: Errors,
    points: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    faces: Typefaces = OWN,
) -> mpl.Figure:
    """Build the plot of the test images' ``points`` (N, 2); ``probabilities`` (N, classes) are the network's.

    A class has one shape, filling and colour; mistakes are drawn in a black ring. Axes say their share of the
    variance.
    """
    width, height = _MAP_MM
    figure = mpl.Figure(figsize=(width * MM, height * MM))
    axes = figure.add_axes((0, 0, 1, 1))
    # Images are in the order of their classes.
    true = np.repeat(range(len(section.images)), list(section.images.values()))
    # Class by class and before anything else: locate_points() knows the images by the order of their markers.
    for i, label in enumerate(section.images):
        shape, colour = _LOOKS[i % len(_LOOKS)]
        look: dict[str, Any] = {
            "color": colour,
            "markersize": 4.5,
            "markeredgecolor": "black",
            "markeredgewidth": 0.3,
        }
        look |= _FILLINGS[i // len(_LOOKS) % len(_FILLINGS)]
        axes.plot(*points[true == i].T, shape, label=_shorten(label, faces), clip_on=False, **look)
    wrong = points[probabilities.argmax(axis=1) != true]
    if len(wrong):
        axes.plot(
            *wrong.T, "o", color="black", markerfacecolor="none", markersize=9.5, markeredgewidth=1.1,
            label=_WRONG, clip_on=False,
        )  # fmt: skip
    for axis, name, share in zip("xy", ("first", "second"), section.variance_share, strict=True):
        # Without ticks: distances count here, and not where zero is.
        axes.set(**{f"{axis}label": f"{name} axis ({percent_text(share)} of variance)", f"{axis}ticks": []})
    axes.spines[["top", "right"]].set_visible(False)
    _write_legend(axes, section, faces)
    return figure


def _shorten(label: str, faces: Typefaces) -> str:
    # Tenths of a point keep the measure free of rounding.
    return Lettering(round(10 * TEXT_POINTS), faces=faces).shorten(label, 10 * _LABEL_MM * POINTS_PER_MM)


def _write_legend(axes: Axes, section: Errors, faces: Typefaces) -> None:
    """Names of the classes to the right of the plot, each in a font that has it and never as a formula."""
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, borderaxespad=0, handletextpad=0.3
    )
    names = [*(_shorten(label, faces) for label in section.images), _WRONG]
    # Not strict: without any error the legend has no ring.
    for text, name in zip(legend.get_texts(), names, strict=False):
        text.set_parse_math(False)
        text.set_fontfamily(font_families(name, faces))


def describe_map(section: Errors) -> str:
    """Describe the map in words."""
    shares = " and ".join(map(percent_text, section.variance_share))
    wrong = [f"{each.file} ({each.true} predicted as {each.predicted})" for each in section.mistakes[:_TOLD]]
    more = len(section.mistakes) - len(wrong)
    ringed = listed(wrong) + (f", and {more} more" if more else "") if wrong else "none"
    return (
        f"A plot of the {section.total} test images in the plane of the training features' two principal "
        f"axes, which have {shares} of the variance. {_describe_looks(len(section.images))}: "
        f"{listed(list(section.images))}. "
        f"Misclassified, in a ring: {ringed}."
    )


def _describe_looks(classes: int) -> str:
    if classes <= len(_LOOKS):
        return "Each class has a shape of its own"
    if classes <= _MOST_LOOKS:
        return "Each class has a shape or a filling of its own"
    return f"The {_MOST_LOOKS} shapes and fillings come again after every {_MOST_LOOKS} classes"


_MARKER = re.compile(r'<use [^>]*?x="(-?[\d.]+)" y="(-?[\d.]+)"')

_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')

_OFF = 0.25
"""Points that a marker may lie off its image's position: a tenth of a marker's width."""

# What ``verify`` lets a point lie off on another machine.
_DRAWN = 5e-3


def embed(data: FigureData, figures: Mapping[str, Figure]) -> dict[str, list[EmbeddedData]]:
    """Where the point of each test image lies in the map, (N, 2), as parts of its width and height."""
    points = locate_points(figures["map"].picture.data.decode(), data.arrays["map"])
    return {} if points is None else {"map": [embed_numbers("places", points, _DRAWN)]}


def locate_points(svg: str, points: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Find the markers of images at ``points`` (N, 2) in a drawing, x to the right, y downwards, from 0 to 1.

    None if the drawing's first N markers do not lie as the points do: then the page has no points to touch,
    rather than the picture of another image.
    """
    view, count = _VIEW.search(svg), len(points)
    # Classes are drawn first, one after the other, as the images are in order; rings and legend follow.
    markers = np.array(_MARKER.findall(svg)[:count], float)
    # Through two points a line fits whatever they are.
    if view is None or len(markers) < count or count < 3:
        return None
    # The axes only stretch and shift each of the two coordinates.
    for axis in range(2):
        known = np.stack([points[:, axis], np.ones(count)], axis=1)
        fit = known @ np.linalg.lstsq(known, markers[:, axis], rcond=None)[0]
        if np.abs(fit - markers[:, axis]).max() > _OFF:
            return None
    shares: NDArray[np.float64] = markers / np.array([float(view[1]), float(view[2])])
    return shares
