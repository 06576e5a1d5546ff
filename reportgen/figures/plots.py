"""Plots as SVG that is identical on every machine: confusion matrices and training histories."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reportgen.errors import FontMissingError
from reportgen.figures.colour import ink_on
from reportgen.figures.figure import MM_PER_INCH, POINTS_PER_INCH, TEXT_WIDTH_MM, Picture
from reportgen.figures.lettering import QUIET_INK, Lettering
from reportgen.typefaces.choice import describe_lack, find_lack
from reportgen.typefaces.face import MAIN_FILES, OWN, Face, Typefaces, report_face
from reportgen.typefaces.script import is_plain

_LAYOUT = re.compile(rb"<!DOCTYPE[^>]*>|(?<=>)\s+(?=<)")

TEXT_POINTS = 8.5
"""The size of lettering in print, as in montages."""

MM = 1 / MM_PER_INCH
"""Inches, which is what matplotlib counts in."""

_STYLE = MappingProxyType(
    {
        "font.family": ["STIXGeneral", "DejaVu Sans"],
        "font.size": TEXT_POINTS,
        # A long curve would lose the points that lie nearly on a line, and the plot is read back as data.
        "path.simplify": False,
        "axes.titlesize": TEXT_POINTS,
        "axes.labelsize": TEXT_POINTS,
        "xtick.labelsize": TEXT_POINTS,
        "ytick.labelsize": TEXT_POINTS,
        "mathtext.fontset": "stix",
        "axes.linewidth": 0.5,
        "xtick.major.width": 0.5,
        "ytick.major.width": 0.5,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        # Transparent: on the page's dark ground a plot would be a white slab.
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        # Outlines, which look alike where the fonts are not installed.
        "svg.fonttype": "path",
        # Ids in an SVG are random without it.
        "svg.hashsalt": "reportgen",
    }
)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the report's style, whatever a ``matplotlibrc`` of the user says; nothing of it stays."""
    with matplotlib.rc_context():
        # Else what a notebook or a style has set would stay under what is set here.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def font_families(text: str, faces: Typefaces) -> list[str]:
    """The families that set a plain text: one that has all of it, if there is one, and then all others.

    Call it within ``house_style``. Raises ``FontMissingError`` if no font has a character.
    """
    usual = list(matplotlib.rcParams["font.family"])
    if is_plain(text):
        return usual
    if find_lack(text, faces):
        problem, remedy = describe_lack(text, faces)
        raise FontMissingError(f"The plots cannot show {problem}", remedy)
    whole = faces.choose_whole(text)
    extra = [_family(face) for face in (*faces.named, *faces.found)]
    first = [] if whole is None or whole == report_face(MAIN_FILES[0]) else [_family(whole)]
    return list(dict.fromkeys((*first, *usual, *extra)))


def _family(face: Face) -> str:
    """A name of its own for a face, by which matplotlib finds this one and no namesake."""
    name = f"{face.file}, face {face.index}"
    fonts = font_manager.fontManager.ttflist
    if all(entry.name != name for entry in fonts):
        entry = font_manager.ttfFontProperty(FT2Font(str(face.file), face_index=face.index))
        # matplotlib chooses among fonts by style and weight; here the name alone decides.
        fonts.append(replace(entry, name=name, style="normal", weight=400))
    return name


def svg_picture(figure: Figure) -> Picture:
    """Encode a figure as SVG, cut to what is drawn, with outlines for letters and without a time stamp.

    Call it within ``house_style``. The picture's size is in points.
    """
    buffer = io.BytesIO()
    # Half a point keeps the outer half of a line on the edge.
    box = figure.get_tightbbox().padded(0.5 / POINTS_PER_INCH)
    # matplotlib would write its version and the time, by which equal plots would differ.
    metadata: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", bbox_inches=box, metadata=metadata)
    width, height = (round(side * POINTS_PER_INCH) for side in (box.width, box.height))
    return Picture(_lean(buffer.getvalue()), "image/svg+xml", width, height)


def _lean(svg: bytes) -> bytes:
    """Without document type and the white space that lays it out for people. Comments have the words."""
    return re.sub(rb"\s*\n\s*", b" ", _LAYOUT.sub(b"", svg)).strip()


POINTS_PER_MM = POINTS_PER_INCH / MM_PER_INCH

