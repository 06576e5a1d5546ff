"""Reads finished pictures back: tiles by their labels, values by the colours and numbers printed with them.

Nothing here knows how a figure was laid out. A tile is found by the text below it, a colour is undone by the
scale that is drawn beside it (or by the colour map that the caption names), a point of a plot by the ticks of
its axes.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
from bs4 import BeautifulSoup, Tag
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.int64]
Values = NDArray[np.float64]

NUMBER = r"[−-]?\d+(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def read_number(text: str) -> float:
    """A printed number."""
    mantissa, _, power = text.strip().replace("−", "-").replace("+", "").partition(" × 10")
    return float(mantissa) * 10.0 ** int(power.translate(_RAISED) or 0)


def read_numbers(text: str) -> list[float]:
    """All numbers of a text, in order."""
    return [read_number(found) for found in re.findall(NUMBER, text)]


def decode(image: Tag, *, exact: bool) -> Pixels:
    """The pixels (H, W, 3) of an ``<img>``, which is a PNG if it has to be ``exact``."""
    kind, data = re.fullmatch(r"data:image/(\w+);base64,(.+)", str(image["src"]), re.DOTALL).groups()  # type: ignore[union-attr]
    assert (kind == "png") >= exact, "a picture of data is kept without loss"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    return np.asarray(picture.convert("RGB")).astype(np.int64)


def cividis() -> Pixels:
    """The colours of feature maps, from the low end to the high one."""
    table = matplotlib.colormaps["cividis"](np.arange(256), bytes=True)
    return np.asarray(table)[:, :3].astype(np.int64)


@dataclass(frozen=True)
class Tile:
    """One picture of a figure, with the words below it: those of the first line and all of them."""

    image: Tag
    head: str
    words: str

    def pixels(self) -> Pixels:
        """What a photograph looks like."""
        return decode(self.image, exact=False)

    def shares(self, table: Pixels) -> Values:
        """Where on a scale each pixel is, 0 at its low end and 1 at its high one, by its colour."""
        pixels = decode(self.image, exact=True)
        # Of neighbours of one colour, which 8 bits make of some, the mean.
        locations: dict[tuple[int, ...], list[int]] = {}
        for n, colour in enumerate(table.tolist()):
            locations.setdefault(tuple(colour), []).append(n)
        index = {colour: sum(known) / len(known) for colour, known in locations.items()}
        flat = [index[tuple(colour)] for colour in pixels.reshape(-1, 3).tolist()]
        return np.array(flat, np.float64).reshape(pixels.shape[:2]) / (len(table) - 1)


@dataclass(frozen=True)
class Scale:
    """A colour scale as it is drawn: its colours, and the numbers at its ends."""

    colours: Pixels
    low: float
    high: float

    def values(self, shares: Values) -> Values:
        """The numbers of a tile on this scale."""
        return self.low + shares * (self.high - self.low)

    @property
    def step(self) -> float:
        """What one colour covers."""
        return (self.high - self.low) / (len(np.unique(self.colours, axis=0)) - 1)


class Page:
    """The pictures of a finished report."""

    def __init__(self, html: str) -> None:
        self.soup = BeautifulSoup(html, "lxml")

    @cached_property
    def figures(self) -> list[str]:
        """The names of all numbered figures on the page."""
        return [str(figure["id"]).removeprefix("figure-") for figure in self.soup.select("main figure[id]")]

    def figure(self, name: str) -> Tag:
        found = self.soup.find("figure", id=f"figure-{name}")
        assert isinstance(found, Tag), f"there is no figure {name}"
        return found

    def tiles(self, name: str) -> list[Tile]:
        """The tiles of a figure in their order on the page."""
        found = []
        for tile in self.figure(name).select(".sheet .tile"):
            image, label = tile.find("img"), tile.select_one(".label")
            assert isinstance(image, Tag)
            assert label is not None
            bold = label.find("b")
            words = " ".join(label.get_text().split())
            found.append(Tile(image, " ".join(bold.get_text().split()) if bold else words, words))
        return found

    def has_scale(self, name: str) -> bool:
        """Whether the tiles of a figure share a scale."""
        return self.figure(name).select_one(".shared") is not None

    def scale(self, name: str) -> Scale:
        """The scale that the tiles of a figure share."""
        shared = self.figure(name).select_one(".shared")
        assert shared is not None, f"{name} has no scale"
        strip, low, high = (shared.select_one(kind) for kind in (".ramp img", ".low", ".high"))
        assert strip is not None
        assert low is not None
        assert high is not None
        return Scale(decode(strip, exact=True)[0], *(read_number(end.get_text()) for end in (low, high)))

    def picture(self, name: str) -> Pixels:
        """A figure that is one photograph."""
        image = self.figure(name).find("img")
        assert isinstance(image, Tag)
        return decode(image, exact=False)

    def drawing(self, name: str) -> Drawing:
        """A figure that is a plot."""
        image = self.figure(name).find("img")
        assert isinstance(image, Tag)
        return Drawing(base64.b64decode(str(image["src"]).partition(",")[2]))


@dataclass(frozen=True)
class Mark:
    """A piece of a plot: its points (N, 2) in the drawing, y downwards, and its colours."""

    points: Values
    style: Mapping[str, str]

    @property
    def dashed(self) -> bool:
        return "stroke-dasharray" in self.style


class Drawing:
    """An SVG of matplotlib: where its words, lines, marks and squares are."""

    def __init__(self, data: bytes) -> None:
        builder = ElementTree.TreeBuilder(insert_comments=True)
        self.root = ElementTree.fromstring(data, ElementTree.XMLParser(target=builder))  # noqa: S314 - our own

    def axes(self) -> list[Axes]:
        """The panels, from left to right."""
        return [Axes(element) for element in self.root.iter() if element.get("id", "").startswith("axes_")]


_COMMENT: Any = ElementTree.Comment
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


class Axes:
    """One panel of a plot."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.element = element

    def _groups(self, kind: str) -> Iterator[ElementTree.Element]:
        for group in self.element.iter(f"{_SVG}g"):
            if group.get("id", "").startswith(f"{kind}_"):
                yield group

    @cached_property
    def words(self) -> list[tuple[str, float, float]]:
        """Every text with the left end of its baseline (x, y); outlines say in a comment what they spell."""
        found = []
        for group in self._groups("text"):
            text = next(spell(each) for each in group if each.tag is _COMMENT)
            moved = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", group.find(f"{_SVG}g").get("transform"))  # type: ignore[union-attr, arg-type]
            assert moved is not None
            found.append((text, float(moved[1]), float(moved[2])))
        return found

    def ticks(self, axis: str) -> list[tuple[str, float]]:
        """The numbers or names along an axis, each with its place."""
        found = []
        for group in self._groups(f"{axis}tick"):
            (text,) = [spell(e) for e in group.iter() if e.tag is _COMMENT]
            mark = group.find(f".//{_SVG}use[@x]")
            assert mark is not None
            found.append((text, float(mark.get("x" if axis == "x" else "y", "nan"))))
        return found

    def along(self, axis: str, locations: Values) -> Values:
        """Places on the drawing as the numbers that the ticks of an axis say."""
        known = [(read_number(text), location) for text, location in self.ticks(axis)]
        (first, start), (last, stop) = known[0], known[-1]
        return first + (locations - start) * (last - first) / (stop - start)

    @cached_property
    def lines(self) -> list[Mark]:
        """The lines that are drawn, without those of the grid."""
        return [
            Mark(_points(path.get("d", "")), _style(path))
            for group in self._groups("line2d")
            for path in group.findall(f"{_SVG}path")
            if _style(path).get("stroke", "") not in ("", "#e0e0e0")
        ]

    @cached_property
    def marks(self) -> list[Mark]:
        """The marks, one for each line that has any, without those of the axes and of the legend."""
        found = []
        skipped = {
            id(g) for kind in ("xtick", "ytick", "legend") for top in self._groups(kind) for g in top.iter()
        }
        for group in self._groups("line2d"):
            uses = [use for use in group.iter(f"{_SVG}use") if id(group) not in skipped]
            if uses:
                points = [(float(use.get("x", "nan")), float(use.get("y", "nan"))) for use in uses]
                found.append(Mark(np.array(points), _style(uses[0])))
        return found

    @cached_property
    def legend(self) -> dict[str, Mapping[str, str]]:
        """The names of the legend with the style of the mark beside each."""
        found: dict[str, Mapping[str, str]] = {}
        for group in self._groups("legend"):
            marks = [_style(use) for use in group.iter(f"{_SVG}use") if use.get("x")]
            names = [spell(e) for e in group.iter() if e.tag is _COMMENT]
            found |= dict(zip(names, marks, strict=True))
        return found

    @cached_property
    def squares(self) -> list[Mark]:
        """The filled rectangles."""
        return [
            Mark(_points(path.get("d", "")), _style(path))
            for group in self._groups("patch")
            for path in group.findall(f"{_SVG}path")
            if re.fullmatch("#[0-9a-f]{6}", _style(path).get("fill", ""))
        ]


