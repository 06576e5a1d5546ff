"""The pictures of boxes by occlusion: which is where, and what is said of them."""

from __future__ import annotations

import numpy as np
from small_results import small_results

from reportgen.figures.figure import FigureData
from reportgen.sections.occlusion.figures import draw, make_tiles

IMAGE = np.random.default_rng(1).integers(0, 256, (224, 224, 3), np.uint8)


def test_tiles_are_the_image_with_both_frames_and_then_the_boxes() -> None:
    neuron = small_results().occlusion.neurons["cat"][0]
    framed, first, second = make_tiles(IMAGE, [neuron, neuron.model_copy(update={"value": 0.0})])
    box = neuron.best.box
    np.testing.assert_array_equal(first.pixels, IMAGE[slice(*box.rows), slice(*box.cols)])
    assert (first.label, first.sublabel) == ("1: kept 0.60", "removed 0.40")
    assert (second.label, second.sublabel) == ("2: kept –", "removed –")
    assert framed.pixels.shape[0] > 224


def test_the_description_names_the_boxes_and_what_is_left() -> None:
    section = small_results().occlusion
    (cat, dog) = draw(FigureData(section, {}, [IMAGE, IMAGE]))
    assert (cat.name, dog.name) == ("occlusion_0", "occlusion_1")
    assert "image of dog" in dog.alt
    assert "patch of the most excited neuron, rows 40 to 90 and columns 50 to 120" in cat.alt
    assert "box 1, rows 80 to 130 and columns 30 to 100, kept 0.60, removed 0.40" in cat.alt
