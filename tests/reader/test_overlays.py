"""What is laid over an input image: the gradient of the neuron chosen, and its boxes, where they belong."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect
from reading import PHONE, WIDE, reading
from tiny_data import CLASSES

pytestmark = pytest.mark.slow

SIDE = 224
# Mean difference of pixel values that enlarging and reducing an image makes; that of two images is above 20.
SAME = 5


def article(page_locator: Any, label: str) -> Locator:
    found: Locator = page_locator("#guided-backprop article").nth(CLASSES.index(label))
    return found


def pixels_of(image: Locator) -> np.ndarray[Any, np.dtype[np.float64]]:
    data = base64.b64decode(str(image.get_attribute("src")).split(",", 1)[1])
    return small(Image.open(io.BytesIO(data)))


def seen(plate: Locator) -> np.ndarray[Any, np.dtype[np.float64]]:
    return small(Image.open(io.BytesIO(plate.screenshot())))


def small(image: Image.Image) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(image.convert("RGB").resize((56, 56), Image.Resampling.BOX), dtype=np.float64)


def differ(a: np.ndarray[Any, np.dtype[np.float64]], b: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.abs(a - b).mean())


@pytest.mark.long
@pytest.mark.parametrize("label", CLASSES)
def test_the_slider_fades_from_the_image_to_the_gradient(browser: Browser, build: Path, label: str) -> None:
    with reading(browser, build / "report.html") as page:
        part = article(page.locator, label)
        plate, slider = part.locator(".plate"), part.get_by_role("slider", name="Gradient")
        image = pixels_of(plate.locator("> img"))
        gradients = [pixels_of(gradient) for gradient in part.locator("td.gradient > img").all()]
        assert differ(seen(plate), image) < SAME
        for row, expected in enumerate(gradients):
            part.get_by_role("combobox", name="Neuron").select_option(index=row)
            slider.fill("100")
            displayed = seen(plate)
            assert differ(displayed, expected) < SAME
            assert differ(displayed, expected) == min(differ(displayed, gradient) for gradient in gradients)
            slider.fill("40")
            assert differ(seen(plate), 0.6 * image + 0.4 * expected) < SAME
        expect(part.get_by_role("status")).to_have_text("40 %")


@pytest.mark.long
@pytest.mark.parametrize("label", CLASSES)
def test_the_choice_names_the_neurons_of_the_table(
    browser: Browser, build: Path, results: Any, label: str
) -> None:
    with reading(browser, build / "report.html") as page:
        names = article(page.locator, label).locator("option").all_text_contents()
    rows = results["guided_backprop"]["rows"][label]
    locations = ["({}, {}, {})".format(*row["position"]) for row in rows]
    assert [name[: len(location)] for name, location in zip(names, locations, strict=True)] == locations


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("label", CLASSES)
def test_the_frames_stand_where_the_results_say(
    browser: Browser, build: Path, results: Any, label: str, width: int
) -> None:
    excited = results["neurons"]["top"][label] + results["neurons"]["top_distinct"][label]
    boxes = {tuple(neuron["position"]): neuron for neuron in excited}
    compared = set()
    with reading(browser, build / "report.html", width) as page:
        part = article(page.locator, label)
        field, patch = (part.get_by_role("checkbox", name=name) for name in ("Receptive field", "Patch"))
        field.check()
        for at, row in enumerate(results["guided_backprop"]["rows"][label]):
            part.get_by_role("combobox", name="Neuron").select_option(index=at)
            neuron = boxes.get(tuple(row["position"]))
            if neuron is None:
                expect(patch).to_be_disabled()
                expect(part.locator("label", has_text="Patch")).to_contain_text("not measured")
                expect(part.locator(".frame.patch")).to_be_hidden()
                continue
            expect(patch).to_be_enabled()
            patch.check()
            compared.add(tuple(row["position"]))
            for kind, box in ((".field", neuron["field"]), (".patch", neuron["patch"])):
                expected = [*box["rows"], *box["cols"]]
                assert place_of(part, kind) == pytest.approx(expected, abs=0.5)
        field.uncheck()
        expect(part.locator(".frame.field")).to_be_hidden()
    # The table has the most excited one of all; whether it has others of these is up to the images.
    assert tuple(results["neurons"]["top"][label][0]["position"]) in compared


def place_of(part: Locator, kind: str) -> list[float]:
    """Top, bottom, left and right of a frame in pixels of the image."""
    frame, image = part.locator(f".frame{kind}").bounding_box(), part.locator(".plate > img").bounding_box()
    assert frame is not None
    assert image is not None
    top, left = frame["y"] - image["y"], frame["x"] - image["x"]
    inner = [top / image["height"], (top + frame["height"]) / image["height"]]
    inner += [left / image["width"], (left + frame["width"]) / image["width"]]
    return [SIDE * share for share in inner]


@pytest.mark.long
def test_all_of_it_works_by_keyboard(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        part = article(page.locator, CLASSES[0])
        neuron = part.get_by_role("combobox", name="Neuron")
        neuron.select_option(index=0)
        first = part.locator(".layer").get_attribute("src")
        neuron.focus()
        page.keyboard.press("ArrowDown")
        assert part.locator(".layer").get_attribute("src") != first
        page.keyboard.press("Tab")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        expect(part.locator(".layer")).to_have_css("opacity", "0.15")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(part.locator(".frame.field")).to_be_visible()
