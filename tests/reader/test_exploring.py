"""What can be done with the numbers behind the figures is what the arrays say."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from reading import PHONE, WIDE, reading
from tiny_data import CLASSES

pytestmark = pytest.mark.slow

Arrays = dict[str, NDArray[Any]]

PLACES = """([box, places]) => {
  const surface = document.querySelector(`[data-explorer="${box}"] .surface`);
  const area = surface.getBoundingClientRect();
  return places.map(([row, col]) => {
    // The middle of the pixel that is the middle of the window.
    const clientX = area.left + (area.width * (col + 1.5)) / 224;
    const clientY = area.top + (area.height * (row + 1.5)) / 224;
    surface.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
    const told = [...document.querySelectorAll(`[data-explorer="${box}"] data`)];
    const terms = [...document.querySelectorAll(`[data-explorer="${box}"] .products .cell`)];
    return {
      at: [Number(surface.dataset.row), Number(surface.dataset.col)],
      values: told.map((value) => Number(value.value)),
      products: terms.map((cell) => Number(cell.textContent.replace("−", "-"))),
    };
  });
}"""


def arrays_of(build: Path, section: str) -> Arrays:
    with np.load(build / "arrays" / f"{section}.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def page(browser: Browser, build: Path) -> Iterator[Page]:
    """One page for all of them: it takes longer to open than anything that is done with it."""
    with reading(browser, build / "report.html") as page:
        yield page


def explorer(page: Page, name: str) -> Locator:
    """A part to explore, when its numbers are there."""
    box = page.locator(f'[data-explorer="{name}"]')
    box.scroll_into_view_if_needed()
    if name in ("convolution", "stack", "neurons"):
        expect(box).to_have_attribute("data-ready", "", timeout=60_000)
    return box


TRIED_EARLY = """() => {
  let tried = 0;
  for (const name of ["convolution", "stack", "neurons"]) {
    const box = document.querySelector(`[data-explorer="${name}"]`);
    if ("ready" in box.dataset) throw new Error("too late");
    const surface = box.querySelector(".surface");
    for (const key of ["ArrowDown", "Enter"]) surface.dispatchEvent(new KeyboardEvent("keydown", { key }));
    surface.dispatchEvent(new PointerEvent("pointermove", { clientX: 1, clientY: 1 }));
    for (const choice of box.querySelectorAll("select, input")) choice.dispatchEvent(new Event("input"));
    for (const button of box.querySelectorAll("button")) button.click();
    tried += 1;
  }
  return tried;
}"""


@pytest.mark.long
def test_what_is_tried_before_the_numbers_are_read_does_no_harm(browser: Browser, build: Path) -> None:
    # Whatever fails in the page's script fails in ``reading``.
    with reading(browser, build / "report.html") as page:
        assert page.evaluate(TRIED_EARLY) == 3
        for name in ("convolution", "stack", "neurons"):
            explorer(page, name)


def draw_places(count: int) -> list[list[int]]:
    drawn: list[list[int]] = np.random.default_rng(15).integers(0, 222, (count, 2)).tolist()
    return drawn


@pytest.mark.long
def test_a_hundred_sums_of_nine_products_are_the_values_of_the_map(page: Page, build: Path) -> None:
    arrays, box = arrays_of(build, "convolution"), explorer(page, "convolution")
    for i in range(len(CLASSES)):
        box.get_by_role("combobox", name="Image").select_option(index=i)
        locations = draw_places(100 if i == 0 else 20)
        for (row, col), reported in zip(
            locations, page.evaluate(PLACES, ["convolution", locations]), strict=True
        ):
            assert reported["at"] == [row, col]
            assert reported["values"] == [pytest.approx(arrays[f"map_{i}"][row, col], abs=1e-6)]
            window = arrays[f"image_{i}"][row : row + 3, col : col + 3] * arrays["filter"]
            # As printed, with two decimals.
            assert reported["products"] == pytest.approx(window.ravel().tolist(), abs=0.0051)


MIDDLES = """([box, places, [rows, cols]]) => {
  const surface = document.querySelector(`[data-explorer="${box}"] .surface`);
  const area = surface.getBoundingClientRect();
  const told = [...document.querySelectorAll(`[data-explorer="${box}"] data`)];
  return places.map(([y, x]) => {
    const clientX = area.left + (area.width * (x + 0.5)) / cols;
    const clientY = area.top + (area.height * (y + 0.5)) / rows;
    surface.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
    const frame = document.querySelector(`[data-explorer="${box}"] .window`).style;
    return {
      at: [Number(surface.dataset.row), Number(surface.dataset.col)],
      frame: [frame.top, frame.left, frame.height, frame.width].map((share) => 2.24 * parseFloat(share)),
      values: told.map((each) => Number(each.value)),
      cells: document.querySelectorAll(`[data-explorer="${box}"] .products .cell`).length,
    };
  });
}"""


def test_windows_of_other_sizes_strides_and_paddings(browser: Browser, windows: Path) -> None:
    """The pointer is put on the pixel in the middle of each window: 2 · row − 1 + 2, and 3 · row − 2 + 2."""
    with reading(browser, windows / "report.html") as page:
        for name, size, stride, padding in (("convolution", 5, 2, 1), ("stack", 4, 3, 2)):
            box = explorer(page, name)
            if name == "convolution":
                values = arrays_of(windows, "convolution")["map_0"]
            else:
                values = arrays_of(windows, "conv_stack")["maps_1_0"][..., 0]
            locations = [
                [0, 0],
                [0, values.shape[1] - 1],
                *(np.array(draw_places(30)) % values.shape[0]).tolist(),
            ]
            middles = [[location * stride - padding + size // 2 for location in each] for each in locations]
            reported = page.evaluate(MIDDLES, [name, middles, [224, 224]])
            for (row, col), each in zip(locations, reported, strict=True):
                assert each["at"] == [row, col]
                assert each["values"][-1] == pytest.approx(values[row, col], abs=1e-6)
                top, left = row * stride - padding, col * stride - padding
                assert each["frame"] == pytest.approx([top, left, size, size], abs=1e-3)
                assert each["cells"] == size * size
            assert box.get_by_role("application").get_attribute("data-row") is not None
        assert numbers_of(page.get_by_role("group", name="Maps of layer 1")) == [1, 2, 3]
        assert (
            page.get_by_role("group", name="Maps of layer 1").get_by_role("button", name="Show").count() == 0
        )
        assert page.get_by_role("button", name="Show all 12").count() == 1


def test_products_of_a_larger_window_keep_to_a_line_on_a_phone(browser: Browser, windows: Path) -> None:
    with reading(browser, windows / "report.html", PHONE) as page:
        cells = explorer(page, "convolution").locator(".cell")
        heights = cells.evaluate_all("cells => cells.map((cell) => cell.clientHeight / cell.clientWidth)")
        assert len(heights) == 3 * 25
        assert max(heights) < 1  # two lines are higher than wide
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_window_is_moved_by_the_arrow_keys(page: Page, build: Path) -> None:
    box = explorer(page, "convolution")
    box.get_by_role("combobox", name="Image").select_option(index=0)
    page.evaluate(PLACES, ["convolution", [[100, 100]]])
    box.get_by_role("application").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    value = arrays_of(build, "convolution")["map_0"][101, 92]
    assert float(box.locator(".sum").get_attribute("value") or "nan") == pytest.approx(value, abs=1e-6)
    expect(page.locator(".off[role=status]")).to_contain_text("Row 101, column 92: sum")
    for _ in range(12):
        page.keyboard.press("Shift+ArrowLeft")
    expect(box.get_by_role("application")).to_have_attribute("data-col", "0")


@pytest.mark.long
def test_the_same_of_the_first_layer_with_its_relu(page: Page, build: Path) -> None:
    maps, box = arrays_of(build, "conv_stack")["maps_1_1"], explorer(page, "stack")
    box.get_by_role("combobox", name="Image").select_option(index=1)
    for k in range(maps.shape[2]):
        box.get_by_role("combobox", name="Filter").select_option(index=k)
        locations = draw_places(10)
        for (row, col), reported in zip(locations, page.evaluate(PLACES, ["stack", locations]), strict=True):
            total, output = reported["values"]
            assert output == pytest.approx(maps[row, col, k], abs=1e-6)
            assert output == max(total, 0)
    # Of a map that is silent there is nothing to see, and negative sums are told.
    assert maps.min() == 0


def numbers_of(gallery: Locator) -> list[int]:
    return [int(text) for text in gallery.locator("li:visible b").all_inner_texts()]


@pytest.mark.long
@pytest.mark.parametrize(("order", "measure"), [("maximum", np.max), ("mean", np.mean)])
def test_maps_are_sorted_by_what_the_arrays_say(page: Page, build: Path, order: str, measure: Any) -> None:
    box, arrays = explorer(page, "stack"), arrays_of(build, "conv_stack")
    box.get_by_role("combobox", name="Image").select_option(index=0)
    box.get_by_role("combobox", name="Order").select_option(label=order)
    for n in (1, 2):
        gallery = box.get_by_role("group", name=f"Maps of layer {n}")
        displayed = arrays[f"maps_{n}_0"].shape[2]
        expect(gallery.locator("li[data-filled]:visible")).to_have_count(displayed, timeout=60_000)
        page.wait_for_function("() => new Promise((done) => setTimeout(() => done(true)))")
        values = measure(arrays[f"maps_{n}_0"].astype(float), axis=(0, 1))
        sorted_values = values[np.array(numbers_of(gallery)) - 1]
        assert np.all(np.diff(sorted_values) <= 1e-6)
        assert sorted(numbers_of(gallery)) == list(range(1, displayed + 1))


def test_maps_that_move_keep_the_focus(page: Page) -> None:
    """As they do when they have been computed, while somebody has already come there by the Tab key."""
    box = explorer(page, "stack")
    gallery = box.get_by_role("group", name="Maps of layer 1")
    before = numbers_of(gallery)
    gallery.locator("li:visible button.tile").nth(2).focus()
    box.get_by_role("combobox", name="Order").evaluate(
        "select => { select.selectedIndex = 1; select.dispatchEvent(new Event('input')); }"
    )
    assert numbers_of(gallery) != before
    assert page.evaluate("document.activeElement.querySelector('b')?.textContent") == str(before[2])


def test_all_maps_of_a_layer_are_behind_a_button(page: Page) -> None:
    gallery = explorer(page, "stack").get_by_role("group", name="Maps of layer 1")
    button = gallery.get_by_role("button", name="Show all 32")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(gallery.locator("li:visible")).to_have_count(32)
    gallery.get_by_role("button", name="only").click()
    expect(gallery.locator("li:visible")).to_have_count(10)


def test_the_strongest_channels_at_a_place(page: Page, build: Path, results: Any) -> None:
    arrays, box = arrays_of(build, "neurons"), explorer(page, "neurons")
    for i, label in enumerate(CLASSES):
        box.get_by_role("combobox", name="Image").select_option(index=i)
        layer = arrays[f"activations_{i}"]
        neuron = results["neurons"]["top"][label][0]
        row, col, channel = neuron["position"]
        surface = box.get_by_role("application")
        area = surface.bounding_box()
        assert area is not None
        surface.hover(
            position={"x": area["width"] * (col + 0.5) / 14, "y": area["height"] * (row + 0.5) / 14}
        )
        reported = box.locator("ol.strongest button")
        channels = [int(name.split()[1]) for name in reported.locator(".name").all_inner_texts()]
        values = [float(value) for value in reported.locator(".value").all_inner_texts()]
        assert channels[0] == channel
        # Half a level of 255, and the last digit that is printed.
        largest = float(layer.max())
        slack = largest / 255 / 2 + (0.51 if largest >= 100 else 0.006)
        expected = np.sort(layer[row, col])[::-1][: len(values)]
        assert values == pytest.approx(expected.tolist(), abs=slack)
        frame = box.locator(".frame.field").evaluate(
            """({ offsetTop, offsetHeight, offsetLeft, offsetWidth }) =>
              [offsetTop, offsetTop + offsetHeight, offsetLeft, offsetLeft + offsetWidth]"""
        )
        box_of = [*neuron["field"]["rows"], *neuron["field"]["cols"]]
        assert [location * 224 / area["width"] for location in frame] == pytest.approx(box_of, abs=1)


ROW_SPANS = [[0, 31], [9, 70], [50, 111], [50, 140], [133, 200], [190, 224], [0, 0]]
COLUMN_SPANS = [[0, 90], [3, 111], [64, 170], [100, 224], [180, 224]]


def address_of(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def other_layer(build: Path, tmp_path: Path) -> Path:
    """The report with a layer of 7 x 5 positions and 4 channels in the explorer, whose fields are listed.

    Channel (row + column) % 4 is the strongest at a place; the images are black.
    """
    soup = BeautifulSoup((build / "report.html").read_text(encoding="utf-8"), "lxml")
    box = soup.select_one('[data-explorer="neurons"]')
    assert box is not None
    box["data-shape"] = "7 5 4"
    box["data-geometry"] = json.dumps(
        {"size": 60, "stride": 32, "padding": 0, "row_spans": ROW_SPANS, "column_spans": COLUMN_SPANS}
    )
    levels = np.full((7, 5, 4), 10, np.uint8)
    for row, col in np.ndindex(7, 5):
        levels[row, col, (row + col) % 4] = 255
    for carrier in box.select("[data-label]"):
        carrier["data-activations"] = address_of(Image.fromarray(levels.reshape(35, 4)))
        carrier["data-largest"] = "," + base64.b64encode(np.float32(5.1).tobytes()).decode()
        carrier["data-image"] = address_of(Image.new("RGB", (224, 224)))
    file = tmp_path / "report.html"
    file.write_text(str(soup), encoding="utf-8")
    return file


def test_a_layer_of_another_shape_has_its_own_grid_and_the_fields_that_are_listed(
    browser: Browser, other_layer: Path
) -> None:
    with reading(browser, other_layer) as page:
        box = explorer(page, "neurons")
        surface = box.get_by_role("application")
        found = surface.bounding_box()
        assert found is not None
        area: dict[str, float] = {"width": found["width"], "height": found["height"]}
        for row, col in [(row, row % 5) for row in range(7)]:
            x, y = area["width"] * (col + 0.5) / 5, area["height"] * (row + 0.5) / 7
            surface.hover(position={"x": x, "y": y})
            expect(box.locator(".strongest .name").first).to_have_text(f"channel {(row + col) % 4}")
            said = box.locator(".pane > p.quiet").first
            if row == 6:
                expect(said).to_have_text(f"Row {row}, column {col}; it sees no pixel")
                continue
            (top, bottom), (left, right) = ROW_SPANS[row], COLUMN_SPANS[col]
            expect(said).to_have_text(
                f"Row {row}, column {col}; it sees rows {top} to {bottom - 1}, columns {left} to {right - 1}"
            )
            frame = box.locator(".frame.field").evaluate(
                "({ style }) => [style.top, style.height, style.left, style.width].map(parseFloat)"
            )
            drawn = [2.24 * share for share in frame]
            assert drawn == pytest.approx([top, bottom - top, left, right - left], abs=0.01)
        # Nothing but the grid, on black: how many lines, and where they are.
        box.locator(".frame, .cell-mark").evaluate_all("marks => marks.forEach((mark) => mark.remove())")
        seen = np.asarray(Image.open(io.BytesIO(surface.screenshot())).convert("L")).astype(int)
        for axis, side, count in ((1, "height", 7), (0, "width", 5)):
            # Of two neighbours that share a line the first; the last pixel is the page's, in part.
            light = np.flatnonzero(np.median(seen, axis=axis)[:-1] > 20)
            starts = light[np.diff(light, prepend=-2) > 1]
            expected = area[side] / count * np.arange(count)
            assert starts.tolist() == pytest.approx(expected.tolist(), abs=1.01)


def test_a_channel_is_shown_over_all_example_images(page: Page, build: Path) -> None:
    arrays, box = arrays_of(build, "neurons"), explorer(page, "neurons")
    layers = [arrays[f"activations_{i}"] for i in range(len(CLASSES))]
    channel = int(np.argmax(layers[1].max(axis=(0, 1))))
    box.get_by_role("spinbutton", name="Channel").fill(str(channel))
    displayed = box.locator(".side-by-side .pane")
    assert displayed.count() == len(CLASSES)
    for i, layer in enumerate(layers):
        own = float(layer[..., channel].max())
        said = displayed.nth(i).locator(".quiet").inner_text()
        assert (said == "silent") or float(said.split()[1]) == pytest.approx(
            own, abs=float(layer.max()) / 255 + 0.5
        )
        pixels = (
            displayed.nth(i)
            .locator("canvas")
            .evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 14, 14).data]")
        )
        lightness = np.array(pixels).reshape(14, 14, 4)[..., :3].sum(axis=2)
        # On one scale: what is brightest in a map is what the array says, and lightness rises with value.
        assert np.corrcoef(lightness.ravel(), layer[..., channel].ravel())[0, 1] > 0.9 or own == 0


def test_a_cell_of_the_confusion_matrix_opens_its_images(page: Page, build: Path, results: Any) -> None:
    probabilities = arrays_of(build, "transfer")["probabilities_test"]
    tests = [image for image in results["dataset"]["images"] if image["split"] == "test"]
    names, matrix = results["transfer"]["classes"], results["transfer"]["confusion"]["test"]
    plate = page.locator("#figure-confusion .plate")
    surface, opened = plate.get_by_role("application"), page.locator('[data-explorer="confusion"]')
    surface.scroll_into_view_if_needed()
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            area = surface.bounding_box()
            assert area is not None
            side = area["width"] / len(names), area["height"] / len(names)
            surface.click(position={"x": side[0] * (j + 0.5), "y": side[1] * (i + 0.5)})
            within = [
                n
                for n, image in enumerate(tests)
                if (image["label"], int(probabilities[n].argmax())) == (names[i], j)
            ]
            assert len(within) == count
            expect(opened.locator(".image")).to_have_count(min(count, 12))
            for n, displayed in zip(within, opened.locator(".image").all(), strict=False):
                expect(displayed.locator(".file")).to_have_text(tests[n]["file"].rsplit("/", 1)[-1])
                best = displayed.locator(".chance").first.inner_text().rsplit(" ", 1)
                assert float(best[1]) == pytest.approx(probabilities[n].max(), abs=0.0006)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(opened.locator(".head b")).to_contain_text(names[-2])


def test_a_point_of_the_map_shows_its_image(page: Page, build: Path, results: Any) -> None:
    locations = arrays_of(build, "errors")["map"]
    tests = [image["file"] for image in results["dataset"]["images"] if image["split"] == "test"]
    surface = page.locator("#figure-map .plate").get_by_role("application")
    surface.scroll_into_view_if_needed()
    surface.focus()
    card, marks = page.locator('[data-explorer="map"] .card'), []
    page.keyboard.press("ArrowLeft")
    for file in tests:
        expect(card.locator(".file")).to_have_text(file.rsplit("/", 1)[-1])
        location = "({ style }) => [style.left, style.top].map(parseFloat)"
        marks.append(page.locator(".point-mark").evaluate(location))
        page.keyboard.press("ArrowRight")
    # Stretched and shifted, to the right and upwards, as axes are.
    for axis, sign in ((0, 1), (1, -1)):
        ours, drawn = locations[:, axis], np.array(marks)[:, axis]
        slope, start = np.polyfit(ours, drawn, 1)
        assert slope * sign > 0
        assert np.abs(slope * ours + start - drawn).max() < 0.3
    # The pointer finds the point that is nearest.
    area = surface.bounding_box()
    assert area is not None
    x, y = marks[-1]
    surface.hover(position={"x": area["width"] * x / 100, "y": area["height"] * y / 100})
    near = {n for n, (left, top) in enumerate(marks) if abs(left - x) < 1 and abs(top - y) < 1}
    assert int(surface.get_attribute("data-at") or -1) in near


def test_frame_patch_row_and_gradient_light_up_together(page: Page, results: Any) -> None:
    label = CLASSES[0]
    top = results["neurons"]["top"][label]
    rows = results["guided_backprop"]["rows"][label]
    displayed = [
        n for n, neuron in enumerate(top) if any(row["position"] == neuron["position"] for row in rows)
    ]
    assert displayed
    frames = page.locator("#figure-neuron_input_0").get_by_role("application")
    patches = page.locator("#figure-patches_0 .tile")
    for n in displayed:
        # Whatever lies over the picture, as the button that enlarges it: to the reader this is the patch.
        patches.nth(n).locator("img").hover(force=True)
        expect(patches.nth(n)).to_have_class("tile lit")
        lit = page.locator("tr.neuron.lit")
        expect(lit).to_have_attribute("data-neuron", " ".join(map(str, top[n]["position"])))
        frame, plate = frames.locator(".cell-mark:visible"), frames.bounding_box()
        placed = frame.bounding_box()
        assert placed is not None
        assert plate is not None
        assert (placed["y"] - plate["y"]) * 224 / plate["height"] == pytest.approx(
            top[n]["patch"]["rows"][0], abs=1
        )
        card = page.locator('.linked[data-of="0"] .card')
        expect(card).to_contain_text("({}, {}, {})".format(*top[n]["position"]))
        assert card.locator("img").get_attribute("src") == lit.locator(".gradient img").get_attribute("src")
    # And from the row back.
    row = page.locator("tr.neuron[data-neuron]").first
    row.scroll_into_view_if_needed()
    row.hover()
    expect(row).to_have_class("neuron lit")


SHIFTS = """window.shifted = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""