_CELL_MM, _MATRIX_MM = 16.0, 70.0
"""The most that a cell and the whole matrix may take across; with slanting names it is 105 mm high."""

_LABEL_MM = 32.0

_NAMES_MM, _TITLE_MM = 28.0, 4.0
"""In a grid of matrices: across for the names of the classes, and down between two rows."""

_DARKEST = 0.9

_ZERO_INK = "#9a9a9a"

_GRID = "#b0b0b0"

_TRAINING, _VALIDATION = "#0072b2", "#d55e00"
"""Blue and vermilion of Okabe and Ito's colours for the colour-blind; dashes distinguish them in grey."""

_PANEL_MM = (43.0, 26.0)

_PITCH_MM = 74.5

_ROW_MM = 36.0
"""From one training to the next, if there is room: a panel, its epochs and the mark of the next."""

_MOST_MM, _LARGE_LOSS = 190.0, 3.0
"""The height of all panels together, and the loss from which on curves leave their panel: about that of 20
classes by chance, since one run that fails must not flatten the others.
"""

_LINE_POINTS = 9.5

Curves = tuple[Sequence[float], Sequence[float]]
"""One value an epoch, of the training images and of the validation images."""


def confusion_plot(matrix: Sequence[Sequence[int]], labels: Sequence[str], faces: Typefaces = OWN) -> Picture:
    """Draw a confusion matrix: rows are true classes, columns predicted ones, numbers count images.

    The shade is the share of the row, white for none and dark blue for all. Labels too long for their
    room end in an ellipsis. Raises ``ValueError`` unless the matrix is as wide and high as the labels.
    """
    with house_style():
        return svg_picture(confusion_figure(matrix, labels, faces))


def confusion_figure(
    matrix: Sequence[Sequence[int]], labels: Sequence[str], faces: Typefaces = OWN
) -> Figure:
    """Build the figure of ``confusion_plot``: cell (i, j) at x = j, y = i, y downwards."""
    counts, n = np.asarray(matrix), len(labels)
    if counts.shape != (n, n) or not n:
        raise ValueError(f"a confusion matrix of {n} classes is {n} × {n}, not {counts.shape}")
    cell_mm = min(_CELL_MM, _MATRIX_MM / n)
    # Without pyplot, which keeps every figure until it is closed, and takes 0.6 s to import.
    figure = Figure(figsize=(n * cell_mm * MM, n * cell_mm * MM))
    axes = figure.add_axes((0, 0, 1, 1))
    _fill_cells(axes, counts, cell_mm)
    _label_classes(axes, labels, cell_mm, faces)
    return figure


def _fill_cells(axes: Axes, counts: NDArray[Any], cell_mm: float) -> None:
    # A row without images would be a division by zero.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shades = matplotlib.colormaps["Blues"](_DARKEST * shares)[..., :3]
    for (i, j), count in np.ndenumerate(counts):
        red, green, blue = map(float, shades[i, j]) if count else (1.0, 1.0, 1.0)
        shade = (red, green, blue)
        square = Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=shade, edgecolor=_GRID, linewidth=0.5)
        # Or the outer half of the lines at the edge would be cut away.
        square.set_clip_on(False)
        axes.add_patch(square)
        ink = ink_on(shade) if count else _ZERO_INK
        size = min(10.0, 0.36 * cell_mm * POINTS_PER_MM)
        axes.text(j, i, str(count), ha="center", va="center", color=ink, fontsize=size)
    axes.set(xlim=(-0.5, len(counts) - 0.5), ylim=(len(counts) - 0.5, -0.5))


