"""The band of errors, read back from the finished picture, and the map, from the plot."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_results import document

from reportgen.figures.figure import Figure, FigureData
from reportgen.figures.plots import house_style, svg_picture
from reportgen.sections.errors.figures import describe_map, draw, locate_points, plot_map
from reportgen.sections.errors.result import Errors

COLOURS = [(220, 40, 40), (40, 200, 60), (50, 60, 220), (220, 210, 40), (200, 60, 200), (60, 210, 210)]
PROBABILITIES = np.array([[0.9, 0.1]] * 3 + [[0.3, 0.7]] + [[0.2, 0.8]] * 4, np.float32)
PLACES = np.arange(16, dtype=np.float32).reshape(8, 2) ** 2


def section(mistakes: int) -> Errors:
    changed = document()["errors"]
    (mistake,) = changed["mistakes"]
    changed["mistakes"] = [{**mistake, "file": f"test/{n}.jpg"} for n in range(mistakes)]
    return Errors.model_validate(changed)


def drawn(mistakes: int) -> dict[str, Figure]:
    arrays = {"map": PLACES, "probabilities": PROBABILITIES}
    if mistakes:
        arrays["shown"] = np.stack([np.full((224, 224, 3), c, np.uint8) for c in COLOURS[: 3 * mistakes]])
        arrays["twins"] = np.stack([np.full((224, 224, 3), c, np.uint8) for c in COLOURS[:4]])
    return {each.name: each for each in draw(FigureData(section(mistakes), arrays))}


def extent(figure: Figure, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Half-open top, bottom, left, right of a colour in the picture."""
    sheet = np.asarray(Image.open(io.BytesIO(figure.picture.data)).convert("RGB")).astype(int)
    near = (np.abs(sheet - colour).max(axis=-1) < 25)[2:-2, 2:-2]
    rows, columns = np.flatnonzero(near.sum(1) > 30) + 2, np.flatnonzero(near.sum(0) > 30) + 2
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def test_each_error_stands_in_a_black_frame_before_its_nearest_images() -> None:
    figure = drawn(2)["nearest"]
    sheet = np.asarray(Image.open(io.BytesIO(figure.picture.data)).convert("RGB")).astype(int)
    boxes = [extent(figure, colour) for colour in COLOURS]
    assert [box[2] for box in boxes] == sorted(box[2] for box in boxes)
    for n, (top, bottom, left, right) in enumerate(boxes):
        middle = (top + bottom) // 2
        framed = left >= 4 and sheet[middle, left - 4].max() < 60
        assert framed == (n % 3 == 0), "the first of three is the error"
        assert bottom - top == pytest.approx(right - left, abs=2)
    for n in range(2):
        assert f"test/{n}.jpg, cat predicted as dog: train/dog/1.jpg (dog, 0.875)" in figure.alt


def test_pairs_stand_side_by_side_with_their_splits() -> None:
    figure = drawn(1)["twins"]
    lefts = [extent(figure, colour)[2] for colour in COLOURS[:4]]
    assert lefts == sorted(lefts)
    assert "train/cat/1.jpg and test/x.jpg; train/dog/1.jpg and val/dog/1.jpg" in figure.alt


def points(probabilities: NDArray[np.float32]) -> dict[str, list[list[float]]]:
    with house_style():
        (axes,) = plot_map(section(1), PLACES, probabilities).axes
    return {str(line.get_label()): np.column_stack(line.get_data()).tolist() for line in axes.lines}


def test_the_map_has_each_image_at_its_place_and_rings_the_errors() -> None:
    found = points(PROBABILITIES)
    assert found == {
        "cat": PLACES[:4].tolist(), "dog": PLACES[4:].tolist(), "misclassified": [PLACES[3].tolist()],
    }  # fmt: skip
    swapped = PROBABILITIES.copy()
    swapped[[3, 6]] = swapped[[6, 3]]
    assert points(swapped)["misclassified"] == [PLACES[3].tolist()]
    right = np.where(np.arange(8)[:, None] < 4, [[0.9, 0.1]], [[0.1, 0.9]])
    assert "misclassified" not in points(right.astype(np.float32))


