"""The page follows the report by itself, in a real browser."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from watch_scene import PATIENCE, Scene, watching

from reportgen.outline.kind import find_kind

MILLISECONDS = PATIENCE * 1000
UNWRITTEN = "Still empty in your settings: authors and [commentary]."
"""Of the scene's settings, which have a group and nothing else."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which any error of the script or of the policy fails the test."""
    page = browser.new_page()
    page.set_default_timeout(MILLISECONDS)
    expect.set_options(timeout=MILLISECONDS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    page.close()
    # A report that is not there yet, and a server that is away, are meant to be.
    expected = re.compile(r"Failed to load resource: .*(404|ERR_\w+)")
    assert [text for text in complaints if not expected.match(text)] == []


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def report(page: Page) -> FrameLocator:
    return page.frame_locator("#report")


def expect_report(page: Page, text: str) -> None:
    expect(report(page).locator("#seen")).to_have_text(text)


@pytest.mark.long
def test_the_page_follows_a_changed_image(page: Page, scene: Scene) -> None:
    with watching(scene) as server:
        page.goto(server.url)
        expect_report(page, "one: cat<h1>")
        page.evaluate("window.untouched = true")
        scene.image.write_text("dog")
        expect_report(page, "one: dog<h1>")
        expect(page).to_have_title("one: dog<h1>")
        # Only the report was loaded again, and not by a reload of the page.
        assert page.evaluate("window.untouched") is True


def test_the_reader_stays_where_they_are(page: Page, scene: Scene) -> None:
    with watching(scene) as server:
        page.goto(server.url)
        expect_report(page, "one: cat<h1>")
        page.wait_for_function("document.getElementById('report').contentDocument.readyState === 'complete'")
        report(page).locator("body").evaluate("window.scrollTo(0, 1234)")
        for animal in ("dog", "cow"):
            scene.image.write_text(animal)
            expect_report(page, f"one: {animal}<h1>")
            page.wait_for_function("document.getElementById('report').contentWindow.scrollY === 1234")


def test_an_error_is_shown_below_the_last_report_until_it_is_mended(page: Page, scene: Scene) -> None:
    alert, status = page.get_by_role("alert"), page.locator("[role=status]")
    with watching(scene) as server:
        page.goto(server.url)
        expect_report(page, "one: cat<h1>")
        expect(alert).to_have_text("")
        expect(page.locator("#error")).to_be_hidden()
        scene.settings.write_text('grupo = "<img src=x onerror=alert(1)>"\n')
        expect(alert).to_contain_text("unknown key 'grupo'")
        expect(alert).to_contain_text(re.compile(r"→ Correct \S*report\.toml"))
        expect(page.locator("#error")).to_be_visible()
        expect(status).to_have_text("")
        expect_report(page, "one: cat<h1>")
        scene.settings.write_text('group = "two"\n')
        expect_report(page, "two: cat<h1>")
        expect(page.locator("#error")).to_be_hidden()


def test_what_is_still_to_be_written_is_below_the_report(page: Page, scene: Scene) -> None:
    status = page.locator("[role=status]")
    with watching(scene) as server:
        page.goto(server.url)
        expect(status).to_have_text(UNWRITTEN)
        author = '[[authors]]\nname = "Ann Example"\nroll_number = "1"\n'
        scene.settings.write_text(f'{author}[commentary]\ntransfer = "Well."\n')
        expect(status).to_contain_text(
            "Still empty in your settings: [commentary] (introduction, convolution"
        )
        expect(status).not_to_contain_text("transfer")
        slots = find_kind().slots
        scene.settings.write_text(
            author + "[commentary]\n" + "".join(f'{each} = "Well."\n' for each in slots)
        )
        expect(status).to_have_text("")


def test_an_error_is_text_and_nothing_else(page: Page, scene: Scene) -> None:
    evil = "<b id=evil>bold</b>"
    scene.settings.write_text(f'seed = "{evil}"\n')
    with watching(scene) as server:
        page.goto(server.url)
        expect(page.get_by_role("alert")).to_contain_text(evil)
        assert page.locator("#evil").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_error_can_be_read_by_day_and_by_night(browser: Browser, scene: Scene, scheme: str) -> None:
    scene.settings.write_text("grupo = 1\n")
    with (
        watching(scene) as server,
        contextlib.closing(browser.new_page(color_scheme=scheme)) as page,  # type: ignore[arg-type]
    ):
        page.goto(server.url)
        alert = page.locator("#error")
        expect(alert).to_contain_text("grupo", timeout=MILLISECONDS)
        ink, paper = (
            relative_luminance(alert.evaluate(f"element => getComputedStyle(element).{name}"))
            for name in ("color", "backgroundColor")
        )
        assert (paper > 0.5) == (scheme == "light")
        # WCAG 2.2, level AAA
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 7


def relative_luminance(colour: str) -> float:
    """As WCAG 2.2 defines it, for ``rgb(r, g, b)``."""
    values = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_page_waits_for_the_first_report_and_names_the_stage(page: Page, scene: Scene) -> None:
    go_on = threading.Event()

    def hold() -> None:
        assert go_on.wait(PATIENCE)

    scene.during = hold
    with watching(scene) as server:
        page.goto(server.url)
        expect(page.locator("[role=status]")).to_have_text("Building… Looking at the cat")
        expect(report(page).locator("h1")).to_have_text("No report yet")
        go_on.set()
        expect_report(page, "one: cat<h1>")
        expect(page.locator("#status")).to_have_text(UNWRITTEN)


def test_the_page_finds_back_to_a_server_that_was_away(page: Page, scene: Scene) -> None:
    with watching(scene) as server:
        port = int(server.url.split(":")[2].strip("/"))
        page.goto(server.url)
        expect_report(page, "one: cat<h1>")
    expect(page.locator("[role=status]")).to_contain_text("Not connected")
    expect_report(page, "one: cat<h1>")
    scene.image.write_text("changed meanwhile")
    with watching(scene, port):
        expect_report(page, "one: changed meanwhile<h1>")
        expect(page.locator("#status")).to_have_text(UNWRITTEN)