STOPS = """[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  .filter((node) => !node.disabled && node.getClientRects().length)"""

SMALL = """nodes => nodes.map((node) => [node.className, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([name]) => name)"""


# The first and the last are always tried: a phone, and 820, where the page once jumped.
@pytest.mark.parametrize("width", [360, 390, 1366, 1920, 820])
def test_nothing_jumps_and_few_stops_lead_through_the_page(browser: Browser, build: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto((build / "report.html").as_uri())
    page.wait_for_function("!document.documentElement.classList.contains('unset')")
    explorer(page, "stack")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifted") <= 0.05
    stops = page.evaluate(f"{STOPS}.filter((node) => node.tabIndex >= 0).length")
    assert 20 < stops <= 60
    assert page.locator("button, select, input, .surface").evaluate_all(SMALL) == []
    context.close()


MANY = 12


@pytest.fixture(scope="module")
def many_classes(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report with twelve classes in the two sections that have controls for each: the first, copied."""
    soup = BeautifulSoup((build / "report.html").read_text(encoding="utf-8"), "lxml")
    for section in soup.select("#neurons, #guided-backprop"):
        articles = section.select("article.class")
        for k in range(len(articles), MANY):
            copied = str(articles[0])
            for name in ("neuron_input", "patches", "guided_input", "guided", "neurons"):
                copied = copied.replace(f'-{name}_0"', f'-{name}_{k}"')
            copied = copied.replace('data-of="0"', f'data-of="{k}"')
            section.append(BeautifulSoup(copied, "html.parser"))
    file = tmp_path_factory.mktemp("many") / "report.html"
    file.write_text(str(soup), encoding="utf-8")
    return file


@pytest.mark.long
def test_many_classes_have_no_more_stops_and_all_are_reached(
    browser: Browser, many_classes: Path, results: Any
) -> None:
    with reading(browser, many_classes) as page:
        assert page.locator("fieldset.over").count() == MANY
        stops = page.evaluate(f"{STOPS}.filter((node) => node.tabIndex >= 0).length")
        assert 20 < stops <= 60
        frames = page.locator("#neurons article").get_by_role("application")
        assert frames.count() == MANY
        # From neuron to neuron and from class to class; who comes by keyboard sees the first at once.
        page.keyboard.press("Tab")
        frames.first.focus()
        for k in range(MANY):
            linked = page.locator("#neurons .linked").nth(k)
            for n in range(len(results["neurons"]["top"][CLASSES[k if k < len(CLASSES) else 0]])):
                expect(linked).to_contain_text(f"Neuron {n + 1},")
                assert frames.nth(k).evaluate("node => node === document.activeElement")
                page.keyboard.press("ArrowRight")
        assert frames.last.evaluate("node => node === document.activeElement")
        page.keyboard.press("Home")
        assert frames.first.evaluate("node => node === document.activeElement && node.tabIndex === 0")
        # From the boxes of a class to those of the next, whose choice and slider are then the stops.
        sets = page.locator("fieldset.over")
        sets.first.get_by_role("checkbox").first.focus()
        for k in range(MANY):
            own = sets.nth(k)
            assert own.evaluate("node => node.contains(document.activeElement)")
            controls = own.locator("select, input[type=range], input:focus")
            assert controls.count() == 3
            assert controls.evaluate_all("nodes => nodes.every((node) => node.tabIndex === 0)")
            assert page.locator("fieldset.over").locator("[tabindex='0']").count() == 3
            for _ in range(own.locator("input[type=checkbox]:enabled").count()):
                page.keyboard.press("ArrowDown")
        # A box that is switched off is no stop, and its neighbour is.
        own, rows = sets.last, page.locator("#guided-backprop article").last.locator("tr.neuron")
        unmeasured = rows.evaluate_all("rows => rows.findIndex((row) => !row.dataset.patch)")
        field, patch = own.get_by_role("checkbox").all()
        patch.focus()
        own.get_by_role("combobox").select_option(index=unmeasured)
        expect(patch).to_be_disabled()
        assert [field.get_attribute("tabindex"), patch.get_attribute("tabindex")] == ["0", "-1"]


@pytest.mark.long
def test_a_neurons_output_is_told_as_it_is_printed(page: Page, results: Any) -> None:
    for k, label in enumerate(CLASSES):
        frames = page.locator(f"#figure-neuron_input_{k}").get_by_role("application")
        page.keyboard.press("Tab")
        frames.focus()
        for n, neuron in enumerate(results["neurons"]["top"][label]):
            # After the three numbers of its position.
            printed = page.locator(f"#figure-patches_{k} .tile").nth(n).locator(".n").nth(3).inner_text()
            assert float(printed) == pytest.approx(neuron["value"], rel=0.01)
            expect(page.locator(f'.linked[data-of="{k}"] .card')).to_contain_text(f"output {printed}.")
            page.keyboard.press("ArrowRight")


@pytest.mark.long
def test_the_arrow_keys_lead_from_number_to_number(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html", WIDE) as page:
        numbers = page.locator("#transfer a, #transfer .enlarge").filter(visible=True)
        numbers.first.focus()
        for at in range(1, 6):
            page.keyboard.press("ArrowRight")
            assert numbers.nth(at).evaluate("node => node === document.activeElement && node.tabIndex === 0")
        page.keyboard.press("End")
        assert numbers.last.evaluate("node => node === document.activeElement")
        assert page.locator("#transfer a[tabindex='0'], #transfer .enlarge[tabindex='0']").count() == 1