def test_classes_differ_in_shape_as_well_as_in_colour() -> None:
    with house_style():
        (axes,) = plot_map(section(1), PLACES, PROBABILITIES).axes
    shapes = [line.get_marker() for line in axes.lines[:2]]
    assert len(set(shapes)) == 2
    assert "50.0 % of variance" in axes.get_xlabel()
    assert "25.0 % of variance" in axes.get_ylabel()


def test_without_an_error_there_is_the_map_alone() -> None:
    figures = drawn(0)
    assert list(figures) == ["map"]
    assert "in a ring: none" in figures["map"].alt


def test_the_page_knows_where_the_point_of_each_image_is_drawn() -> None:
    with house_style():
        plot = plot_map(section(1), PLACES, PROBABILITIES)
        svg = svg_picture(plot).data.decode()
        # As matplotlib itself says, in inches of what is cut out.
        (axes,), cut = plot.axes, plot.get_tightbbox().padded(0.5 / 72)
        x, y = (axes.transData.transform(PLACES) / plot.dpi).T
    found = locate_points(svg, PLACES)
    assert found is not None
    expected = np.column_stack([(x - cut.x0) / cut.width, (cut.y1 - y) / cut.height])
    assert np.abs(found - expected).max() < 0.002
    # Points of other images, or too few of them, are none.
    assert locate_points(svg, PLACES[::-1] ** 1.5) is None
    assert locate_points(svg.replace("<use", "<nouse"), PLACES) is None


def many(count: int) -> tuple[Errors, NDArray[np.float32], NDArray[np.float32]]:
    """A section with so many classes of one image each, their points, and what the network says of them."""
    labels = [f"class{i}" for i in range(count)]
    places = np.random.default_rng(1).normal(size=(count, 2)).astype(np.float32)
    made = section(0).model_copy(update={"images": dict.fromkeys(labels, 1)})
    return made, places, np.eye(count, dtype=np.float32)


def grey_pictures(count: int) -> list[bytes]:
    """What is drawn of each class alone, in the middle of a picture without colours."""
    made, places, probabilities = many(count)
    with house_style():
        plot = plot_map(made, places, probabilities)
        (axes,) = plot.axes
        axes.set_axis_off()
        axes.legend([], frameon=False)
        found = []
        for line in axes.lines:
            for each in axes.lines:
                each.set_visible(each is line)
            line.set_data([0.0], [0.0])
            axes.set(xlim=(-1, 1), ylim=(-1, 1))
            buffer = io.BytesIO()
            plot.savefig(buffer, format="png", dpi=200)
            with Image.open(buffer) as image:
                grey = np.asarray(image.convert("L"), np.int16)
            # Greys that a printer shows alike are one.
            found.append((grey // 86).astype(np.uint8).tobytes())
        return found


def test_no_two_of_many_classes_look_alike_in_grey_print() -> None:
    """Red if the ninth class looks as the first does."""
    assert len(set(grey_pictures(24))) == 24


def test_many_classes_are_still_found_where_they_are_drawn() -> None:
    made, places, probabilities = many(24)
    with house_style():
        svg = svg_picture(plot_map(made, places, probabilities)).data.decode()
    assert locate_points(svg, places) is not None


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (2, "Each class has a shape of its own: class0 and class1."),
        (8, "Each class has a shape of its own: "),
        (9, "Each class has a shape or a filling of its own: "),
        (24, "Each class has a shape or a filling of its own: "),
        (25, "The 24 shapes and fillings come again after every 24 classes: "),
    ],
)
def test_what_is_said_of_shapes_is_true(count: int, said: str) -> None:
    made, places, probabilities = many(count)
    assert said in describe_map(made)
    with house_style():
        (axes,) = plot_map(made, places, probabilities).axes
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in axes.lines}
    assert (len(looks) == count) == ("of its own" in said)