def matrices_plot(
    rows: Sequence[Sequence[Sequence[Sequence[int]]]],
    titles: tuple[Sequence[str], Sequence[str]],
    labels: Sequence[str],
    faces: Typefaces = OWN,
) -> Picture:
    """Draw confusion matrices in a grid, as ``confusion_plot`` draws one: ``rows`` of matrices, ``titles`` of
    the columns and of the rows. The names of the classes are written once a row and once a column.
    """
    columns, n = len(titles[0]), len(labels)
    cell_mm = min(_CELL_MM / 2, (TEXT_WIDTH_MM - _NAMES_MM) / columns / (n + 0.7))
    pitch = cell_mm * (n + 0.7)
    width, height = pitch * columns, (n * cell_mm + _TITLE_MM) * len(rows)
    with house_style():
        figure = Figure(figsize=(width * MM, height * MM))
        for i, row in enumerate(rows):
            for j, matrix in enumerate(row):
                bottom = height - (i + 1) * (n * cell_mm + _TITLE_MM)
                rectangle = (j * pitch / width, bottom / height, n * cell_mm / width, n * cell_mm / height)
                axes = figure.add_axes(rectangle)
                _fill_cells(axes, np.asarray(matrix), cell_mm)
                axes.spines[:].set_visible(False)
                axes.tick_params(length=0, pad=2)
                axes.set(xticks=(), yticks=())
                axes.set_title(titles[0][j] if i == 0 else "", weight="bold", parse_math=False, pad=4)
                if j == 0:
                    axes.set_ylabel(titles[1][i], weight="bold", labelpad=4)
                _name_classes(axes, labels, faces, left=j == 0, below=i == len(rows) - 1)
        return svg_picture(figure)


def _name_classes(axes: Axes, labels: Sequence[str], faces: Typefaces, *, left: bool, below: bool) -> None:
    lettering = Lettering(round(10 * TEXT_POINTS), faces=faces)
    names = [lettering.shorten(label, 10 * (_NAMES_MM - 6) * POINTS_PER_MM) for label in labels]
    slanting: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    for wanted, write, read, look in (
        (left, axes.set_yticks, axes.get_yticklabels, {}),
        (below, axes.set_xticks, axes.get_xticklabels, slanting),
    ):
        if wanted:
            write(range(len(names)), names, parse_math=False, **look)
            for text, name in zip(read(), names, strict=True):
                text.set_fontfamily(font_families(name, faces))


def _label_classes(axes: Axes, labels: Sequence[str], cell_mm: float, faces: Typefaces) -> None:
    # Tenths of a point keep the measure free of rounding.
    lettering = Lettering(round(10 * TEXT_POINTS), faces=faces)
    names = [lettering.shorten(label, 10 * _LABEL_MM * POINTS_PER_MM) for label in labels]
    widest = max(map(lettering.length, names)) / 10 / POINTS_PER_MM
    positions = range(len(names))
    # A class whose name has two dollar signs is no formula.
    axes.set_yticks(positions, names, parse_math=False)
    axes.set_xticks(positions, names, parse_math=False)
    # Names that touch are read as one.
    if widest > 0.95 * cell_mm:
        axes.set_xticks(positions, names, parse_math=False, rotation=45, ha="right", rotation_mode="anchor")
    for written in (axes.get_xticklabels(), axes.get_yticklabels()):
        for text, name in zip(written, names, strict=True):
            text.set_fontfamily(font_families(name, faces))
    axes.tick_params(length=0, pad=3)
    axes.set_xlabel("predicted class", labelpad=5, weight="bold")
    axes.set_ylabel("true class", labelpad=5, weight="bold")
    axes.spines[:].set_visible(False)


def history_plot(
    loss: Sequence[float],
    val_loss: Sequence[float],
    accuracy: Sequence[float],
    val_accuracy: Sequence[float],
    best_epoch: int,
) -> Picture:
    """Plot loss and accuracy after each epoch, training solid and validation dashed.

    Epochs count from 1; the best one is marked in both panels. Raises ``ValueError`` if it is none of
    them or the four curves differ in length.
    """
    with house_style():
        return svg_picture(history_figure((loss, val_loss), (accuracy, val_accuracy), best_epoch))


def history_figure(losses: Curves, accuracies: Curves, best_epoch: int) -> Figure:
    """Build the figure of ``history_plot``: the axes of the loss, then those of the accuracy."""
    lengths = {len(curve) for curve in (*losses, *accuracies)}
    if len(lengths) != 1 or not 1 <= best_epoch <= min(lengths):
        raise ValueError(f"no best epoch {best_epoch} in curves of {sorted(lengths)} epochs")
    width, height = _PANEL_MM
    figure = Figure(figsize=((_PITCH_MM + width) * MM, height * MM))
    for n, (curves, name) in enumerate(((losses, "cross-entropy loss"), (accuracies, "accuracy"))):
        axes = figure.add_axes((n * _PITCH_MM / (_PITCH_MM + width), 0, width / (_PITCH_MM + width), 1))
        _draw_curves(axes, curves)
        axes.set_ylabel(name)
        if n == 0:
            axes.set_ylim(bottom=0)
        else:
            axes.set_ylim(top=1)
        _mark_epoch(axes, curves[1], best_epoch)
        _label_ends(axes, curves)
    return figure


