"""Every figure of every section shows its arrays: read back from the finished page by its labels and scales.

Figures are those that any section of the program declares. One that nothing here reads fails by its name, and
so do one that is on a page and was not read, and one whose section is in none of the finished reports.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finished_report import NETWORKS
from numpy.typing import NDArray
from read_back import (
    Axes,
    Page,
    Pixels,
    Scale,
    assert_like,
    cividis,
    decode,
    find_label,
    nearest,
    read_number,
    read_numbers,
)

from reportgen.contract.schema import read_results
from reportgen.figures.colour import diverging
from reportgen.figures.figure import FigureData
from reportgen.figures.montage import ScaleBar
from reportgen.outline.kind import Outline, ReportKind, find_kind, list_sections

Array = NDArray[Any]


@dataclass(frozen=True)
class Finished:
    """A finished report: its page, its numbers and its arrays."""

    page: Page
    results: Any
    folder: Path

    @property
    def kind(self) -> ReportKind:
        named = self.results["kind"]
        return Outline(named["name"], tuple(named["sections"])).kind

    @property
    def classes(self) -> list[str]:
        labels: list[str] = self.results["dataset"]["classes"]
        return labels

    def arrays(self, section: str) -> dict[str, Array]:
        with np.load(self.folder / "arrays" / f"{section}.npz") as archive:
            return dict(archive)

    @cached_property
    def images(self) -> list[Array]:
        """The example images (224, 224, 3) uint8."""
        arrays = self.arrays("neurons")
        return [arrays[f"image_{i}"] for i in range(len(self.classes))]

    def names(self, pattern: str) -> list[str]:
        """The figures on the page that a declared name stands for."""
        wanted = re.sub("<[a-z]>", r"\\d+", pattern)
        return [name for name in self.page.figures if re.fullmatch(wanted, name)]


def open_report(folder: Path) -> Finished:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    return Finished(page, json.loads((folder / "results.json").read_text(encoding="utf-8")), folder)


@pytest.fixture(scope="module")
def report(build: Path) -> Finished:
    """The assignment's report."""
    return open_report(build)


@pytest.fixture(scope="module")
def second(networks: Path) -> Finished:
    """A report with what that one lacks: the other sections, and a second layer."""
    return open_report(networks)


@pytest.fixture(params=["report", "second"])
def finished_report(request: pytest.FixtureRequest) -> Finished:
    found: Finished = request.getfixturevalue(request.param)
    return found


def index(name: str, at: int = -1) -> int:
    """A number in a figure's name: the last one counts the classes."""
    return int(re.findall(r"\d+", name)[at])


def close(found: Array, wanted: Array, slack: float, what: object) -> None:
    """Equal but for the step of the colours and the digits that are printed."""
    assert found.shape == wanted.shape, what
    worst = np.abs(found - wanted).max()
    assert worst <= slack, (what, worst, slack)


def rounding(value: float, digits: int = 3) -> float:
    """How far a number with so many significant digits may be from what it was."""
    return 0.51 * 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1) if value else 0.0


def cut(image: Array, box: Any) -> Array:
    return image[slice(*box["rows"]), slice(*box["cols"])]


def grey(image: Array) -> Array:
    """Luma by Rec. 601, as Pillow and the assignment have it."""
    luma: Array = image @ np.array([0.299, 0.587, 0.114])
    return luma


def read_images(report: Finished, name: str) -> None:
    arrays = report.arrays("convolution")
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles] == report.classes
    for i, tile in enumerate(tiles):
        assert_like(tile.pixels(), 255 * arrays[f"image_{i}"], tile.words)


def read_filter(report: Finished, name: str) -> None:
    kernel = report.arrays("convolution")["filter"]
    slices = kernel[..., None] if kernel.ndim == 2 else kernel
    *panels, bar = report.page.drawing(name).axes()
    low, high = sorted(read_number(text) for text, _ in bar.ticks("x"))[:: len(bar.ticks("x")) - 1]
    colours = {mark.style["fill"]: n for n, mark in enumerate(bar.squares)}
    assert len(panels) == slices.shape[2]
    for n, panel in enumerate(panels):
        numbers = [word for word in panel.words if re.fullmatch(r"−?\d\.\d+", word[0])]
        ordered = sorted(numbers, key=lambda word: (round(word[2]), word[1]))
        found = np.array([read_number(word[0]) for word in ordered]).reshape(slices.shape[:2])
        close(found, slices[..., n], 0.00051, name)
        squares = sorted(panel.squares, key=lambda s: (round(s.points[:, 1].min()), s.points[:, 0].min()))
        for square, weight in zip(squares, slices[..., n].ravel(), strict=True):
            displayed = [int(square.style["fill"][k : k + 2], 16) for k in (1, 3, 5)]
            scale = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in colours])
            share = np.abs(scale - displayed).sum(axis=1).argmin() / (len(scale) - 1)
            assert low + share * (high - low) == pytest.approx(weight, abs=0.02 * (high - low))