def spell(comment: ElementTree.Element) -> str:
    """What the outlines after a comment spell; matplotlib escapes what could end the comment."""
    return unescape(str(comment.text).strip())


def find_label(displayed: str, labels: Iterable[str]) -> str:
    """The class whose name is written somewhere, perhaps cut and ended with an ellipsis."""
    return next(
        each
        for each in labels
        if each == displayed or (displayed[-1] == "…" and each.startswith(displayed[:-1]))
    )


def _points(path: str) -> Values:
    return np.array([float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", path)]).reshape(-1, 2)


def _style(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def nearest(words: list[tuple[str, float, float]], among: set[str], at: tuple[float, float]) -> str:
    """Which of some words is nearest to a place."""
    return min(
        (word for word in words if word[0] in among), key=lambda w: (w[1] - at[0]) ** 2 + (w[2] - at[1]) ** 2
    )[0]


def assert_like(found: Any, photograph: Any, what: object) -> None:
    """A JPEG shows a photograph: the same size, and few levels of difference on average.

    Noise, which the test data have behind their shapes, loses 4.8 levels; another such image is 30 off.
    """
    wanted = np.asarray(photograph, np.float64)
    if wanted.ndim == 2:
        wanted = np.repeat(wanted[..., None], 3, axis=-1)
    if found.shape != wanted.shape:
        resized = Image.fromarray(np.rint(wanted).astype(np.uint8)).resize(
            (found.shape[1], found.shape[0]), Image.Resampling.LANCZOS
        )
        assert abs(found.shape[0] / found.shape[1] - wanted.shape[0] / wanted.shape[1]) < 0.05, what
        wanted = np.asarray(resized, np.float64)
    error = np.abs(found - wanted).mean()
    assert error < max(6.0, 0.15 * wanted.std()), (what, error)