def histories_plot(histories: Sequence[tuple[str, Curves, Curves, int]]) -> Picture:
    """Plot several trainings below each other, as ``history_plot`` plots one: name, losses, accuracies and
    best epoch of each. Every panel of losses has one scale, so that trainings can be compared.
    """
    pitch = min(_ROW_MM, _MOST_MM / len(histories))
    high = pitch - 10
    # One scale for all, but no larger than it need be.
    top = min(_LARGE_LOSS, max(value for _, losses, _, _ in histories for curve in losses for value in curve))
    width, height = _PITCH_MM + _PANEL_MM[0], pitch * len(histories)
    with house_style():
        figure = Figure(figsize=(width * MM, height * MM))
        for row, (name, losses, accuracies, best) in enumerate(histories):
            bottom = (height - row * pitch - high) / height
            low_losses = ([min(value, top) for value in losses[0]], [min(value, top) for value in losses[1]])
            for n, (curves, what) in enumerate(((low_losses, "loss"), (accuracies, "accuracy"))):
                rectangle = (n * _PITCH_MM / width, bottom, _PANEL_MM[0] / width, high / height)
                axes = figure.add_axes(rectangle)
                _draw_curves(axes, curves)
                axes.set_ylabel(f"{name}\n{what}" if n == 0 else what, parse_math=False)
                axes.set_ylim((0, 1.02 * top) if n == 0 else (0, 1))
                axes.set_xlabel("epoch" if row == len(histories) - 1 else "")
                _mark_epoch(axes, curves[1], best)
                _label_ends(axes, curves, high)
        return svg_picture(figure)


def _draw_curves(axes: Axes, curves: Curves) -> None:
    epochs = range(1, len(curves[0]) + 1)
    # A line of one point is nothing to be seen.
    marker = "o" if len(epochs) == 1 else ""
    looks = ((_TRAINING, "-", "training"), (_VALIDATION, (0, (4, 1.6)), "validation"))
    for curve, (colour, dashes, label) in zip(curves, looks, strict=True):
        axes.plot(
            epochs,
            curve,
            color=colour,
            linestyle=dashes,
            linewidth=1.2,
            marker=marker,
            markersize=3,
            label=label,
            # Or a curve along the edge, such as an accuracy of 1, would lose half of its width.
            clip_on=False,
        )
    axes.set_xlim(*((1, len(epochs)) if len(epochs) > 1 else (0.5, 1.5)))
    # One epoch has one tick; matplotlib would add half epochs.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
    axes.grid(color="#e0e0e0", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _mark_epoch(axes: Axes, curve: Sequence[float], epoch: int) -> None:
    axes.axvline(epoch, color=QUIET_INK, linewidth=0.7, linestyle=(0, (1, 1.5)))
    axes.plot(epoch, curve[epoch - 1], "o", color=_VALIDATION, markersize=4, markeredgewidth=0, clip_on=False)
    first, last = axes.get_xlim()
    share = (epoch - first) / (last - first)
    # Centred near an end the words would leave the panel.
    align = "left" if share < 0.2 else "right" if share > 0.8 else "center"
    axes.annotate(
        f"best epoch: {epoch}",
        (epoch, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha=align,
        va="bottom",
        color=QUIET_INK,
    )


def _label_ends(axes: Axes, curves: Curves, height_mm: float = _PANEL_MM[1]) -> None:
    """Write each curve's name at its end, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    points = height_mm * POINTS_PER_MM
    heights = [min((curve[-1] - low) / (high - low), 1.0) * points for curve in curves]
    middle, distance = sum(heights) / 2, heights[0] - heights[1]
    if abs(distance) < _LINE_POINTS:
        # Apart by a line, in the order in which the curves end.
        half = _LINE_POINTS / 2 if distance >= 0 else -_LINE_POINTS / 2
        heights = [middle + half, middle - half]
    for height, name, colour in zip(
        heights, ("training", "validation"), (_TRAINING, _VALIDATION), strict=True
    ):
        axes.annotate(
            name,
            (1, height / points),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