def read_responses(report: Finished, name: str) -> None:
    arrays, scale = report.arrays("convolution"), report.page.scale(name)
    assert scale.low == -scale.high
    tiles = report.page.tiles(name)
    assert [tile.head for tile in tiles] == report.classes
    for i, tile in enumerate(tiles):
        wanted = arrays[f"map_{i}"]
        found = scale.values(tile.shares(scale.colours))
        close(found, wanted, 0.51 * scale.step + rounding(scale.high), tile.head)
        ends = read_numbers(tile.words.removeprefix(tile.head).replace(" to ", " ; "))
        assert ends == pytest.approx([wanted.min(), wanted.max()], rel=6e-3)


def slices_of(tile: Array, scale: Scale, depth: int, side: int) -> Array:
    """The weights of a filter's tile (F, F, depth): slices in reading order, apart by lines of one colour."""
    separator = tile[side_of(tile, 0)] if depth > 1 else None
    rows, columns = (1, 1) if separator is None else grid_of(tile)
    height, width = (tile.shape[0] + 3) // rows, (tile.shape[1] + 3) // columns
    found = np.empty((side, side, depth))
    for k in range(depth):
        row, column = divmod(k, columns)
        for i, j in np.ndindex(side, side):
            # A corner of the square: in its middle negative weights bear a minus.
            y = row * height + i * ((height - 3) // side) + 1
            x = column * width + j * ((width - 3) // side) + 1
            share = np.abs(scale.colours - tile[y, x]).sum(axis=1).argmin() / (len(scale.colours) - 1)
            found[i, j, k] = scale.low + share * (scale.high - scale.low)
    return found


def side_of(tile: Array, start: int) -> tuple[int, int]:
    """A pixel of the first line between slices."""
    return next((0, x) for x in range(start, tile.shape[1]) if (tile[:, x] == 112).all())


def grid_of(tile: Array) -> tuple[int, int]:
    """How many rows and columns of slices there are, by the lines between them, three pixels wide."""
    return (
        1 + int((tile == 112).all(axis=(1, 2)).sum()) // 3,
        1 + int((tile == 112).all(axis=(0, 2)).sum()) // 3,
    )


def read_filters(report: Finished, name: str) -> None:
    n, scale = index(name), report.page.scale(name)
    kernels = report.arrays("conv_stack")[f"kernel_{n}"]
    displayed = report.results["conv_stack"]["shown"]
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles] == [f"filter {k}" for k in range(1, displayed + 1)]
    for k, tile in enumerate(tiles):
        found = slices_of(decode(tile.image, exact=True), scale, kernels.shape[2], kernels.shape[0])
        close(found, kernels[..., k], scale.step + rounding(scale.high), tile.words)


def read_maps(report: Finished, name: str) -> None:
    i, section = index(name), report.results["conv_stack"]
    maps = report.arrays("conv_stack")[name]
    given, *tiles = report.page.tiles(name)
    assert given.words == "input"
    image = report.images[i]
    assert_like(given.pixels(), image if section["colour"] else grey(image), name)
    assert [tile.head for tile in tiles] == [str(k) for k in range(1, section["shown"] + 1)]
    for k, tile in enumerate(tiles):
        own = tile.words.removeprefix(tile.head).strip()
        high = 0.0 if own == "silent" else read_number(own)
        assert high == pytest.approx(maps[..., k].max(), rel=6e-3)
        shares = tile.shares(cividis())
        block = round(maps.shape[0] / shares.shape[0])
        rows, columns = shares.shape
        wanted = maps[: rows * block, : columns * block, k].reshape(rows, block, columns, block).mean((1, 3))
        if section["shared_scale"]:
            high = report.page.scale(name).high
            assert high == pytest.approx(maps.max(), rel=6e-3)
        close(high * shares, wanted, high * 1.02 / 255 + rounding(high), (name, k))


def read_confusion(report: Finished, name: str) -> None:
    (axes,) = report.page.drawing(name).axes()
    matrix = (
        report.results["architectures"]["test"]["confusion"]
        if name == "network_test"
        else report.results["transfer"]["confusion"]["test"]
    )
    titles = {text: (x, y) for text, x, y in axes.words}
    # The title of the columns is below the squares, that of the rows to the left of them.
    squares = np.concatenate([square.points for square in axes.squares])
    assert titles["predicted class"][1] > squares[:, 1].max()
    assert titles["true class"][0] < squares[:, 0].min()
    check_counts(axes, np.array(matrix), report.classes)


def check_counts(axes: Axes, matrix: Array, classes: list[str]) -> None:
    """The numbers of a confusion matrix are where they belong, and so are the names of the classes, if it has
    any; the shades are shares of the rows.
    """
    squares = np.concatenate([square.points for square in axes.squares])
    ordered = sorted(axes.squares, key=lambda s: (round(s.points[:, 1].min()), s.points[:, 0].min()))
    found = np.array([count_in(axes.words, square.points) for square in ordered]).reshape(matrix.shape)
    np.testing.assert_array_equal(found, matrix)
    labels = [word for word in axes.words if word[0] in classes]
    below = [w for w in labels if w[2] > squares[:, 1].max()]
    beside = [w for w in labels if w[1] < squares[:, 0].min() and w[2] <= squares[:, 1].max()]
    if len(below) == len(classes):
        assert [w[0] for w in sorted(below, key=lambda w: w[1])] == classes
    if len(beside) == len(classes):
        assert [w[0] for w in sorted(beside, key=lambda w: w[2])] == classes
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    darkness = [-sum(int(s.style["fill"][k : k + 2], 16) for k in (1, 3, 5)) for s in ordered]
    order = np.argsort(shares.ravel(), kind="stable")
    assert (np.diff(np.array(darkness)[order]) >= 0).all(), "the shade is the share of the row"


def count_in(words: list[tuple[str, float, float]], square: Array) -> int:
    (left, top), (right, bottom) = square.min(axis=0), square.max(axis=0)
    (count,) = [int(text) for text, x, y in words if left < x < right and top < y < bottom and text.isdigit()]
    return count


def read_history(report: Finished, name: str) -> None:
    training = report.results["transfer"]
    reported = {"cross-entropy loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}
    for axes in report.page.drawing(name).axes():
        (title,) = {text for text, _, _ in axes.words} & reported.keys()
        check_curves(
            axes, [training["history"][key] for key in reported[title]], training["training"]["best_epoch"]
        )


def check_curves(axes: Axes, curves: list[list[float]], best: int) -> None:
    """A solid line has the values of the training images, a dashed one those of the validation images, with a
    mark on the best epoch.
    """
    lines = [line for line in axes.lines if line.style["stroke"] in ("#0072b2", "#d55e00")]
    assert [line.dashed for line in sorted(lines, key=lambda line: line.dashed)] == [False, True]
    ends = {"training", "validation"}
    for line in lines:
        wanted = curves[line.dashed]
        span = max(wanted) - min(wanted) + 0.02
        # Long curves are drawn without the points that lie on a line between their neighbours.
        drawn = np.interp(
            np.arange(1, len(wanted) + 1),
            axes.along("x", line.points[:, 0]),
            axes.along("y", line.points[:, 1]),
        )
        close(drawn, np.array(wanted), 0.005 * span, line.dashed)
        named = nearest(axes.words, ends, tuple(line.points[-1]))
        apart = np.ptp([word[2] for word in axes.words if word[0] in ends])
        if apart > 12:  # points: nearer ends are labelled side by side
            assert named == ("validation" if line.dashed else "training")
    (mark,) = [mark for mark in axes.marks if mark.style.get("fill") == "#d55e00"][:1]
    assert axes.along("x", mark.points[:, 0])[0] == pytest.approx(best, abs=0.2)
    assert axes.along("y", mark.points[:, 1])[0] == pytest.approx(curves[1][best - 1], abs=0.01)


def read_network_curves(report: Finished, name: str) -> None:
    panels = report.page.drawing(name).axes()
    networks = report.results["architectures"]["networks"]
    assert len(panels) == 2 * len(networks)
    for network, losses, accuracies in zip(networks, panels[::2], panels[1::2], strict=True):
        history, best = network["history"], network["best_epoch"]
        # Only what is left is named: the accuracies are to the right of it.
        assert network["name"] in {text for text, _, _ in losses.words}
        assert "accuracy" in {text for text, _, _ in accuracies.words}
        # A loss of more than 3 leaves its panel.
        assert max(history["loss"] + history["val_loss"]) < 3
        check_curves(losses, [history["loss"], history["val_loss"]], best)
        check_curves(accuracies, [history["accuracy"], history["val_accuracy"]], best)


def read_matrices(report: Finished, name: str) -> None:
    panels = report.page.drawing(name).axes()
    locations = [np.concatenate([s.points for s in axes.squares]).mean(axis=0) for axes in panels]
    # A column's name stands over its first matrix, a row's name to the left of its first one.
    heads = {
        text: location for axes, location in zip(panels, locations, strict=True) for text, _, _ in axes.words
    }
    networks = report.results["architectures"]["networks"]
    assert len(panels) == 2 * len(networks)
    for network in networks:
        for split, title in (("train", "training"), ("val", "validation")):
            at = np.array([heads[network["name"]][0], heads[title][1]])
            (axes,) = [
                a for a, location in zip(panels, locations, strict=True) if np.allclose(location, at, atol=1)
            ]
            check_counts(axes, np.array(network[split]["confusion"]), report.classes)


def read_network_maps(report: Finished, name: str) -> None:
    layers = report.results["best_network"]["layers"]
    tiles = iter(report.page.tiles(name))
    for n, layer in enumerate(layers):
        maps = report.arrays("best_network")[f"maps_{n}"].astype(np.float64)
        assert maps.shape[2] == layer["shown"]
        for k in range(layer["shown"]):
            tile, values = next(tiles), maps[..., k]
            assert tile.head == f"{n + 1} · {k + 1}"
            own = tile.words.removeprefix(tile.head).strip()
            ends = [0.0] if own == "silent" else [read_number(end) for end in own.split(" to ")]
            # What is not printed is zero, and zero is always in the scale.
            low, high = min(0.0, *ends), max(0.0, *ends)
            assert ends == pytest.approx([values.min(), values.max()][-len(ends) :], rel=6e-3)
            assert len(ends) == 2 or values.min() >= 0
            found = low + (high - low) * tile.shares(cividis())
            block = round(len(values) / len(found))
            (rows, columns), step = found.shape, high - low
            whole = values[: rows * block, : columns * block]
            wanted = whole.reshape(rows, block, columns, block).mean((1, 3))
            close(found, wanted, step * 1.02 / 255 + rounding(low) + rounding(high), (name, n, k))
    assert next(tiles, None) is None


def read_network_patches(report: Finished, name: str) -> None:
    neurons = report.results["best_network"]["neurons"]
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles[::2]] == list(neurons) == report.classes
    for i, (whole, patch, neuron) in enumerate(zip(tiles[::2], tiles[1::2], neurons.values(), strict=True)):
        image, box = report.arrays("best_network")[f"image_{i}"], neuron["patch"]
        picture = whole.pixels()
        assert framed(picture, box, picture.shape[0] / image.shape[0]) > 0.8, (name, i)
        assert patch.words.startswith("patch ")
        assert read_numbers(patch.words) == pytest.approx([neuron["value"]], rel=6e-3)
        assert_like(patch.pixels(), cut(image, box), (name, i))


def read_class_maps(report: Finished, name: str) -> None:
    i, scale = index(name), report.page.scale(name)
    label = report.classes[i]
    maps = report.arrays("grad_cam")["maps"][i].astype(np.float64)
    reported = report.results["grad_cam"]["classes"][label]["maps"]
    assert scale.low == 0
    assert scale.high == pytest.approx(maps.max(), rel=6e-3)
    given, *tiles = report.page.tiles(name)
    assert given.words == "image"
    assert_like(given.pixels(), report.images[i], name)
    assert [tile.head for tile in tiles] == report.classes
    for tile, own in zip(tiles, maps, strict=True):
        displayed = read_number(tile.words.removeprefix(tile.head))
        assert displayed == pytest.approx(reported[tile.head]["probability"], abs=5.1e-4)
        found = scale.values(tile.shares(scale.colours))
        close(found, own, scale.high * 1.02 / 255 + rounding(scale.high), (name, tile.head))


def read_misclassified(report: Finished, name: str) -> None:
    pixels = report.arrays("transfer")["misclassified"]
    tiles = report.page.tiles(name)
    assert len(tiles) == len(pixels)
    for tile, image, item in zip(tiles, pixels, report.results["transfer"]["misclassified"], strict=False):
        assert (tile.head, tile.words) == (item["true"], f"{item['true']} as {item['predicted']}")
        assert_like(tile.pixels(), image, item["file"])


def framed(picture: Pixels, box: Any, scale: float) -> float:
    """The share of a box's frame that is as dark or as white as frames are, whatever crosses it."""
    top, bottom = (edge * scale for edge in box["rows"])
    left, right = (edge * scale for edge in box["cols"])
    thick = max(1.0, scale * 2 / 3)
    down, across = np.linspace(top, bottom - 1, 200), np.linspace(left, right - 1, 200)
    ring = [
        *((y, left + thick) for y in down), *((y, right - 1 - thick) for y in down),
        *((top + thick, x) for x in across), *((bottom - 1 - thick, x) for x in across),
    ]  # fmt: skip
    where = np.clip(np.array(ring).round().astype(int), 0, np.array(picture.shape[:2]) - 1)
    level = picture[where[:, 0], where[:, 1]]
    return float(((level.max(axis=1) < 90) | (level.min(axis=1) > 190)).mean())


def darkness(picture: Pixels, box: Any, other: Any, scale: float) -> float:
    """The dark share of the line of a box's frame, where no ``other`` frame is near: of dashes about half."""
    (top, bottom), (left, right) = box["rows"], box["cols"]
    down, across = np.linspace(top + 9, bottom - 10, 200), np.linspace(left + 9, right - 10, 200)
    # The middle of a line, as wide as four thirds of a pixel, between its white edges.
    near = 0.9
    ring = np.array([
        *((y, left + near) for y in down), *((y, right - near) for y in down),
        *((top + near, x) for x in across), *((bottom - near, x) for x in across),
    ])  # fmt: skip
    away = np.ones(len(ring), bool)
    for axis, edge in [(0, each) for each in other["rows"]] + [(1, each) for each in other["cols"]]:
        away &= np.abs(ring[:, axis] - edge) > 9
    where = np.clip((ring[away] * scale - 0.5).round().astype(int), 0, np.array(picture.shape[:2]) - 1)
    assert len(where) > 50
    return float((picture[where[:, 0], where[:, 1]].max(axis=1) < 128).mean())


def read_frames(report: Finished, name: str) -> None:
    i = index(name)
    picture, image = report.page.picture(name), report.images[i]
    scale = picture.shape[0] / image.shape[0]
    top = report.results["neurons"]["top"][report.classes[i]]
    boxes = [*(neuron["patch"] for neuron in top), top[0]["field"]]
    for k, box in enumerate(boxes, 1):
        assert framed(picture, box, scale) > 0.9, (name, k)
    # Away from frames and their numbers it is the image.
    plain = np.ones(image.shape[:2], bool)
    for box in boxes:
        for rows, columns in edges(box):
            plain[rows, columns] = False
    small = picture[int(scale) // 2 :: int(scale), int(scale) // 2 :: int(scale)]
    assert np.abs(small - image.astype(int))[plain].mean() < 25, name


def edges(box: Any) -> Iterator[tuple[slice, slice]]:
    """What a frame and a number at one of its corners may hide."""
    (top, bottom), (left, right) = box["rows"], box["cols"]
    for start, stop in ((top - 8, top + 8), (bottom - 8, bottom + 8)):
        yield slice(max(start, 0), stop), slice(max(left - 8, 0), right + 8)
    for start, stop in ((left - 8, left + 8), (right - 8, right + 8)):
        yield slice(max(top - 8, 0), bottom + 8), slice(max(start, 0), stop)


def _output(value: float) -> str:
    """A neuron's output as it is printed everywhere: four digits, and one decimal of what is larger."""
    return f"{value:.1f}" if value >= 100 else f"{value:#.4g}".rstrip(".")


def read_patches(report: Finished, name: str) -> None:
    i = index(name)
    top, tiles = report.results["neurons"]["top"][report.classes[i]], report.page.tiles(name)
    assert len(tiles) == len(top)
    for k, (tile, neuron) in enumerate(zip(tiles, top, strict=True), 1):
        assert tile.head == f"({', '.join(map(str, neuron['position']))})"
        output = f"{tile.head} {k}: {_output(neuron['value'])}"
        if "occlusion" in report.results:
            tested = report.results["occlusion"]["neurons"][report.classes[i]][k - 1]
            assert tile.words.startswith(f"{output} {_occluded(tested)} "), tile.words
        else:
            assert tile.words == output
        assert_like(tile.pixels(), cut(report.images[i], neuron["patch"]), (name, tile.head))


def _occluded(tested: Any) -> str:
    """What is left of the patch alone, without it, and without a random box."""
    patch = tested["patch"]
    left = (patch["kept"], patch["removed"], tested["random_removed"])
    parts = [f"{each / tested['value']:.2f}" for each in left]
    return "alone {} without {} random {}".format(*parts)


def read_guided_input(report: Finished, name: str) -> None:
    assert_like(report.page.picture(name), report.images[index(name)], name)


def read_gradients(report: Finished, pattern: str) -> None:
    rows = report.results["guided_backprop"]["rows"]
    arrays = report.arrays("guided_backprop")
    tables = report.page.soup.select("#guided-backprop table.gradients")
    assert len(tables) == len(report.classes), pattern
    for i, (label, table) in enumerate(zip(report.classes, tables, strict=True)):
        assert label in table.find("caption").get_text()  # type: ignore[union-attr]
        found = table.select("tr.neuron")
        assert len(found) == len(rows[label])
        for row in found:
            head = " ".join(row.find("th").get_text().split())  # type: ignore[union-attr]
            position = [int(n) for n in re.findall(r"\d+", head.partition(")")[0])]
            k = next(k for k, each in enumerate(rows[label]) if each["position"] == position)
            pixels = decode(row.select_one(".gradient img"), exact=True)  # type: ignore[arg-type]
            words = " ".join(row.select_one(".scale").get_text().split())  # type: ignore[union-attr]
            gradient = arrays[f"gradients_{i}"][k]
            if words == "blank":
                assert not gradient.any()
                assert (pixels == 128).all()
                continue
            low, high = words.split("+")
            limit = read_number(high)
            assert read_number(low) == -limit
            wanted = np.clip(gradient, -limit, limit)
            close((pixels / 255 * 2 - 1) * limit, wanted, limit / 255 + rounding(limit, 2), (label, position))


def read_layer_patches(report: Finished, _pattern: str) -> None:
    more = report.results["neurons"].get("more") or []
    tables = report.page.soup.select("#neurons table.layer")
    for layer, table in zip(more, tables, strict=True):
        assert layer["layer"] in table.find("caption").get_text()  # type: ignore[union-attr]
        for label, image, body in zip(report.classes, report.images, table.select("tbody"), strict=True):
            tiles = body.select(".tile img")
            assert len(tiles) == len(layer["top"][label])
            for tile, neuron in zip(tiles, layer["top"][label], strict=True):
                assert_like(
                    decode(tile, exact=False), cut(image, neuron["patch"]), (label, neuron["position"])
                )


def read_leading(report: Finished, name: str) -> None:
    i = index(name)
    found = report.results["channels"]["classes"][report.classes[i]]
    reported = {"loud": "{value}", "decisive": "adds {contribution:.2f}", "unusual": "{ratio:.1f} × usual"}
    wanted = [(c, reported[kind]) for kind in reported for c in (found.get(kind) or [])[:5]]
    tiles = report.page.tiles(name)
    assert len(tiles) == len(wanted)
    for tile, (channel, form) in zip(tiles, wanted, strict=True):
        words = form.format(**{**channel, "value": _output(channel["value"])})
        expected = f"{channel['position'][2]} {words}".replace("-", "−")
        assert tile.words == expected.replace("−0.00", "0.00")
        assert_like(tile.pixels(), cut(report.images[i], channel["patch"]), (name, tile.words))


def read_exciting(report: Finished, name: str) -> None:
    channels = report.results["channels"]["over_data"]["channels"]
    patches = report.arrays("channels")["patches"]
    tiles = iter(report.page.tiles(name))
    for each, row in zip(channels, patches, strict=True):
        for k, (image, pixels) in enumerate(zip(each["images"], row, strict=True)):
            tile = next(tiles)
            which = f"{each['channel']}: " if k == 0 else ""
            assert (tile.head, tile.words) == (
                image["label"],
                f"{image['label']} {which}{image['value']:.0f}",
            )
            assert_like(tile.pixels(), pixels, (name, tile.words))
    assert next(tiles, None) is None


METHODS = {
    "gradient": "gradient", "grad. × input": "gradient_x_input", "deconvnet": "deconvnet",
    "guided": "guided", "integrated": "integrated_gradients", "SmoothGrad": "smoothgrad",
    "Grad-CAM": "grad_cam", "guided CAM": "guided_grad_cam", "occlusion": "occlusion",
}  # fmt: skip


def read_methods(report: Finished, name: str) -> None:
    i, displayed = index(name), report.results["methods"]["shown"]
    maps = report.arrays("methods")[name.replace("methods", "maps")]
    image, *tiles = report.page.tiles(name)
    assert image.words == "image"
    assert_like(image.pixels(), report.images[i], name)
    # Blue, white, red: the map of the caption, in its 255 steps.
    table = diverging(np.linspace(-1, 1, 255)[None], 1)[0].astype(np.int64)
    assert table[0, 2] > table[0, 0]
    assert table[-1, 0] > table[-1, 2]
    assert sorted(METHODS[tile.words] for tile in tiles) == sorted(displayed)
    for tile in tiles:
        whole = np.clip(maps[displayed.index(METHODS[tile.words])], -1, 1)
        wanted = (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / 4
        close(2 * tile.shares(table) - 1, wanted, 1.02 / 254, (name, tile.words))


def read_occlusion(report: Finished, name: str) -> None:
    i = index(name)
    image, neurons = report.images[i], report.results["occlusion"]["neurons"][report.classes[i]]
    boxes, *tiles = report.page.tiles(name)
    assert boxes.words == "dashed: patch solid: box 1"
    picture, scale = boxes.pixels(), boxes.pixels().shape[0] / image.shape[0]
    patch, best = neurons[0]["patch"]["box"], neurons[0]["best"]["box"]
    assert framed(picture, best, scale) > 0.5, name
    if patch != best:
        # Dashes are four widths of the line long, and three apart; where no frame is, nothing is so dark.
        assert 0.45 < darkness(picture, patch, best, scale) < 0.75, name
        assert darkness(picture, best, patch, scale) > 0.9, name
    assert len(tiles) == len(neurons)
    for k, (tile, neuron) in enumerate(zip(tiles, neurons, strict=True), 1):
        assert tile.head.startswith(f"{k}: kept")
        if neuron["value"]:
            left = [neuron["best"][kind] / neuron["value"] for kind in ("kept", "removed")]
            assert read_numbers(tile.words.partition(":")[2]) == pytest.approx(left, abs=0.0051)
        assert_like(tile.pixels(), cut(image, neuron["best"]["box"]), (name, k))


def read_randomised(report: Finished, name: str) -> None:
    i, section = index(name), report.results["randomisation"]
    neuron = list(section["neurons"].values())[i]
    networks = section["networks"]
    last = networks[0]["first_block"]
    heads = ["none", *("all" if n["first_block"] == 1 else str(last) if n["first_block"] == last
                       else f"{n['first_block']}–{last}" for n in networks)]  # fmt: skip
    tiles = report.page.tiles(name)
    assert [tile.head for tile in tiles] == 2 * heads
    for n, tile in enumerate(tiles):
        row, k = divmod(n, len(heads))
        kind = ("guided", "plain")[row]
        if k == 0:
            assert tile.words == f"none {kind}"
        elif (signed := neuron["redrawn"][k - 1]["likeness"][kind]["signed"]) is not None:
            assert read_numbers(tile.words.removeprefix(tile.head)) == pytest.approx([signed], abs=0.0101)
        whole = np.clip(cut(report.arrays("randomisation")[f"{kind}_{i}"][k], neuron["field"]), -1, 1)
        pixels = decode(tile.image, exact=True)
        # A pixel shows the mean of some values across and down, none of which is left out.
        step = len(whole) // len(pixels)
        assert step <= 2
        height, width = (length // step * step for length in whole.shape[:2])
        parts = [whole[i:height:step, j:width:step] for i in range(step) for j in range(step)]
        wanted = np.mean(parts, axis=0)
        close(pixels / 255 * 2 - 1, wanted, 1.02 / 255, (name, kind, tile.head))


def read_likeness(report: Finished, name: str) -> None:
    section = report.results["randomisation"]
    titles = {"signed rank correlation": "signed", "structural similarity": "ssim"}
    for axes in report.page.drawing(name).axes():
        (title,) = {text for text, _, _ in axes.words} & titles.keys()
        lines = [line for line in axes.lines if line.style["stroke"] in ("#0072b2", "#d55e00")]
        assert sorted(line.dashed for line in lines) == [False, True]
        for line in lines:
            kind = ("guided", "plain")[line.dashed]
            wanted = [1.0, *(mean[kind][titles[title]] for mean in section["mean"])]
            known = [value for value in wanted if value is not None]
            close(axes.along("y", line.points[:, 1]), np.array(known), 0.01, (title, kind))
            assert nearest(axes.words, {"guided", "plain"}, tuple(line.points[-1])) == kind
        found = sorted(
            value for mark in axes.marks if "none" in mark.style.get("fill", "none")
            for value in axes.along("y", mark.points[:, 1])
        )  # fmt: skip
        assert len(found) == sum(
            each["likeness"][kind][titles[title]] is not None
            for neuron in section["neurons"].values() for each in neuron["redrawn"]
            for kind in ("guided", "plain")
        )  # fmt: skip


CUES = {"outermost ring": "ring", "mean colour": "colour", "file": "file", "thumbnail": "thumbnail"}


def read_cues(report: Finished, name: str) -> None:
    section = report.results["shortcuts"]
    (axes,) = report.page.drawing(name).axes()
    accuracy = {
        cue: np.trace(np.array(matrix)) / np.sum(matrix) for cue, matrix in section["confusion"].items()
    }
    bars = [line for line in axes.lines if line.style["stroke"] == "#0072b2"]
    marks = [mark for mark in axes.marks if mark.style.get("stroke") == "#0072b2"]
    assert len(bars) == len(marks) == len(accuracy)
    names = [word for word in axes.words if word[0] in CUES]
    assert len(names) == len(accuracy)
    for mark, bar in zip(marks, bars, strict=True):
        # By height alone: the names are all to the left.
        cue = CUES[min(names, key=lambda word: abs(word[2] - mark.points[0, 1]))[0]]
        assert axes.along("x", mark.points[:, 0])[0] == pytest.approx(accuracy[cue], abs=0.003)
        low, high = sorted(axes.along("x", bar.points[:, 0]))
        assert [low, high] == pytest.approx(section["accuracy_interval"][cue], abs=0.003)
        assert (mark.style["fill"] == "#0072b2") == (cue in section["beyond_chance"])
    (chance,) = [line for line in axes.lines if line.dashed]
    assert axes.along("x", chance.points[:, 0]) == pytest.approx(section["chance"], abs=0.003)


def read_given_away(report: Finished, name: str) -> None:
    pixels = report.arrays("shortcuts")["shown"]
    reported = [label for label, files in report.results["shortcuts"]["examples"].items() for _ in files]
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles] == reported
    for n, (tile, image) in enumerate(zip(tiles, pixels, strict=True)):
        assert_like(tile.pixels(), image, (name, n))


def read_nearest(report: Finished, name: str) -> None:
    pixels = list(report.arrays("errors")["shown"])
    reported = [
        text for mistake in report.results["errors"]["mistakes"][:6]
        for text in (f"{mistake['true']} as {mistake['predicted']}",
                     *(f"{each['label']} {each['similarity']:.3f}" for each in mistake["nearest"]))
    ]  # fmt: skip
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles] == reported
    for n, (tile, image) in enumerate(zip(tiles, pixels, strict=True)):
        found, displayed = tile.pixels(), image.copy()
        if " as " in reported[n]:
            assert found[1:5].mean() < 40, "an error has a black frame"
            displayed[:9] = displayed[-9:] = displayed[:, :9] = displayed[:, -9:] = 0
        assert_like(found, displayed, (name, n))


def read_map(report: Finished, name: str) -> None:
    section, arrays = report.results["errors"], report.arrays("errors")
    (axes,) = report.page.drawing(name).axes()
    true = np.repeat(np.arange(len(section["images"])), list(section["images"].values()))
    wrong = arrays["probabilities"].argmax(axis=1) != true
    colours = {
        style["fill"]: find_label(displayed, section["images"])
        for displayed, style in axes.legend.items() if "fill" in style
    }  # fmt: skip
    found = {colours[mark.style["fill"]]: mark.points for mark in axes.marks if "fill" in mark.style}
    assert found.keys() == section["images"].keys()
    drawn = np.concatenate([found[label] for label in section["images"]])
    # The axes have no numbers, since the plane has no unit: so the places are right up to a scale.
    for axis, sign in ((0, 1), (1, -1)):
        locations, wanted = sign * drawn[:, axis], arrays["map"][:, axis]
        slope = np.ptp(locations) / np.ptp(wanted)
        close(locations - locations.min(), slope * (wanted - wanted.min()), 0.01, (name, axis))
    rings = [mark.points for mark in axes.marks if mark.style.get("fill-opacity") == "0"]
    np.testing.assert_allclose(np.concatenate(rings) if rings else np.empty((0, 2)), drawn[wrong], atol=0.01)


def read_twins(report: Finished, name: str) -> None:
    pixels = report.arrays("errors")["twins"]
    twins = report.results["errors"]["twins"][: len(pixels) // 2]
    tiles = report.page.tiles(name)
    assert [tile.words for tile in tiles] == [t[k] for t in twins for k in ("first_split", "second_split")]
    for n, (tile, image) in enumerate(zip(tiles, pixels, strict=True)):
        assert_like(tile.pixels(), image, (name, n))


READERS: dict[str, Callable[[Finished, str], None]] = {
    "convolution images": read_images, "convolution filter": read_filter,
    "convolution maps": read_responses,
    "conv_stack filters_1": read_filters, "conv_stack filters_2": read_filters,
    "conv_stack maps_1_<i>": read_maps, "conv_stack maps_2_<i>": read_maps,
    "transfer confusion": read_confusion, "transfer history": read_history,
    "transfer misclassified": read_misclassified,
    "neurons neuron_input_<i>": read_frames, "neurons patches_<i>": read_patches,
    "occlusion occlusion_<i>": read_occlusion, "channels leading_<i>": read_leading,
    "neurons layer_patches_<k>_<i>": read_layer_patches,
    "channels exciting": read_exciting,
    "guided_backprop guided_input_<i>": read_guided_input,
    "guided_backprop gradient_<i>_<k>": read_gradients,
    "methods methods_<i>": read_methods,
    "randomisation randomised_<i>": read_randomised, "randomisation likeness": read_likeness,
    "shortcuts given_away": read_given_away, "shortcuts cues": read_cues,
    "errors nearest": read_nearest, "errors map": read_map, "errors twins": read_twins,
    "architectures network_curves": read_network_curves,
    "architectures network_confusions": read_matrices, "architectures network_test": read_confusion,
    "best_network network_maps": read_network_maps, "best_network network_patches": read_network_patches,
    "grad_cam grad_cam_<i>": read_class_maps,
}  # fmt: skip
"""What reads each declared figure back."""

DECLARED = {
    f"{section.name} {displayed.name}": displayed
    for section in list_sections()
    if section.package.startswith("reportgen.")
    for displayed in section.figures
}
"""Every figure that any section of reportgen's own declares, whichever report it is in, so that none can be
left out here; other packages that are installed have tests of their own.
"""


SECTIONS = {
    "report": find_kind().names,
    "second": tuple(tomllib.loads(NETWORKS)["sections"]),
}
"""The sections of the finished reports."""

CASES = [
    (which, declared)
    for which, names in SECTIONS.items()
    for declared in DECLARED
    if declared.split()[0] in names
]


def test_every_section_is_in_a_report_that_is_read() -> None:
    assert {declared for _, declared in CASES} == DECLARED.keys() == READERS.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("finished_report", "declared"), CASES, indirect=["finished_report"])
def test_every_figure_shows_its_numbers(finished_report: Finished, declared: str) -> None:
    report = finished_report
    read, displayed = READERS[declared], DECLARED[declared]
    pattern = displayed.name
    names = [pattern] if displayed.location == "cell" else report.names(pattern)
    if not names and displayed.if_any:
        pytest.skip("this report has no such figure")
    assert len(names) == (len(report.classes) if "<i>" in pattern and displayed.location != "cell" else 1)
    for name in names:
        read(report, name)


@pytest.mark.slow
def test_the_second_report_can_tell_what_readers_ask(second: Finished) -> None:
    """Without a second layer nothing would be read, and equal matrices could be taken for each other."""
    assert [layer["layer"] for layer in second.results["neurons"]["more"]] == ["block1_conv1"]
    splits = second.results["transfer"]["confusion"]
    assert splits["test"] != np.transpose(splits["test"]).tolist()
    assert splits["test"] not in (splits["val"], splits["train"])


@pytest.mark.slow
def test_no_figure_of_a_page_goes_unread(finished_report: Finished) -> None:
    patterns = [re.sub("<[a-z]>", r"\\d+", displayed.name) for displayed in DECLARED.values()]
    unread = [n for n in finished_report.page.figures if not any(re.fullmatch(p, n) for p in patterns)]
    assert unread == []


@pytest.mark.slow
def test_a_file_has_the_scale_that_the_page_prints(
    finished_report: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page prints the ends of a scale from the results, the file in ``figures/`` those of its own bar.

    Red if a bar says twice the scale, or is coloured in another way than its tiles.
    """
    report = finished_report
    numbers = read_results((report.folder / "results.json").read_bytes(), report.kind)
    bars: dict[str, ScaleBar] = {}
    for section in report.kind.sections:
        if not section.has_module("figures"):
            continue
        module = import_module(f"reportgen.sections.{section.name}.figures")
        if (real := getattr(module, "lettered_figure", None)) is None:
            continue

        def draw(name: str, *given: Any, real: Any = real, bar: ScaleBar | None = None, **more: Any) -> Any:
            if bar:
                bars[name] = bar
            return real(name, *given, bar=bar, **more)

        monkeypatch.setattr(module, "lettered_figure", draw)
        data = FigureData(getattr(numbers, section.name), report.arrays(section.name), report.images)
        list(module.draw(data))
    assert bars.keys() == {name for name in report.page.figures if report.page.has_scale(name)} != set()
    for name, bar in bars.items():
        scale = report.page.scale(name)
        assert (bar.low, bar.high) == pytest.approx((scale.low, scale.high), rel=6e-3), name
        strip = bar.strip(len(scale.colours))[0].astype(int)
        assert np.abs(strip - scale.colours).max() <= 2, name
